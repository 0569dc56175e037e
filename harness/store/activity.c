/* SPDX-License-Identifier: MIT */
/* activity: what devices did for a result: its sums as rows, all of it as an attachment of the result. */
#include <stdio.h>

#include "harness/base/attr.h"
#include "harness/gpu_trace.h"
#include "harness/store/sql.h"

static enum assay_code add_sum(struct assay_store *store, int64_t result,
			       const struct assay_gpu_sum *sum, struct assay_err *err)
{
	STORE_QUERY *insert = store_query(
		store,
		"INSERT INTO gpu_activity (result, kind, name, device, stream, count, total_ns,"
		" max_ns, bytes, attributes) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
		err);
	char attributes[80];
	if (!insert)
		return ASSAY_ESTORE;
	struct store_binder b = {insert};
	store_bind_int(&b, result);
	store_bind_text(&b, assay_gpu_kind_name(sum->kind));
	store_bind_text(&b, sum->name);
	store_bind_int(&b, sum->device);
	if (sum->stream == ASSAY_GPU_NO_STREAM)
		store_bind_null(&b);
	else
		store_bind_int(&b, sum->stream);
	store_bind_int(&b, (int64_t)sum->count);
	store_bind_int(&b, (int64_t)sum->total_ns);
	store_bind_int(&b, (int64_t)sum->max_ns);
	store_bind_int(&b, (int64_t)sum->bytes);
	if (sum->kind == ASSAY_GPU_KERNEL) {
		snprintf(attributes, sizeof(attributes), "{\"registers\":%u,\"shared_bytes\":%u}",
			 sum->registers, sum->shared_bytes);
		store_bind_text(&b, attributes);
	} else {
		store_bind_null(&b);
	}
	if (b.rc != SQLITE_OK)
		return store_failed(store, b.rc, "write", err);
	return store_run_once(store, insert, "write", err);
}

enum assay_code store_add_activities(struct assay_store *store, int64_t run, int64_t result,
				     const struct assay_result *r, struct assay_err *err)
{
	ASSAY_AUTO_FREE char *bytes = NULL;
	struct assay_attachment attachment = {.kind = ASSAY_GPU_TRACE_KIND, .name = r->name};
	enum assay_code code = ASSAY_OK;
	if (!r->trace)
		return ASSAY_OK;
	for (size_t i = 0; i < r->trace->n_sums && code == ASSAY_OK; i++)
		code = add_sum(store, result, &r->trace->sums[i], err);
	if (code == ASSAY_OK)
		code = assay_gpu_trace_encode(r->trace, &bytes, &attachment.size, err);
	attachment.bytes = bytes;
	return code == ASSAY_OK ? store_attach(store, run, result, &attachment, err) : code;
}
