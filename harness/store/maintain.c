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

/*
 * Runs with something to drop: not a baseline. A run stays whole, whatever its age, that has a tag, at which a change
 * of level was confirmed, or whose commit an acknowledgement speaks of: those would lose what they refer to.
 */
#define OLD_RUNS                                                                                 \
	"SELECT id, status, owner, started_ns,"                                                  \
	" id IN (SELECT run FROM run_tag)"                                                       \
	" OR id IN (SELECT run FROM change_point WHERE state = 'confirmed')"                     \
	" OR revision IN (SELECT revision.id FROM revision, acknowledgement WHERE sha <> '' AND" \
	"  (instr(since, sha || '..') = 1 OR substr(since, -length(sha) - 2) = '..' || sha))"    \
	" FROM run WHERE started_ns < ? AND id NOT IN (SELECT run FROM baseline) ORDER BY id"

struct sweep {
	struct assay_store *store;
	const struct assay_retention *policy;
	uint64_t samples_before_ns, runs_before_ns; /* what is older goes; 0: nothing */
	struct assay_swept swept;
};

static enum assay_code drop(struct sweep *sweep, const char *sql, int64_t run,
			    struct assay_err *err)
{
	STORE_QUERY *statement = store_query(sweep->store, sql, err);
	if (!statement)
		return ASSAY_ESTORE;
	struct store_binder b = {statement};
	store_bind_int(&b, run);
	return store_run_once(sweep->store, statement, "clean", err);
}

static enum assay_code count_samples(struct sweep *sweep, int64_t run, struct assay_err *err)
{
	STORE_QUERY *query =
		store_query(sweep->store,
			    "SELECT count(*), coalesce(sum(length(data)), 0) FROM sample_set"
			    " WHERE result IN (SELECT id FROM result WHERE run = ?)",
			    err);
	if (!query)
		return ASSAY_ESTORE;
	struct store_binder b = {query};
	store_bind_int(&b, run);
	bool row;
	enum assay_code code = store_step(sweep->store, query, &row, "read", err);
	if (code != ASSAY_OK || !row)
		return code;
	sweep->swept.sample_sets += (uint64_t)sqlite3_column_int64(query, 0);
	sweep->swept.sample_bytes += (uint64_t)sqlite3_column_int64(query, 1);
	sqlite3_reset(query);
	return ASSAY_OK;
}

static enum assay_code sweep_run(struct sweep *sweep, int64_t run, bool whole,
				 struct assay_err *err)
{
	enum assay_code code = count_samples(sweep, run, err);
	sweep->swept.runs += whole;
	if (code == ASSAY_OK && !sweep->policy->dry_run)
		code = drop(sweep,
			    "DELETE FROM sample_set WHERE result IN"
			    " (SELECT id FROM result WHERE run = ?)",
			    run, err);
	if (code == ASSAY_OK && !sweep->policy->dry_run && whole)
		code = drop(sweep, "DELETE FROM run WHERE id = ?", run, err);
	return code;
}

static enum assay_code sweep_all(struct sweep *sweep, struct assay_err *err)
{
	STORE_QUERY *query = store_query(sweep->store, OLD_RUNS, err);
	if (!query)
		return ASSAY_ESTORE;
	uint64_t newest = sweep->samples_before_ns > sweep->runs_before_ns
				  ? sweep->samples_before_ns
				  : sweep->runs_before_ns;
	struct store_binder b = {query};
	store_bind_int(&b, (int64_t)newest);
	for (;;) {
		bool row;
		enum assay_code code = store_step(sweep->store, query, &row, "read", err);
		if (code != ASSAY_OK || !row)
			return code;
		if (store_run_status(store_column_text(query, 1), store_column_text(query, 2)) ==
		    ASSAY_RUN_RUNNING)
			continue;
		int64_t started_ns = sqlite3_column_int64(query, 3);
		bool whole = started_ns < (int64_t)sweep->runs_before_ns &&
			     !sqlite3_column_int(query, 4);
		if (whole || started_ns < (int64_t)sweep->samples_before_ns)
			code = sweep_run(sweep, sqlite3_column_int64(query, 0), whole, err);
		if (code != ASSAY_OK)
			return code;
	}
}

static uint64_t before(uint64_t age_ns)
{
	uint64_t now = assay_wall_ns();
	return age_ns && age_ns < now ? now - age_ns : 0;
}

/* One transaction: a process that dies has dropped all of it or nothing. What it freed is given back afterwards, by
 * the next time at the latest. */
static enum assay_code sweep_for_good(struct sweep *sweep, struct assay_err *err)
{
	struct assay_store *store = sweep->store;
	enum assay_code code = store_writable(store, err);
	if (code == ASSAY_OK)
		code = store_begin(store, err);
	if (code != ASSAY_OK)
		return code;
	code = store_end(store, sweep_all(sweep, err), err);
	store->run = 0; /* it may be gone */
	if (code == ASSAY_OK)
		code = store_script(store, "PRAGMA incremental_vacuum", "clean", err);
	return code == ASSAY_OK
		       ? store_script(store, "PRAGMA wal_checkpoint(TRUNCATE)", "clean", err)
		       : code;
}

enum assay_code assay_store_gc(struct assay_store *store, const struct assay_retention *policy,
			       struct assay_swept *ret, struct assay_err *err)
{
	struct sweep sweep = {
		.store = store,
		.policy = policy,
		.samples_before_ns = before(policy->keep_samples_ns),
		.runs_before_ns = before(policy->keep_runs_ns),
	};
	enum assay_code code =
		policy->dry_run ? sweep_all(&sweep, err) : sweep_for_good(&sweep, err);
	*ret = sweep.swept;
	return code;
}
