/* SPDX-License-Identifier: MIT */
/* profile_store: profiles as attachments of a run of their own, and back. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/profile.h"
#include "cli/run_record.h"
#include "cli/stored.h"
#include "harness/base/parse.h"
#include "harness/base/str.h"

static enum assay_code attach(struct assay_store *store, int64_t run,
			      const struct assay_stacks *stacks, struct assay_err *err)
{
	ASSAY_AUTO_FREE char *bytes = NULL;
	struct assay_attachment attachment = {.kind = ASSAY_STACKS_KIND,
					      .name = stacks->facts.title};
	enum assay_code rc = assay_stacks_encode(stacks, &bytes, &attachment.size, err);
	attachment.bytes = bytes;
	return rc == ASSAY_OK ? assay_store_attach(store, run, &attachment, err) : rc;
}

static enum assay_code attach_gpu(struct assay_store *store, int64_t run, const char *title,
				  const struct assay_gpu_trace *trace, struct assay_err *err)
{
	ASSAY_AUTO_FREE char *bytes = NULL;
	struct assay_attachment attachment = {.kind = ASSAY_GPU_TRACE_KIND, .name = title};
	enum assay_code rc = assay_gpu_trace_encode(trace, &bytes, &attachment.size, err);
	attachment.bytes = bytes;
	return rc == ASSAY_OK ? assay_store_attach(store, run, &attachment, err) : rc;
}

static enum assay_code begin(const struct cli *cli, struct assay_store *store, const char *sandbox,
			     int64_t *ret_run, struct assay_err *err)
{
	/* Nothing was timed, so nobody listened for noise. */
	const struct assay_noise noise = {.grade = '?'};
	struct assay_environment environment = {0};
	struct assay_topology *topology = NULL;
	enum assay_code rc = assay_topology_load(NULL, &topology, err);
	if (rc == ASSAY_OK)
		rc = assay_environment_read(&environment, err);
	if (rc == ASSAY_OK && sandbox)
		rc = assay_environment_state(&environment, "process.sandbox", sandbox, err);
	const struct run_record record = {
		.cli = cli,
		.topology = topology,
		.noise = &noise,
		.environment = &environment,
		.profile = "profile",
		.plan = "{}",
	};
	if (rc == ASSAY_OK)
		rc = run_record_begin(&record, store, ret_run, err);
	assay_environment_done(&environment);
	assay_topology_free(topology);
	return rc;
}

enum assay_code profile_store(const struct cli *cli, const struct profile_list *list,
			      const char *sandbox, int64_t *ret_run, struct assay_err *err)
{
	struct assay_store *store = NULL;
	enum assay_code rc = assay_store_open(cli->db, ASSAY_STORE_WRITE, &store, err);
	if (rc == ASSAY_OK)
		rc = begin(cli, store, sandbox, ret_run, err);
	for (size_t i = 0; rc == ASSAY_OK && i < list->n; i++) {
		rc = attach(store, *ret_run, list->stacks[i], err);
		if (rc == ASSAY_OK && list->figures[i].gpu.head.end_ns)
			rc = attach_gpu(store, *ret_run, list->stacks[i]->facts.title,
					&list->figures[i].gpu, err);
	}
	if (rc == ASSAY_OK)
		rc = assay_store_finish_run(store, *ret_run, ASSAY_RUN_COMPLETE, err);
	assay_store_close(store);
	return rc;
}

/* Traces belong to the profiles of the same title. */
static enum assay_code decode_gpu(struct assay_store *store, int64_t run, struct profile_list *ret,
				  struct assay_err *err)
{
	struct assay_attachment_list list;
	enum assay_code rc = assay_store_attachments(store, run, ASSAY_GPU_TRACE_KIND, &list, err);
	for (size_t i = 0; rc == ASSAY_OK && i < list.n; i++) {
		size_t at = 0;
		while (at < ret->n &&
		       strcmp(ret->stacks[at]->facts.title, list.attachments[i].name) != 0)
			at++;
		if (at < ret->n && !ret->figures[at].gpu.head.end_ns)
			rc = assay_gpu_trace_decode(list.attachments[i].bytes,
						    list.attachments[i].size, &ret->figures[at].gpu,
						    err);
	}
	assay_attachment_list_done(&list);
	return rc;
}

static enum assay_code decode_all(struct assay_store *store, int64_t run, struct profile_list *ret,
				  struct assay_err *err)
{
	struct assay_attachment_list list;
	enum assay_code rc = assay_store_attachments(store, run, ASSAY_STACKS_KIND, &list, err);
	if (rc != ASSAY_OK)
		return rc;
	for (size_t i = 0; rc == ASSAY_OK && i < list.n; i++) {
		struct assay_stacks *stacks;
		rc = assay_stacks_decode(list.attachments[i].bytes, list.attachments[i].size,
					 &stacks, err);
		if (rc == ASSAY_OK)
			rc = profile_list_add(ret, stacks, err);
		if (rc == ASSAY_OK)
			rc = profile_judge_last(NULL, ret, err);
	}
	assay_attachment_list_done(&list);
	return rc == ASSAY_OK ? decode_gpu(store, run, ret, err) : rc;
}

static struct profile_origin origin_of(const struct assay_run_info *run)
{
	return (struct profile_origin){run->id, stored_sandboxed(run)};
}

/* "@last" and "@last~N" count runs that have profiles, and no others. */
static enum assay_code load_last(const struct stored *stored, uint64_t back,
				 struct profile_list *ret, struct profile_origin *ret_origin,
				 struct assay_err *err)
{
	for (size_t i = 0; i < stored->runs.n; i++) {
		*ret_origin = origin_of(&stored->runs.runs[i]);
		enum assay_code rc = decode_all(stored->store, ret_origin->run, ret, err);
		if (rc != ASSAY_OK)
			return rc;
		if (ret->n && back-- == 0)
			return ASSAY_OK;
		profile_list_done(ret);
	}
	return assay_fail(err, ASSAY_EUSAGE,
			  "there is no such stored profile; 'assay profile' makes one");
}

enum assay_code profile_load(const struct cli *cli, const char *reference, struct profile_list *ret,
			     struct profile_origin *ret_origin, struct assay_err *err)
{
	struct stored stored = {0};
	uint64_t back = 0;
	bool last = strncmp(reference, "@last", 5) == 0;
	if (last && reference[5] &&
	    (reference[5] != '~' ||
	     assay_parse_u64(reference + 6, 0, INT32_MAX, &back, err) != ASSAY_OK))
		return assay_fail(err, ASSAY_EUSAGE, "'%s' is no reference: write @last or @last~1",
				  reference);
	enum assay_code rc = stored_open(cli, last ? "" : reference, &stored, err);
	if (rc == ASSAY_OK && last) {
		rc = load_last(&stored, back, ret, ret_origin, err);
	} else if (rc == ASSAY_OK) {
		*ret_origin = origin_of(&stored.runs.runs[0]);
		rc = decode_all(stored.store, ret_origin->run, ret, err);
		if (rc == ASSAY_OK && !ret->n)
			rc = assay_fail(err, ASSAY_EUSAGE, "run %" PRId64 " holds no profile",
					ret_origin->run);
	}
	stored_done(&stored);
	return rc;
}
