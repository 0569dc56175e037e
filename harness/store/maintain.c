/* SPDX-License-Identifier: MIT */
/* maintain: giving space back, copies, and the baseline. */
#include <inttypes.h>
#include <stdlib.h>

#include "harness/base/clock.h"
#include "harness/store/migrate.h"
#include "harness/store/run.h"
#include "harness/store/sql.h"

enum assay_code assay_store_backup(struct assay_store *store, const char *to, struct assay_err *err)
{
	return store_copy(store, to, false, err);
}

enum assay_code assay_store_set_baseline(struct assay_store *store, int64_t run,
					 struct assay_err *err)
{
	enum assay_code code = store_writable(store, err);
	if (code != ASSAY_OK)
		return code;
	STORE_QUERY *insert = store_query(
		store,
		"INSERT INTO baseline (name, machine, run, set_ns)"
		" SELECT 'base', machine, id, ?1 FROM run WHERE id = ?2"
		" ON CONFLICT DO UPDATE SET run = excluded.run, set_ns = excluded.set_ns",
		err);
	if (!insert)
		return ASSAY_ESTORE;
	struct store_binder b = {insert};
	store_bind_int(&b, (int64_t)assay_wall_ns());
	store_bind_int(&b, run);
	code = store_run_once(store, insert, "write", err);
	if (code == ASSAY_OK && sqlite3_changes(store->db) == 0)
		return assay_fail(err, ASSAY_EUSAGE, "run %" PRId64 " is not in '%s'", run,
				  store->path);
	return code == ASSAY_OK ? assay_store_sync(store, err) : code;
}

/* Old runs that may be touched: not a baseline, not being measured; for `whole` not tagged either. */
#define OLD_RUNS                                                 \
	"SELECT id, status, owner FROM run WHERE started_ns < ?" \
	" AND id NOT IN (SELECT run FROM baseline)"

struct sweep {
	struct assay_store *store;
	uint64_t runs, sample_sets;
};

static enum assay_code execute_for_run(struct sweep *sweep, const char *sql, int64_t run,
				       uint64_t *ret_changes, struct assay_err *err)
{
	STORE_QUERY *statement = store_query(sweep->store, sql, err);
	if (!statement)
		return ASSAY_ESTORE;
	struct store_binder b = {statement};
	store_bind_int(&b, run);
	enum assay_code code = store_run_once(sweep->store, statement, "clean", err);
	if (code == ASSAY_OK)
		*ret_changes += (uint64_t)sqlite3_changes(sweep->store->db);
	return code;
}

static enum assay_code drop_run(struct sweep *sweep, int64_t run, bool whole, struct assay_err *err)
{
	enum assay_code code = execute_for_run(
		sweep,
		"DELETE FROM sample_set WHERE result IN (SELECT id FROM result WHERE run = ?)", run,
		&sweep->sample_sets, err);
	if (code == ASSAY_OK && whole)
		code = execute_for_run(sweep, "DELETE FROM run WHERE id = ?", run, &sweep->runs,
				       err);
	return code;
}

static enum assay_code drop_older(struct sweep *sweep, uint64_t age_ns, bool whole,
				  struct assay_err *err)
{
	uint64_t now = assay_wall_ns();
	if (!age_ns || age_ns > now)
		return ASSAY_OK;
	STORE_QUERY *query =
		whole ? store_query(sweep->store,
				    OLD_RUNS " AND id NOT IN (SELECT run FROM run_tag) ORDER BY id",
				    err)
		      : store_query(sweep->store, OLD_RUNS " ORDER BY id", err);
	if (!query)
		return ASSAY_ESTORE;
	struct store_binder b = {query};
	store_bind_int(&b, (int64_t)(now - age_ns));
	for (;;) {
		bool row;
		enum assay_code code = store_step(sweep->store, query, &row, "read", err);
		if (code != ASSAY_OK || !row)
			return code;
		if (store_run_status(store_column_text(query, 1), store_column_text(query, 2)) ==
		    ASSAY_RUN_RUNNING)
			continue;
		code = drop_run(sweep, sqlite3_column_int64(query, 0), whole, err);
		if (code != ASSAY_OK)
			return code;
	}
}

enum assay_code assay_store_gc(struct assay_store *store, const struct assay_retention *policy,
			       uint64_t *ret_runs, uint64_t *ret_sample_sets, struct assay_err *err)
{
	struct sweep sweep = {.store = store};
	enum assay_code code = store_writable(store, err);
	if (code == ASSAY_OK)
		code = store_begin(store, err);
	if (code != ASSAY_OK)
		return code;
	code = drop_older(&sweep, policy->keep_samples_ns, false, err);
	if (code == ASSAY_OK)
		code = drop_older(&sweep, policy->keep_runs_ns, true, err);
	*ret_runs = sweep.runs;
	*ret_sample_sets = sweep.sample_sets;
	if (policy->dry_run && code == ASSAY_OK) {
		store_rollback(store); /* it was all counted by doing it */
		return ASSAY_OK;
	}
	code = store_end(store, code, err);
	store->run = 0; /* it may be gone */
	if (code == ASSAY_OK)
		code = store_script(store, "PRAGMA incremental_vacuum", "clean", err);
	return code == ASSAY_OK
		       ? store_script(store, "PRAGMA wal_checkpoint(TRUNCATE)", "clean", err)
		       : code;
}
