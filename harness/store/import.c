/* SPDX-License-Identifier: MIT */
/* import: a whole run that was made elsewhere, all of it or nothing. */
#include <string.h>

#include "harness/store/sql.h"

static enum assay_code find(struct assay_store *store, const uint8_t uuid[16], bool *ret,
			    struct assay_err *err)
{
	STORE_QUERY *select = store_query(store, "SELECT 1 FROM run WHERE uuid = ?", err);
	if (!select)
		return ASSAY_ESTORE;
	struct store_binder b = {select};
	store_bind_blob(&b, uuid, 16);
	return store_step(store, select, ret, "read", err);
}

static enum assay_code close_run(struct assay_store *store, int64_t run,
				 const struct assay_run_info *info, struct assay_err *err)
{
	STORE_QUERY *update = store_query(
		store, "UPDATE run SET status = ?, finished_ns = ?, owner = NULL WHERE id = ?",
		err);
	if (!update)
		return ASSAY_ESTORE;
	struct store_binder b = {update};
	store_bind_text(&b, assay_run_status_name(info->status));
	store_bind_int(&b, (int64_t)info->finished_ns);
	store_bind_int(&b, run);
	return store_run_once(store, update, "write", err);
}

static enum assay_code inside(struct assay_store *store, const struct assay_import *import,
			      int64_t *ret_run, struct assay_err *err)
{
	bool there = false;
	enum assay_code code = find(store, import->run->uuid, &there, err);
	*ret_run = 0;
	if (code != ASSAY_OK || there)
		return code;
	code = assay_store_begin_run(store, import->run, ret_run, err);
	for (size_t i = 0; i < import->n_results && code == ASSAY_OK; i++)
		code = assay_store_add_result(store, *ret_run, &import->results[i], err);
	for (size_t i = 0; i < import->n_attachments && code == ASSAY_OK; i++)
		code = assay_store_attach(store, *ret_run, &import->attachments[i], err);
	return code == ASSAY_OK ? close_run(store, *ret_run, import->run, err) : code;
}

enum assay_code assay_store_import(struct assay_store *store, const struct assay_import *import,
				   int64_t *ret_run, struct assay_err *err)
{
	enum assay_code code = store_writable(store, err);
	if (code == ASSAY_OK)
		code = store_begin(store, err);
	if (code != ASSAY_OK)
		return code;
	code = store_end(store, inside(store, import, ret_run, err), err);
	return code == ASSAY_OK ? assay_store_sync(store, err) : code;
}
