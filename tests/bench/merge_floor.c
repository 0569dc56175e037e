/* SPDX-License-Identifier: MIT */
/* merge_floor: rows of bundles copied by SQLite alone. */
#include "tests/bench/merge_floor.h"

#include <sqlite3.h>
#include <stdio.h>

#include "harness/base/clock.h"

static enum assay_code run(sqlite3 *db, const char *sql, struct assay_err *err)
{
	if (sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK)
		return ASSAY_OK;
	return assay_fail(err, ASSAY_ESTORE, "%.60s: %s", sql, sqlite3_errmsg(db));
}

static enum assay_code attach(sqlite3 *db, const char *path, struct assay_err *err)
{
	char *sql = sqlite3_mprintf("ATTACH 'file:%q?mode=ro' AS src", path);
	enum assay_code code =
		sql ? run(db, sql, err) : assay_fail(err, ASSAY_ENOMEM, "out of memory");
	sqlite3_free(sql);
	return code;
}

/* The tables and indexes of a store, and how one is written; the history's index comes last. */
static enum assay_code create(sqlite3 *db, struct assay_err *err)
{
	sqlite3_stmt *query;
	enum assay_code code = run(db,
				   "PRAGMA main.journal_mode = WAL; PRAGMA synchronous = NORMAL;"
				   "PRAGMA wal_autocheckpoint = 4000; PRAGMA cache_size = -8192;"
				   "PRAGMA temp_store = MEMORY; PRAGMA foreign_keys = OFF;"
				   "CREATE TEMP TABLE map (old INTEGER PRIMARY KEY, new INTEGER)",
				   err);
	if (sqlite3_prepare_v2(db,
			       "SELECT sql FROM src.sqlite_schema WHERE sql IS NOT NULL"
			       " AND name <> 'result_history' ORDER BY type DESC",
			       -1, &query, NULL) != SQLITE_OK)
		return assay_fail(err, ASSAY_ESTORE, "schema: %s", sqlite3_errmsg(db));
	while (code == ASSAY_OK && sqlite3_step(query) == SQLITE_ROW)
		code = run(db, (const char *)sqlite3_column_text(query, 0), err);
	sqlite3_finalize(query);
	return code;
}

/* What all of them have in common comes from the first. */
static enum assay_code copy_heads(sqlite3 *db, struct assay_err *err)
{
	return run(db,
		   "INSERT INTO main.machine SELECT * FROM src.machine;"
		   "INSERT INTO main.environment SELECT * FROM src.environment;"
		   "INSERT INTO main.benchmark SELECT * FROM src.benchmark;"
		   "INSERT INTO main.metric SELECT * FROM src.metric;"
		   "INSERT INTO main.series SELECT * FROM src.series;"
		   "INSERT INTO main.param SELECT * FROM src.param",
		   err);
}

static enum assay_code copy_rows(sqlite3 *db, struct assay_err *err)
{
	static const char sql[] =
		"DELETE FROM map;"
		"INSERT INTO map SELECT s.id, m.id FROM src.series s"
		" JOIN main.series m ON m.key = s.key;"
		"INSERT INTO main.run SELECT (SELECT coalesce(max(id), 0) + 1 FROM main.run), uuid,"
		" 1, 1, NULL, status, started_ns, finished_ns, owner, noise, seed, profile,"
		" version, machine_facts, argv, plan FROM src.run;"
		"CREATE TEMP TABLE past AS SELECT max(m.id) AS run,"
		" (SELECT coalesce(max(id), 0) FROM main.result) AS id FROM main.run m;"
		"INSERT INTO main.result SELECT s.id + p.id, p.run, e.new, 1, NULL, s.started_ns,"
		" s.elapsed_ns, s.is_primary, s.status, s.reason, s.n, s.median, s.lo, s.hi, s.min,"
		" s.max, s.mean, s.sd, s.mad, s.p50, s.p90, s.p99, s.p999, s.bytes_per_op,"
		" s.flops_per_op, s.cpu_ratio, s.flags, s.driver, s.clock, s.noise"
		" FROM temp.past p CROSS JOIN src.result s CROSS JOIN map e ON e.old = s.series;"
		"INSERT INTO main.sample_set SELECT d.result + p.id, d.kind, d.encoding, d.n,"
		" d.launches, d.crc, d.data FROM temp.past p CROSS JOIN src.sample_set d;"
		"DROP TABLE temp.past";
	return run(db, sql, err);
}

static enum assay_code copy_all(sqlite3 *db, const char *const *paths, size_t n,
				struct assay_err *err)
{
	enum assay_code code = ASSAY_OK;
	for (size_t i = 0; i < n && code == ASSAY_OK; i++) {
		code = attach(db, paths[i], err);
		if (code == ASSAY_OK && i == 0)
			code = create(db, err);
		if (code == ASSAY_OK)
			code = run(db, "BEGIN IMMEDIATE", err);
		if (code == ASSAY_OK && i == 0)
			code = copy_heads(db, err);
		if (code == ASSAY_OK)
			code = copy_rows(db, err);
		if (code == ASSAY_OK)
			code = run(db, "COMMIT; DETACH src", err);
	}
	return code == ASSAY_OK ? run(db,
				      "CREATE INDEX result_history ON result (series, started_ns,"
				      " run, machine, revision, status, median, lo, hi)",
				      err)
				: code;
}

enum assay_code merge_floor(const char *const *paths, size_t n, const char *to,
			    uint64_t *ret_results, double *ret_s, struct assay_err *err)
{
	sqlite3 *db = NULL;
	sqlite3_stmt *count = NULL;
	uint64_t began = assay_now_ns();
	enum assay_code code = ASSAY_OK;
	if (sqlite3_open_v2(to, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_URI,
			    NULL) != SQLITE_OK)
		code = assay_fail(err, ASSAY_ESTORE, "'%s': %s", to, sqlite3_errmsg(db));
	if (code == ASSAY_OK)
		code = copy_all(db, paths, n, err);
	if (code == ASSAY_OK && (sqlite3_prepare_v2(db, "SELECT count(*) FROM sample_set", -1,
						    &count, NULL) != SQLITE_OK ||
				 sqlite3_step(count) != SQLITE_ROW))
		code = assay_fail(err, ASSAY_ESTORE, "count: %s", sqlite3_errmsg(db));
	*ret_results = code == ASSAY_OK ? (uint64_t)sqlite3_column_int64(count, 0) : 0;
	sqlite3_finalize(count);
	sqlite3_close(db);
	*ret_s = (double)(assay_now_ns() - began) / 1e9;
	return code;
}
