/* SPDX-License-Identifier: MIT */
/* merge: another store's content added to this one: attached, looked at, joined by UUIDs and keys. */
#include "harness/store/merge.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "harness/base/str.h"
#include "harness/store/merge_sql.h"
#include "harness/store/migrate.h"
#include "harness/store/names.h"
#include "harness/store/sql.h"

/* Ids are added to: none may be so large that the sum is none. */
#define MOST_ID "4611686018427387904"

/* The largest id of a result, and whether there is one that could not be moved. */
#define MERGE_IDS                                                   \
	"SELECT max((SELECT coalesce(max(id), 0) FROM src.result)," \
	" (SELECT -coalesce(min(id), 0) FROM src.result)) >= " MOST_ID

static enum assay_code same_file(const struct assay_store *store, const char *path,
				 struct assay_err *err)
{
	struct stat mine, theirs;
	if (stat(store->path, &mine) == 0 && stat(path, &theirs) == 0 &&
	    mine.st_dev == theirs.st_dev && mine.st_ino == theirs.st_ino)
		return assay_fail(err, ASSAY_EUSAGE, "'%s' is the store to merge into", path);
	return ASSAY_OK;
}

/* Is it whole, and of a schema whose rows fit? *ret_immutable: nobody writes it, and no log goes with it. */
static enum assay_code check_source(const char *path, struct assay_merged *ret, bool *ret_immutable,
				    struct assay_err *err)
{
	uint8_t digest[32];
	struct assay_store *source;
	enum assay_code code = assay_bundle_verify(path, &ret->bundle, digest, err);
	if (code == ASSAY_OK)
		code = assay_store_open(path, ASSAY_STORE_READ, &source, err);
	if (code != ASSAY_OK)
		return code;
	int version = source->version;
	*ret_immutable = source->immutable;
	assay_store_close(source);
	if (version != store_schema_current.version)
		return assay_fail(err, ASSAY_ESTORE,
				  "'%s' has schema %d, this program merges schema %d; %s", path,
				  version, store_schema_current.version,
				  version < store_schema_current.version
					  ? "'assay db migrate' brings it up to date"
					  : "use a newer assay");
	if (ret->bundle)
		return ASSAY_OK;
	struct assay_store_report report;
	code = assay_store_check(path, &report, err);
	if (code == ASSAY_OK && report.problem[0])
		return assay_fail(err, ASSAY_ESTORE, "'%.150s' is damaged: %s", path,
				  report.problem);
	return code;
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

/* The parameters of series `id` of the file; texts are borrowed from the copies in `arena`. */
static enum assay_code read_params(struct assay_store *store, int64_t id, struct store_arena *arena,
				   struct assay_param *params, size_t capacity, size_t *ret_n,
				   struct assay_err *err)
{
	STORE_QUERY *query = store_query(store, MERGE_PARAMS, err);
	if (!query)
		return ASSAY_ESTORE;
	struct store_binder b = {query};
	store_bind_int(&b, id);
	*ret_n = 0;
	for (;;) {
		bool row, failed = false;
		enum assay_code code = store_step(store, query, &row, "read", err);
		if (code != ASSAY_OK || !row)
			return code;
		if (*ret_n == capacity)
			return assay_fail(err, ASSAY_ESTORE,
					  "a series has more than %zu parameters", capacity);
		params[(*ret_n)++] =
			(struct assay_param){store_column_copy(query, 0, arena, &failed),
					     store_column_copy(query, 1, arena, &failed)};
		if (failed)
			return assay_fail(err, ASSAY_ENOMEM, "no memory for parameters");
	}
}

enum { MOST_PARAMS = 256 };

/* A key says what is measured: one that says something else would mix two histories. */
static enum assay_code check_key(struct assay_store *store, sqlite3_stmt *q,
				 struct store_arena *arena, struct assay_err *err)
{
	struct assay_param params[MOST_PARAMS];
	struct assay_result result = {
		.suite = store_column_text(q, 2),
		.benchmark = store_column_text(q, 3),
		.version = (unsigned)sqlite3_column_int64(q, 4),
		.subject = store_column_text(q, 5),
		.metric = {store_column_text(q, 6), store_column_text(q, 7),
			   store_better_parse(store_column_text(q, 8))},
		.threads = (unsigned)sqlite3_column_int64(q, 9),
		.params = params,
	};
	uint8_t stated[32], key[32];
	store_column_bytes(q, 1, stated, sizeof(stated));
	enum assay_code code = read_params(store, sqlite3_column_int64(q, 0), arena, params,
					   MOST_PARAMS, &result.n_params, err);
	if (code == ASSAY_OK)
		code = assay_series_key(&result, key, err);
	char clean[100];
	assay_sanitise(clean, sizeof(clean), store_column_text(q, 10));
	if (code == ASSAY_OK && memcmp(stated, key, sizeof(key)) != 0)
		return assay_fail(err, ASSAY_ESTORE, "the key of series %s is not its own", clean);
	return code;
}

static enum assay_code check_keys(struct assay_store *store, struct assay_err *err)
{
	STORE_QUERY *query = store_query(store, MERGE_UNKNOWN_SERIES, err);
	if (!query)
		return ASSAY_ESTORE;
	for (;;) {
		bool row;
		enum assay_code code = store_step(store, query, &row, "read", err);
		if (code != ASSAY_OK || !row)
			return code;
		struct store_arena *arena = store_arena_new();
		code = arena ? check_key(store, query, arena, err)
			     : assay_fail(err, ASSAY_ENOMEM, "out of memory");
		store_arena_free(arena);
		if (code != ASSAY_OK)
			return code;
	}
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

static enum assay_code copy_rows(struct assay_store *store, bool whole, struct assay_merged *ret,
				 struct assay_err *err)
{
	static const struct step names[] = {{NULL, MERGE_ORIGINS}, {NULL, MERGE_SERIES}};
	static const struct step heads[] = {
		{ANY("temp.merge_series WHERE NOT known"), MERGE_NEW_SERIES},
		{NULL, MERGE_NEW_RUNS},
		{ANY("temp.merge_run WHERE known AND NOT same"), MERGE_OUTDATED},
	};
	const struct step results = {ANY_NEW,
				     whole ? MERGE_RESULTS(MERGE_SCAN) : MERGE_RESULTS(MERGE_FIND)};
	const struct step rest[] = {
		{ANY_NEW, whole ? MERGE_SAMPLES(MERGE_SCAN) : MERGE_SAMPLES(MERGE_FIND)},
		{ANY_BOTH("src.counter"),
		 whole ? MERGE_COUNTERS(MERGE_SCAN) : MERGE_COUNTERS(MERGE_FIND)},
		{ANY_BOTH("src.gpu_activity"),
		 whole ? MERGE_ACTIVITIES(MERGE_SCAN) : MERGE_ACTIVITIES(MERGE_FIND)},
		{ANY("src.attachment"), MERGE_ATTACHMENTS},
		{ANY("src.verdict"), MERGE_VERDICTS},
		{ANY("src.acknowledgement"), MERGE_ACKNOWLEDGEMENTS},
		{ANY("src.change_point"), MERGE_CHANGE_POINTS},
		{ANY("src.baseline"), MERGE_BASELINES},
	};
	enum assay_code code = execute(store, names, ASSAY_COUNT_OF(names), err);
	if (code == ASSAY_OK)
		code = check_keys(store, err);
	if (code == ASSAY_OK)
		code = execute(store, heads, ASSAY_COUNT_OF(heads), err);
	int64_t before = sqlite3_total_changes64(store->db);
	if (code == ASSAY_OK)
		code = execute(store, &results, 1, err);
	/* One row of what was changed is the mark behind which the results come. */
	int64_t changes = sqlite3_total_changes64(store->db) - before;
	ret->new_results = changes > 0 ? (uint64_t)changes - 1 : 0;
	return code == ASSAY_OK ? execute(store, rest, ASSAY_COUNT_OF(rest), err) : code;
}

static enum assay_code merge_inside(struct assay_store *store, const char *path, int64_t only,
				    struct assay_merged *ret, struct assay_err *err)
{
	int64_t too_large = 0, same_schema = 0;
	enum assay_code code = store_number(store, MERGE_SAME_SCHEMA, &same_schema, err);
	if (code == ASSAY_OK && !same_schema)
		code = expect_none(store, MERGE_FOREIGN_SCHEMA, path,
				   "is not of this program's schema; it differs in", err);
	if (code == ASSAY_OK)
		code = store_number(store, MERGE_IDS, &too_large, err);
	if (code == ASSAY_OK && too_large)
		code = assay_fail(err, ASSAY_ESTORE, "'%s' is damaged: ids out of range", path);
	if (code == ASSAY_OK)
		code = store_script(store, MERGE_MAPS, "merge into", err);
	if (code == ASSAY_OK)
		code = select_runs(store, only, err);
	if (code == ASSAY_OK)
		code = count(store, ret, err);
	if (code == ASSAY_OK)
		code = copy_rows(store, only == 0, ret, err);
	if (code == ASSAY_OK) /* once the maps are complete */
		code = expect_none(store, MERGE_CONTRADICTION, path,
				   "says something else than this store of", err);
	return code;
}

/* A write lock for the whole of it, so that what the maps say stays true. */
static enum assay_code merge_attached(struct assay_store *store, const char *path, int64_t only,
				      struct assay_merged *ret, struct assay_err *err)
{
	enum assay_code code = store_begin(store, err);
	if (code != ASSAY_OK)
		return code;
	code = store_end(store, merge_inside(store, path, only, ret, err), err);
	store_series_forget(&store->series);
	store->run = 0;
	return code;
}

enum assay_code store_merge_runs(struct assay_store *store, const char *path, bool immutable,
				 int64_t only, struct assay_merged *ret, struct assay_err *err)
{
	/* What a row refers to was looked up to write the row; asking for it again costs a third of the time.
	 * Small caches: each page is written once, and a page found in the processor's cache is worth more. */
	enum assay_code code = store_script(store,
					    "PRAGMA temp_store = MEMORY;"
					    "PRAGMA cache_size = -8192; PRAGMA foreign_keys = OFF",
					    "merge into", err);
	if (code == ASSAY_OK)
		code = attach(store, path, immutable, err);
	if (code != ASSAY_OK)
		return code;
	code = store_script(store, "PRAGMA src.cache_size = -256", "read", err);
	if (code == ASSAY_OK)
		code = merge_attached(store, path, only, ret, err);
	struct assay_err *second = code == ASSAY_OK ? err : NULL;
	enum assay_code after =
		store_script(store, "DETACH src; PRAGMA foreign_keys = ON", "detach from", second);
	return code == ASSAY_OK ? after : code;
}

enum assay_code assay_store_merge(struct assay_store *store, const char *path,
				  struct assay_merged *ret, struct assay_err *err)
{
	bool immutable;
	*ret = (struct assay_merged){0};
	enum assay_code code = store_writable(store, err);
	if (code == ASSAY_OK)
		code = same_file(store, path, err);
	if (code == ASSAY_OK)
		code = check_source(path, ret, &immutable, err);
	if (code == ASSAY_OK)
		code = assay_context(err, store_merge_runs(store, path, immutable, 0, ret, err),
				     "'%.150s'", path);
	return code;
}

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
	if (code != ASSAY_OK || n < 2 || incoming < file_bytes(store->path) / 2)
		return code;
	return store_script(store, "DROP INDEX IF EXISTS result_history", "index", err);
}

enum assay_code assay_store_merge_end(struct assay_store *store, struct assay_err *err)
{
	enum assay_code code = store_restore_index(store, err);
	return code == ASSAY_OK ? assay_store_sync(store, err) : code;
}
