/* SPDX-License-Identifier: MIT */
/* merge: another store's content added to this one: attached, looked at, joined by UUIDs and keys. */
#include "harness/store/merge.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "harness/base/str.h"
#include "harness/store/drain.h"
#include "harness/store/merge_sql.h"
#include "harness/store/migrate.h"
#include "harness/store/names.h"
#include "harness/store/sql.h"

/* The largest id of a result, and whether there is one that could not be moved. */
#define MERGE_IDS                                                   \
	"SELECT max((SELECT coalesce(max(id), 0) FROM src.result)," \
	" (SELECT -coalesce(min(id), 0) FROM src.result)) >= " STORE_MOST_ID

static enum assay_code same_file(const struct assay_store *store, const char *path,
				 struct assay_err *err)
{
	struct stat mine, theirs;
	if (stat(store->path, &mine) == 0 && stat(path, &theirs) == 0 &&
	    mine.st_dev == theirs.st_dev && mine.st_ino == theirs.st_ino)
		return assay_fail(err, ASSAY_EUSAGE, "'%s' is the store to merge into", path);
	return ASSAY_OK;
}

static enum assay_code attach(struct assay_store *store, const char *path, bool immutable,
			      struct assay_err *err)
{
	ASSAY_AUTO(assay_str_done) struct assay_str uri = {0};
	store_uri(&uri, path, immutable ? "mode=ro&immutable=1" : "mode=ro");
	STORE_QUERY *query = store_query(store, "ATTACH ? AS src", err);
	if (!query)
		return ASSAY_ESTORE;
	if (uri.failed)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory");
	struct store_binder b = {query};
	store_bind_text(&b, uri.text);
	return store_run_once(store, query, "attach to", err);
}

/* Run `sql`, whose one row is a text that is empty when all is well. */
static enum assay_code expect_none(struct assay_store *store, const char *sql, const char *path,
				   const char *what, struct assay_err *err)
{
	STORE_QUERY *query = store_query(store, sql, err);
	bool row;
	if (!query)
		return ASSAY_ESTORE;
	enum assay_code code = store_step(store, query, &row, "read", err);
	const char *name = code == ASSAY_OK && row ? store_column_text(query, 0) : "";
	char clean[100];
	assay_sanitise(clean, sizeof(clean), name);
	if (code == ASSAY_OK && *name)
		return assay_fail(err, ASSAY_ESTORE, "'%.150s' %s: %s", path, what, clean);
	return code;
}

static enum assay_code select_runs(struct assay_store *store, int64_t only, struct assay_err *err)
{
	STORE_QUERY *scope =
		store_query(store, "INSERT INTO temp.merge_scope (whole) VALUES (?)", err);
	STORE_QUERY *query = scope ? store_query(store, MERGE_RUNS, err) : NULL;
	if (!query)
		return ASSAY_ESTORE;
	struct store_binder b = {scope}, q = {query};
	store_bind_int(&b, only == 0);
	if (only)
		store_bind_int(&q, only);
	else
		store_bind_null(&q);
	enum assay_code code = store_run_once(store, scope, "write", err);
	return code == ASSAY_OK ? store_run_once(store, query, "merge into", err) : code;
}

static enum assay_code count(struct assay_store *store, struct assay_merged *ret,
			     struct assay_err *err)
{
	int64_t runs = 0, fresh = 0;
	enum assay_code code =
		store_number(store, "SELECT count(*) FROM temp.merge_run", &runs, err);
	if (code == ASSAY_OK)
		code = store_number(store, "SELECT count(*) FROM temp.merge_run WHERE NOT known",
				    &fresh, err);
	ret->runs = (uint64_t)runs;
	ret->new_runs = (uint64_t)fresh;
	return code;
}

/* To compile a statement takes as long as to copy twenty results: most files have no need of most of them. */
struct step {
	const char *when; /* a query: nothing to do when it yields 0; NULL: always */
	const char *sql;
};

#define OTHERWISE "says something else than this store of"

#define ANY(from) "SELECT EXISTS (SELECT 1 FROM " from ")"
#define ANY_NEW   ANY("temp.merge_run WHERE NOT same")
#define ANY_BOTH(table)                                                   \
	"SELECT EXISTS (SELECT 1 FROM temp.merge_run WHERE NOT same) AND" \
	" EXISTS (SELECT 1 FROM " table ")"

static enum assay_code execute(struct assay_store *store, const struct step *steps, size_t n,
			       struct assay_err *err)
{
	enum assay_code code = ASSAY_OK;
	for (size_t i = 0; i < n && code == ASSAY_OK; i++) {
		int64_t needed = 1;
		if (steps[i].when)
			code = store_number(store, steps[i].when, &needed, err);
		if (code == ASSAY_OK && needed)
			code = store_script(store, steps[i].sql, "merge into", err);
	}
	return code;
}

/* One file on its way in. */
struct merge {
	struct assay_store *store;
	const char *path;
	const struct store_source *source;
	int64_t only;    /* its one run that is wanted, 0: all */
	bool mapped;     /* temp.merge_series is right already */
	bool all_mapped; /* it holds every series of the file */
	struct assay_merged *ret;
};

/* Do the series of the file mean what those of the last one did? */
static enum assay_code find_map(struct merge *m, struct assay_err *err)
{
	const struct store_folding *folding = &m->store->folding;
	int64_t version;
	enum assay_code code = store_number(m->store, "PRAGMA data_version", &version, err);
	m->mapped = m->all_mapped = folding->mapped && m->source->plain && !m->only &&
				    version == folding->data_version &&
				    memcmp(folding->dictionary, m->source->dictionary, 32) == 0;
	m->store->folding.mapped = false; /* until this one is in */
	m->store->folding.data_version = version;
	return code;
}

static enum assay_code map_series(struct merge *m, struct assay_err *err)
{
	static const struct step add = {ANY("temp.merge_series WHERE NOT known"), MERGE_NEW_SERIES};
	int64_t all = 0;
	if (m->mapped)
		return ASSAY_OK;
	enum assay_code code = store_script(m->store, MERGE_SERIES, "merge into", err);
	if (code == ASSAY_OK)
		code = store_merge_check_keys(m->store, err);
	if (code == ASSAY_OK)
		code = execute(m->store, &add, 1, err);
	if (code == ASSAY_OK)
		code = expect_none(m->store, MERGE_OTHER_SERIES, m->path, OTHERWISE, err);
	if (code == ASSAY_OK)
		code = store_number(m->store, MERGE_ALL_MAPPED, &all, err);
	m->all_mapped = all && m->source->plain && !m->only;
	return code;
}

static enum assay_code copy_heads(struct merge *m, struct assay_err *err)
{
	static const struct step origins = {NULL, MERGE_ORIGINS};
	static const struct step runs[] = {
		{NULL, MERGE_NEW_RUNS},
		{ANY("temp.merge_run WHERE known"), MERGE_OLD_RUNS},
		{ANY("src.run_tag"), MERGE_TAGS},
		{ANY("temp.merge_run WHERE known AND NOT same"), MERGE_OUTDATED},
		{NULL, MERGE_PAST},
	};
	enum assay_code code = execute(m->store, &origins, 1, err);
	if (code == ASSAY_OK)
		code = map_series(m, err);
	if (code == ASSAY_OK)
		code = execute(m->store, runs, ASSAY_COUNT_OF(runs), err);
	return code == ASSAY_OK
		       ? expect_none(m->store, MERGE_OTHER_MACHINE, m->path, OTHERWISE, err)
		       : code;
}

/* Results, and what hangs on them in tables with constraints. */
static enum assay_code copy_results(struct merge *m, const struct step *results,
				    const struct step *parts, size_t n, struct assay_err *err)
{
	int64_t before = sqlite3_total_changes64(m->store->db);
	enum assay_code code = execute(m->store, results, 1, err);
	m->ret->new_results = (uint64_t)(sqlite3_total_changes64(m->store->db) - before);
	return code == ASSAY_OK ? execute(m->store, parts, n, err) : code;
}

static enum assay_code copy_all_results(struct merge *m, struct assay_err *err)
{
	static const struct step results = {NULL, MERGE_ALL_RESULTS};
	static const struct step parts[] = {
		{NULL, MERGE_ALL_SAMPLES},
		{ANY("src.counter"), MERGE_ALL_COUNTERS},
	};
	enum assay_code code = store_script(m->store, MERGE_TRUSTING, "merge into", err);
	if (code == ASSAY_OK)
		code = copy_results(m, &results, parts, ASSAY_COUNT_OF(parts), err);
	struct assay_err *second = code == ASSAY_OK ? err : NULL;
	enum assay_code after = store_script(m->store, MERGE_ASKING, "merge into", second);
	return code == ASSAY_OK ? after : code;
}

static enum assay_code copy_some_results(struct merge *m, struct assay_err *err)
{
	bool whole = m->only == 0;
	const struct step results = {ANY_NEW,
				     whole ? MERGE_RESULTS(MERGE_SCAN) : MERGE_RESULTS(MERGE_FIND)};
	const struct step parts[] = {
		{ANY_NEW, whole ? MERGE_SAMPLES(MERGE_SCAN) : MERGE_SAMPLES(MERGE_FIND)},
		{ANY_BOTH("src.counter"),
		 whole ? MERGE_COUNTERS(MERGE_SCAN) : MERGE_COUNTERS(MERGE_FIND)},
	};
	return copy_results(m, &results, parts, ASSAY_COUNT_OF(parts), err);
}

static enum assay_code copy_rows(struct merge *m, struct assay_err *err)
{
	const struct step rest[] = {
		{ANY_BOTH("src.gpu_activity"),
		 m->only ? MERGE_ACTIVITIES(MERGE_FIND) : MERGE_ACTIVITIES(MERGE_SCAN)},
		{ANY("src.attachment"), MERGE_ATTACHMENTS},
		{ANY("src.verdict"), MERGE_VERDICTS},
		{ANY("src.acknowledgement"), MERGE_ACKNOWLEDGEMENTS},
		{ANY("src.change_point"), MERGE_CHANGE_POINTS},
		{ANY("src.baseline"), MERGE_BASELINES},
	};
	enum assay_code code = copy_heads(m, err);
	if (code == ASSAY_OK)
		code = m->source->plain && !m->only && m->ret->new_runs ? copy_all_results(m, err)
									: copy_some_results(m, err);
	return code == ASSAY_OK ? execute(m->store, rest, ASSAY_COUNT_OF(rest), err) : code;
}

/* Do the rows fit? What was found of a file whose series are known by heart need not be looked for again. */
static enum assay_code check_fit(struct merge *m, struct assay_err *err)
{
	int64_t too_large = 0, same_schema = 0;
	if (m->mapped)
		return ASSAY_OK;
	enum assay_code code = store_number(m->store, MERGE_SAME_SCHEMA, &same_schema, err);
	if (code == ASSAY_OK && !same_schema)
		code = expect_none(m->store, MERGE_FOREIGN_SCHEMA, m->path,
				   "is not of this program's schema; it differs in", err);
	if (code == ASSAY_OK)
		code = store_number(m->store, MERGE_IDS, &too_large, err);
	if (code == ASSAY_OK && too_large)
		code = assay_fail(err, ASSAY_ESTORE, "'%s' is damaged: ids out of range", m->path);
	return code;
}

static enum assay_code merge_inside(struct merge *m, struct assay_err *err)
{
	enum assay_code code = find_map(m, err);
	if (code == ASSAY_OK)
		code = check_fit(m, err);
	if (code == ASSAY_OK)
		code = store_script(m->store, MERGE_MAPS, "merge into", err);
	if (code == ASSAY_OK)
		code = select_runs(m->store, m->only, err);
	if (code == ASSAY_OK)
		code = count(m->store, m->ret, err);
	return code == ASSAY_OK ? copy_rows(m, err) : code;
}

/* A write lock for the whole of it, so that what the maps say stays true. */
static enum assay_code merge_attached(struct merge *m, struct assay_err *err)
{
	struct assay_store *store = m->store;
	enum assay_code code = store_begin(store, err);
	if (code != ASSAY_OK)
		return code;
	code = store_end(store, merge_inside(m, err), err);
	store_series_forget(&store->series);
	store->run = 0;
	store->folding.mapped = code == ASSAY_OK && m->all_mapped;
	memcpy(store->folding.dictionary, m->source->dictionary, 32);
	return code;
}

enum assay_code store_merge_runs(struct assay_store *store, const char *path,
				 const struct store_source *source, int64_t only,
				 struct assay_merged *ret, struct assay_err *err)
{
	struct merge merge = {store, path, source, only, .ret = ret};
	/* What a row refers to was looked up to write the row; asking for it again costs a third of the time.
	 * Small caches: each page is written once, and a page found in the processor's cache is worth more. */
	enum assay_code code = store_script(store,
					    "PRAGMA temp_store = MEMORY;"
					    "PRAGMA cache_size = -8192; PRAGMA foreign_keys = OFF",
					    "merge into", err);
	if (code == ASSAY_OK)
		code = attach(store, path, source->immutable, err);
	if (code != ASSAY_OK)
		return code;
	code = store_script(store, "PRAGMA src.cache_size = -256", "read", err);
	if (code == ASSAY_OK)
		code = merge_attached(&merge, err);
	struct assay_err *second = code == ASSAY_OK ? err : NULL;
	enum assay_code after =
		store_script(store, "DETACH src; PRAGMA foreign_keys = ON", "detach from", second);
	return code == ASSAY_OK ? after : code;
}

enum assay_code assay_store_merge(struct assay_store *store, const char *path,
				  struct assay_merged *ret, struct assay_err *err)
{
	struct store_source source;
	*ret = (struct assay_merged){0};
	enum assay_code code = store_writable(store, err);
	if (code == ASSAY_OK)
		code = same_file(store, path, err);
	if (code == ASSAY_OK)
		code = store_ahead_look(store->folding.ahead, path, &source, err);
	if (code != ASSAY_OK)
		return code;
	ret->bundle = source.bundle;
	return assay_context(err, store_merge_runs(store, path, &source, 0, ret, err), "'%.150s'",
			     path);
}

/* Of files: less is merged before a thread has begun. */
enum { WORTH_A_THREAD = 1 << 20 };

static uint64_t file_bytes(const char *path)
{
	struct stat st;
	return stat(path, &st) == 0 ? (uint64_t)st.st_size : 0;
}

enum assay_code assay_store_merge_begin(struct assay_store *store, const char *const *paths,
					size_t n, struct assay_err *err)
{
	uint64_t incoming = 0;
	for (size_t i = 0; i < n; i++)
		incoming += file_bytes(paths[i]);
	enum assay_code code = store_writable(store, err);
	if (code != ASSAY_OK || n < 2)
		return code;
	if (incoming >= WORTH_A_THREAD && !store->folding.ahead) {
		store->folding.ahead = store_ahead_new(store->path, paths, n);
		store->folding.drain = store_drain_new(store, STORE_DRAIN_USUAL);
	}
	if (incoming < file_bytes(store->path) / 2)
		return ASSAY_OK;
	return store_script(store, "DROP INDEX IF EXISTS result_history", "index", err);
}

enum assay_code assay_store_merge_end(struct assay_store *store, struct assay_err *err)
{
	/* Sorted in parts that fit the processor's cache, by a thread, while the next part is read; and not in memory,
	 * of which a large store would ask too much. That drops the maps. */
	enum assay_code code = store_script(
		store, "PRAGMA temp_store = FILE; PRAGMA threads = 1; PRAGMA cache_size = -1024",
		"index", err);
	store->folding.mapped = false;
	if (code == ASSAY_OK)
		code = store_restore_index(store, err);
	store_ahead_free(store->folding.ahead);
	store_drain_free(store->folding.drain);
	store->folding.ahead = NULL;
	store->folding.drain = NULL;
	if (code == ASSAY_OK)
		code = store_script(store, "PRAGMA threads = 0; PRAGMA cache_size = -8192", "index",
				    err);
	return code == ASSAY_OK ? assay_store_sync(store, err) : code;
}
