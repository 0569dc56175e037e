/* SPDX-License-Identifier: MIT */
/* reference: what people call runs, resolved to ids and read with all that is known of them. */
#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/parse.h"
#include "harness/base/str.h"
#include "harness/store/run.h"
#include "harness/store/sql.h"

/* Run ids, newest first. */
struct id_list {
	int64_t *ids;
	size_t n, capacity;
};

static void id_list_done(struct id_list *list)
{
	free(list->ids);
}

static enum assay_code push(struct id_list *list, int64_t id, struct assay_err *err)
{
	if (list->n == list->capacity) {
		size_t capacity = list->capacity ? list->capacity * 2 : 16;
		int64_t *ids = realloc(list->ids, capacity * sizeof(*ids));
		if (!ids)
			return assay_fail(err, ASSAY_ENOMEM, "no memory for %zu runs", capacity);
		list->ids = ids;
		list->capacity = capacity;
	}
	list->ids[list->n++] = id;
	return ASSAY_OK;
}

/* Ids that a bound query yields. */
static enum assay_code collect(struct assay_store *store, struct store_binder *b,
			       struct id_list *ret, struct assay_err *err)
{
	if (b->rc != SQLITE_OK)
		return store_failed(store, b->rc, "read", err);
	for (;;) {
		bool row;
		enum assay_code code = store_step(store, b->statement, &row, "read", err);
		if (code != ASSAY_OK || !row)
			return code;
		code = push(ret, sqlite3_column_int64(b->statement, 0), err);
		if (code != ASSAY_OK)
			return code;
	}
}

/* Some of the words a query yields, for a message: "a, b, c"; "none" when there are none. */
static void words(struct assay_store *store, const char *sql, char *text, size_t size)
{
	ASSAY_AUTO(assay_str_done) struct assay_str s = {0};
	STORE_QUERY *query = store_query(store, sql, NULL);
	for (int i = 0; query && sqlite3_step(query) == SQLITE_ROW; i++) {
		char clean[48];
		assay_sanitise(clean, sizeof(clean), store_column_text(query, 0));
		assay_str_add(&s, i == 6 ? ", ..." : "%s%s", i ? ", " : "", clean);
		if (i == 6)
			break;
	}
	assay_copy(text, size, s.length ? assay_str_text(&s) : "none");
}

static enum assay_code find_all(struct assay_store *store, struct id_list *ret,
				struct assay_err *err)
{
	STORE_QUERY *query =
		store_query(store, "SELECT id FROM run ORDER BY started_ns DESC, id DESC", err);
	struct store_binder b = {query};
	return query ? collect(store, &b, ret, err) : ASSAY_ESTORE;
}

/* Runs that were stopped before their first result do not count, unless there are no others. */
static enum assay_code find_last(struct assay_store *store, const char *reference,
				 struct id_list *ret, struct assay_err *err)
{
	static const char *const queries[] = {
		"SELECT id FROM run WHERE EXISTS (SELECT 1 FROM result WHERE result.run = run.id)"
		" ORDER BY started_ns DESC, id DESC LIMIT 1 OFFSET ?",
		"SELECT id FROM run ORDER BY started_ns DESC, id DESC LIMIT 1 OFFSET ?",
	};
	uint64_t back = 0;
	const char *tilde = reference + strlen("@last");
	if (*tilde &&
	    (*tilde != '~' || assay_parse_u64(tilde + 1, 0, INT32_MAX, &back, err) != ASSAY_OK))
		return assay_fail(
			err, ASSAY_EUSAGE,
			"'%s' is no reference: write @last, or @last~1 for the run before",
			reference);
	int64_t with_results = 0;
	enum assay_code code =
		store_number(store, "SELECT EXISTS (SELECT 1 FROM result)", &with_results, err);
	if (code != ASSAY_OK)
		return code;
	STORE_QUERY *query = store_query(store, queries[with_results ? 0 : 1], err);
	if (!query)
		return ASSAY_ESTORE;
	struct store_binder b = {query};
	store_bind_int(&b, (int64_t)back);
	code = collect(store, &b, ret, err);
	if (code == ASSAY_OK && ret->n == 0)
		return assay_fail(err, ASSAY_EUSAGE, "there is no '%s': '%s' does not hold %s",
				  reference, store->path,
				  back ? "that many runs with results" : "any run");
	return code;
}

/* The baselines; where none was ever set, each machine's first run with results. */
static enum assay_code find_baseline(struct assay_store *store, struct id_list *ret,
				     struct assay_err *err)
{
	static const char *const queries[] = {
		"SELECT run FROM baseline WHERE name = 'base' ORDER BY set_ns DESC",
		"SELECT (SELECT id FROM run WHERE run.machine = machine.id"
		" AND EXISTS (SELECT 1 FROM result WHERE result.run = run.id)"
		" ORDER BY started_ns, id LIMIT 1) AS first FROM machine"
		" WHERE first IS NOT NULL ORDER BY first DESC",
	};
	enum assay_code code = ASSAY_OK;
	for (size_t i = 0; i < ASSAY_COUNT_OF(queries) && code == ASSAY_OK && ret->n == 0; i++) {
		STORE_QUERY *query = store_query(store, queries[i], err);
		if (!query)
			return ASSAY_ESTORE;
		struct store_binder b = {query};
		code = collect(store, &b, ret, err);
	}
	if (code == ASSAY_OK && ret->n == 0)
		return assay_fail(err, ASSAY_EUSAGE,
				  "there is no '@base': '%s' holds no run with results",
				  store->path);
	return code;
}

static enum assay_code find_tag(struct assay_store *store, const char *tag, struct id_list *ret,
				struct assay_err *err)
{
	const char *equals = strchr(tag, '=');
	STORE_QUERY *query =
		store_query(store,
			    "SELECT run.id FROM run_tag JOIN run ON run.id = run_tag.run"
			    " WHERE (key || '=' || value = ?1 AND value = ?2) OR value = ?1"
			    " GROUP BY run.id ORDER BY started_ns DESC, run.id DESC",
			    err);
	if (!query)
		return ASSAY_ESTORE;
	struct store_binder b = {query};
	store_bind_text(&b, tag);
	/* A key with an '=' in it is found as well: the value is what follows some '='. */
	store_bind_text(&b, equals ? equals + 1 : tag);
	enum assay_code code = collect(store, &b, ret, err);
	if (code != ASSAY_OK || ret->n)
		return code;
	char known[200];
	words(store, "SELECT DISTINCT key || '=' || value FROM run_tag ORDER BY run DESC", known,
	      sizeof(known));
	return assay_fail(err, ASSAY_EUSAGE, "no run is tagged '%.60s' (tags here: %s)", tag,
			  known);
}

static enum assay_code find_commit(struct assay_store *store, const char *sha, struct id_list *ret,
				   struct assay_err *err)
{
	STORE_QUERY *query =
		store_query(store,
			    "SELECT run.id FROM revision JOIN run ON run.revision = revision.id"
			    " WHERE substr(sha, 1, length(?1)) = lower(?1) AND length(?1) > 0"
			    " ORDER BY started_ns DESC, run.id DESC",
			    err);
	STORE_QUERY *different = store_query(store,
					     "SELECT count(DISTINCT sha) FROM revision"
					     " WHERE substr(sha, 1, length(?1)) = lower(?1)",
					     err);
	if (!query || !different)
		return ASSAY_ESTORE;
	struct store_binder b = {query}, d = {different};
	store_bind_text(&b, sha);
	store_bind_text(&d, sha);
	bool row;
	enum assay_code code = store_step(store, different, &row, "read", err);
	if (code == ASSAY_OK && row && sqlite3_column_int64(different, 0) > 1)
		return assay_fail(err, ASSAY_EUSAGE,
				  "'%.60s' is the start of %lld commits; write more of it", sha,
				  (long long)sqlite3_column_int64(different, 0));
	if (code == ASSAY_OK)
		code = collect(store, &b, ret, err);
	if (code != ASSAY_OK || ret->n)
		return code;
	char known[200];
	words(store, "SELECT DISTINCT substr(sha, 1, 10) FROM revision ORDER BY id DESC", known,
	      sizeof(known));
	return assay_fail(err, ASSAY_EUSAGE, "no run of commit '%.60s' (commits here: %s)", sha,
			  known);
}

static enum assay_code find_machine(struct assay_store *store, const char *name,
				    struct id_list *ret, struct assay_err *err)
{
	STORE_QUERY *query =
		store_query(store,
			    "SELECT run.id FROM machine JOIN run ON run.machine = machine.id"
			    " WHERE machine.name = ? ORDER BY started_ns DESC, run.id DESC",
			    err);
	if (!query)
		return ASSAY_ESTORE;
	struct store_binder b = {query};
	store_bind_text(&b, name);
	enum assay_code code = collect(store, &b, ret, err);
	if (code != ASSAY_OK || ret->n)
		return code;
	char known[200];
	words(store, "SELECT DISTINCT name FROM machine ORDER BY id DESC", known, sizeof(known));
	return assay_fail(err, ASSAY_EUSAGE, "no run on machine '%.60s' (machines here: %s)", name,
			  known);
}

static enum assay_code find_id(struct assay_store *store, const char *digits, struct id_list *ret,
			       struct assay_err *err)
{
	uint64_t id;
	if (assay_parse_u64(digits, 1, INT64_MAX, &id, NULL) != ASSAY_OK)
		return ASSAY_OK;
	STORE_QUERY *query = store_query(store, "SELECT id FROM run WHERE id = ?", err);
	if (!query)
		return ASSAY_ESTORE;
	struct store_binder b = {query};
	store_bind_int(&b, (int64_t)id);
	return collect(store, &b, ret, err);
}

/* `text` without dashes in capitals to hex[33]; false when it cannot start a UUID. */
static bool uuid_prefix(const char *text, char hex[33])
{
	size_t n = 0;
	for (; *text; text++) {
		if (*text == '-')
			continue;
		if (!isxdigit((unsigned char)*text) || n == 32)
			return false;
		hex[n++] = (char)toupper((unsigned char)*text);
	}
	hex[n] = '\0';
	return n >= 8;
}

static enum assay_code find_uuid(struct assay_store *store, const char *text, const char *hex,
				 struct id_list *ret, struct assay_err *err)
{
	STORE_QUERY *query =
		store_query(store,
			    "SELECT id FROM run WHERE substr(hex(uuid), 1, length(?1)) = ?1"
			    " ORDER BY started_ns DESC, id DESC",
			    err);
	if (!query)
		return ASSAY_ESTORE;
	struct store_binder b = {query};
	store_bind_text(&b, hex);
	enum assay_code code = collect(store, &b, ret, err);
	if (code == ASSAY_OK && ret->n > 1)
		return assay_fail(err, ASSAY_EUSAGE,
				  "'%s' is the start of %zu runs (%" PRId64 ", %" PRId64
				  ", ...): write more of it, or the run's number",
				  text, ret->n, ret->ids[0], ret->ids[1]);
	return code;
}

static enum assay_code find_named(struct assay_store *store, const char *reference,
				  struct id_list *ret, struct assay_err *err)
{
	char hex[33];
	enum assay_code code = find_id(store, reference, ret, err);
	if (code == ASSAY_OK && ret->n == 0 && uuid_prefix(reference, hex))
		code = find_uuid(store, reference, hex, ret, err);
	if (code != ASSAY_OK || ret->n)
		return code;
	char known[200];
	words(store, "SELECT id FROM run ORDER BY started_ns DESC, id DESC", known, sizeof(known));
	return assay_fail(err, ASSAY_EUSAGE,
			  "'%.60s' names no run (newest here: %s); write @last, @base, tag:NAME, "
			  "commit:SHA, machine:NAME or a run's number",
			  reference, known);
}

static enum assay_code resolve(struct assay_store *store, const char *reference,
			       struct id_list *ret, struct assay_err *err)
{
	if (!*reference)
		return find_all(store, ret, err);
	if (strncmp(reference, "@last", 5) == 0)
		return find_last(store, reference, ret, err);
	if (strcmp(reference, "@base") == 0)
		return find_baseline(store, ret, err);
	if (strncmp(reference, "tag:", 4) == 0)
		return find_tag(store, reference + 4, ret, err);
	if (strncmp(reference, "commit:", 7) == 0)
		return find_commit(store, reference + 7, ret, err);
	if (strncmp(reference, "machine:", 8) == 0)
		return find_machine(store, reference + 8, ret, err);
	return find_named(store, reference, ret, err);
}

static enum assay_code load_tags(struct assay_store *store, struct store_arena *arena,
				 struct assay_run_info *info, struct assay_err *err)
{
	STORE_QUERY *query = store_query(
		store,
		"SELECT key, value, count(*) OVER () FROM run_tag WHERE run = ? ORDER BY key", err);
	if (!query)
		return ASSAY_ESTORE;
	struct store_binder b = {query};
	store_bind_int(&b, info->id);
	struct assay_tag *tags = NULL;
	bool failed = false;
	for (;;) {
		bool row;
		enum assay_code code = store_step(store, query, &row, "read", err);
		if (code != ASSAY_OK || !row)
			return code;
		if (!tags)
			tags = store_arena_take(arena, (size_t)sqlite3_column_int64(query, 2) *
							       sizeof(*tags));
		if (!tags)
			return assay_fail(err, ASSAY_ENOMEM, "no memory for tags");
		tags[info->n_tags].key = store_column_copy(query, 0, arena, &failed);
		tags[info->n_tags++].value = store_column_copy(query, 1, arena, &failed);
		info->tags = tags;
		if (failed)
			return assay_fail(err, ASSAY_ENOMEM, "no memory for tags");
	}
}

/* Reads the columns of the query in load_run() in their order. */
static enum assay_code read_run(sqlite3_stmt *q, struct store_arena *arena,
				struct assay_run_info *info, struct assay_err *err)
{
	bool failed = false;
	const char *noise = store_column_text(q, 9);
	*info = (struct assay_run_info){
		.id = sqlite3_column_int64(q, 0),
		.status = store_run_status(store_column_text(q, 2), store_column_text(q, 3)),
		.started_ns = (uint64_t)sqlite3_column_int64(q, 4),
		.finished_ns = (uint64_t)sqlite3_column_int64(q, 5),
		.seed = (uint64_t)sqlite3_column_int64(q, 6),
		.profile = store_column_copy(q, 7, arena, &failed),
		.command = store_column_copy(q, 8, arena, &failed),
		.noise = noise[0],
		.plan = store_column_copy(q, 10, arena, &failed),
		.machine_name = store_column_copy(q, 11, arena, &failed),
		.topology_xml = store_column_copy(q, 13, arena, &failed),
		.machine_json = store_column_copy(q, 14, arena, &failed),
		.environment_json = store_column_copy(q, 15, arena, &failed),
		.version = store_column_copy(q, 17, arena, &failed),
		.commit = store_column_copy(q, 18, arena, &failed),
		.dirty = sqlite3_column_int64(q, 19) != 0,
		.n_results = (size_t)sqlite3_column_int64(q, 20),
	};
	store_column_bytes(q, 1, info->uuid, sizeof(info->uuid));
	store_column_bytes(q, 12, info->fingerprint, sizeof(info->fingerprint));
	store_column_bytes(q, 16, info->environment_hash, sizeof(info->environment_hash));
	return failed ? assay_fail(err, ASSAY_ENOMEM, "no memory for a run") : ASSAY_OK;
}

static enum assay_code load_run(struct assay_store *store, int64_t id, struct store_arena *arena,
				struct assay_run_info *info, struct assay_err *err)
{
	STORE_QUERY *query = store_query(
		store,
		"SELECT run.id, run.uuid, status, owner, started_ns, finished_ns, seed, profile,"
		" argv, noise, plan, machine.name, fingerprint, topology_xml, machine_facts, facts,"
		" hash, version, sha, dirty,"
		" (SELECT count(*) FROM result WHERE result.run = run.id) FROM run"
		" JOIN machine ON machine.id = run.machine"
		" JOIN environment ON environment.id = run.environment"
		" LEFT JOIN revision ON revision.id = run.revision WHERE run.id = ?",
		err);
	if (!query)
		return ASSAY_ESTORE;
	struct store_binder b = {query};
	store_bind_int(&b, id);
	bool row;
	enum assay_code code = store_step(store, query, &row, "read", err);
	if (code != ASSAY_OK)
		return code;
	if (!row)
		return assay_fail(err, ASSAY_ESTORE,
				  "run %" PRId64
				  " of '%s' lacks its machine or environment: the file "
				  "is damaged",
				  id, store->path);
	code = read_run(query, arena, info, err);
	return code == ASSAY_OK ? load_tags(store, arena, info, err) : code;
}

void assay_run_list_done(struct assay_run_list *list)
{
	if (!list)
		return;
	store_arena_free(list->memory);
	*list = (struct assay_run_list){0};
}

enum assay_code assay_store_runs(struct assay_store *store, const char *reference,
				 struct assay_run_list *ret, struct assay_err *err)
{
	ASSAY_AUTO(id_list_done) struct id_list ids = {0};
	enum assay_code code = resolve(store, reference, &ids, err);
	if (code != ASSAY_OK)
		return code;
	struct assay_run_list list = {.memory = store_arena_new()};
	if (list.memory)
		list.runs = store_arena_take(list.memory, ids.n * sizeof(*list.runs));
	if (!list.runs) {
		assay_run_list_done(&list);
		return assay_fail(err, ASSAY_ENOMEM, "no memory for %zu runs", ids.n);
	}
	for (; list.n < ids.n && code == ASSAY_OK; list.n++)
		code = load_run(store, ids.ids[list.n], list.memory, &list.runs[list.n], err);
	if (code == ASSAY_OK)
		*ret = list;
	else
		assay_run_list_done(&list);
	return code;
}
