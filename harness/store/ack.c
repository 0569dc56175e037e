/* SPDX-License-Identifier: MIT */
/* ack: writing, ending and reading acknowledgements, and naming the series they are about. */
#include "harness/store/ack.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/clock.h"
#include "harness/base/rng.h"
#include "harness/base/str.h"
#include "harness/store/names.h"
#include "harness/store/sql.h"

static const char *const kind_names[] = {
	[ASSAY_ACK_ACCEPTED] = "accepted",
	[ASSAY_ACK_FALSE_ALARM] = "false-alarm",
	[ASSAY_ACK_TRACKED] = "tracked",
};

const char *assay_ack_kind_name(enum assay_ack_kind kind)
{
	return kind_names[kind];
}

/* uuid and since are borrowed until the statement has run. */
static void bind_ack(struct store_binder *b, const struct assay_ack *ack, const uint8_t uuid[16],
		     const char *since)
{
	store_bind_blob(b, uuid, 16);
	store_bind_blob(b, ack->series_key, sizeof(ack->series_key));
	if (ack->one_machine)
		store_bind_blob(b, ack->fingerprint, sizeof(ack->fingerprint));
	else
		store_bind_null(b);
	store_bind_text(b, since);
	store_bind_text(b, kind_names[ack->kind]);
	store_bind_real(b, ack->kind == ASSAY_ACK_ACCEPTED ? ack->limit_ratio : NAN);
	store_bind_text(b, ack->author ? ack->author : "");
	store_bind_text(b, ack->note ? ack->note : "");
	store_bind_int(b, (int64_t)(ack->made_ns ? ack->made_ns : assay_wall_ns()));
	if (ack->expires_ns)
		store_bind_int(b, (int64_t)ack->expires_ns);
	else
		store_bind_null(b);
}

enum assay_code assay_store_add_ack(struct assay_store *store, const struct assay_ack *ack,
				    int64_t *ret_id, struct assay_err *err)
{
	if (ack->kind == ASSAY_ACK_ACCEPTED &&
	    !(ack->limit_ratio > 1 && isfinite(ack->limit_ratio)))
		return assay_fail(err, ASSAY_EUSAGE,
				  "a limit of %g times accepts nothing: it has to be above 1",
				  ack->limit_ratio);
	enum assay_code code = store_writable(store, err);
	if (code != ASSAY_OK)
		return code;
	STORE_QUERY *insert = store_query(
		store,
		"INSERT INTO acknowledgement (uuid, series_key, fingerprint, since, decision,"
		" limit_ratio, author, note, made_ns, expires_ns)"
		" VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
		err);
	if (!insert)
		return ASSAY_ESTORE;
	ASSAY_AUTO(assay_str_done) struct assay_str since = {0};
	assay_str_add(&since, "%s..%s", ack->from ? ack->from : "", ack->to ? ack->to : "");
	if (since.failed)
		return assay_fail(err, ASSAY_ENOMEM, "no memory for an acknowledgement");
	uint8_t uuid[16];
	assay_uuid(uuid);
	struct store_binder b = {insert};
	bind_ack(&b, ack, uuid, since.text);
	if (b.rc != SQLITE_OK)
		return store_failed(store, b.rc, "write", err);
	code = store_run_once(store, insert, "write", err);
	*ret_id = sqlite3_last_insert_rowid(store->db);
	return code == ASSAY_OK ? assay_store_sync(store, err) : code;
}

enum assay_code assay_store_retire_ack(struct assay_store *store, int64_t id, struct assay_err *err)
{
	enum assay_code code = store_writable(store, err);
	if (code != ASSAY_OK)
		return code;
	STORE_QUERY *update = store_query(store,
					  "UPDATE acknowledgement SET expires_ns = ?1 WHERE id = ?2"
					  " AND (expires_ns IS NULL OR expires_ns > ?1)",
					  err);
	if (!update)
		return ASSAY_ESTORE;
	struct store_binder b = {update};
	store_bind_int(&b, (int64_t)assay_wall_ns());
	store_bind_int(&b, id);
	code = store_run_once(store, update, "write", err);
	if (code == ASSAY_OK && sqlite3_changes(store->db) == 0)
		return assay_fail(err, ASSAY_EUSAGE,
				  "'%s' has no acknowledgement %" PRId64 " that is still in force",
				  store->path, id);
	return code;
}

static enum assay_code no_memory(struct assay_err *err)
{
	return assay_fail(err, ASSAY_ENOMEM, "no memory for acknowledgements");
}

/* *items with room for one more beside its n; NULL when out of memory. */
static void *grown(void *items, size_t n, size_t size)
{
	bool full = n == 0 || (n >= 16 && (n & (n - 1)) == 0);
	return full ? realloc(items, (n < 16 ? 16 : 2 * n) * size) : items;
}

static void read_ack(struct store_arena *arena, bool *failed, sqlite3_stmt *q,
		     struct assay_ack *ack)
{
	const char *kind = store_column_text(q, 3);
	*ack = (struct assay_ack){
		.id = sqlite3_column_int64(q, 0),
		.from = store_column_copy(q, 4, arena, failed),
		.kind = ASSAY_ACK_TRACKED,
		.limit_ratio = store_column_real(q, 5),
		.author = store_column_copy(q, 6, arena, failed),
		.note = store_column_copy(q, 7, arena, failed),
		.made_ns = (uint64_t)sqlite3_column_int64(q, 8),
		.expires_ns = (uint64_t)sqlite3_column_int64(q, 9), /* NULL reads as 0 */
		.name = store_column_copy(q, 10, arena, failed),
		.metric = store_column_copy(q, 11, arena, failed),
		.better = store_better_parse(store_column_text(q, 12)),
	};
	for (size_t i = 0; i < ASSAY_COUNT_OF(kind_names); i++)
		if (strcmp(kind, kind_names[i]) == 0)
			ack->kind = (enum assay_ack_kind)i;
	store_column_bytes(q, 1, ack->series_key, sizeof(ack->series_key));
	ack->one_machine = store_column_bytes(q, 2, ack->fingerprint, sizeof(ack->fingerprint));
	store_column_bytes(q, 13, ack->uuid, sizeof(ack->uuid));
	char *dots = ack->from ? strstr(ack->from, "..") : NULL;
	if (dots) {
		*dots = '\0';
		ack->to = dots + 2;
	}
}

static enum assay_code read_acks(struct assay_store *store, sqlite3_stmt *query,
				 struct assay_ack_list *list, struct assay_err *err)
{
	bool failed = false;
	for (;;) {
		bool row;
		enum assay_code code = store_step(store, query, &row, "read", err);
		if (code != ASSAY_OK || !row)
			return code;
		void *larger = grown(list->acks, list->n, sizeof(*list->acks));
		if (!larger)
			return no_memory(err);
		list->acks = larger;
		read_ack(list->memory, &failed, query, &list->acks[list->n++]);
		if (failed)
			return no_memory(err);
	}
}

enum assay_code assay_store_acks(struct assay_store *store, const uint8_t series_key[32],
				 struct assay_ack_list *ret, struct assay_err *err)
{
	STORE_QUERY *query = store_query(
		store,
		"SELECT a.id, a.series_key, a.fingerprint, a.decision, a.since, a.limit_ratio,"
		" a.author, a.note, a.made_ns, a.expires_ns, s.name, m.name, m.better, a.uuid"
		" FROM acknowledgement a LEFT JOIN series s ON s.key = a.series_key"
		" LEFT JOIN metric m ON m.id = s.metric WHERE ?1 IS NULL OR a.series_key = ?1"
		" ORDER BY a.made_ns DESC, a.id DESC",
		err);
	if (!query)
		return ASSAY_ESTORE;
	struct store_binder b = {query};
	if (series_key)
		store_bind_blob(&b, series_key, 32);
	else
		store_bind_null(&b);
	struct assay_ack_list list = {.memory = store_arena_new()};
	enum assay_code code = list.memory ? read_acks(store, query, &list, err) : no_memory(err);
	if (code == ASSAY_OK)
		*ret = list;
	else
		assay_ack_list_done(&list);
	return code;
}

void assay_ack_list_done(struct assay_ack_list *list)
{
	if (!list)
		return;
	free(list->acks);
	store_arena_free(list->memory);
	*list = (struct assay_ack_list){0};
}

enum assay_code assay_store_first_run(struct assay_store *store, const char *commit,
				      uint64_t *ret_ns, struct assay_err *err)
{
	*ret_ns = 0;
	STORE_QUERY *query =
		store_query(store,
			    "SELECT coalesce(min(run.started_ns), 0) FROM revision"
			    " JOIN run ON run.revision = revision.id WHERE sha = ? AND dirty = 0",
			    err);
	if (!query)
		return ASSAY_ESTORE;
	struct store_binder b = {query};
	store_bind_text(&b, commit);
	bool row;
	enum assay_code code = store_step(store, query, &row, "read", err);
	if (code == ASSAY_OK && row)
		*ret_ns = (uint64_t)sqlite3_column_int64(query, 0);
	return code;
}

static int by_name(const void *a, const void *b)
{
	const struct assay_series_info *x = a, *y = b;
	int order = assay_compare_names(x->name, y->name);
	if (order)
		return order;
	return x->primary != y->primary ? y->primary - x->primary : strcmp(x->metric, y->metric);
}

static enum assay_code read_series(struct assay_store *store, sqlite3_stmt *query,
				   struct assay_series_list *list, struct assay_err *err)
{
	bool failed = false;
	for (;;) {
		bool row;
		enum assay_code code = store_step(store, query, &row, "read", err);
		if (code != ASSAY_OK || !row)
			return code;
		void *larger = grown(list->series, list->n, sizeof(*list->series));
		if (!larger)
			return no_memory(err);
		list->series = larger;
		struct assay_series_info *s = &list->series[list->n++];
		*s = (struct assay_series_info){
			.name = store_column_copy(query, 1, list->memory, &failed),
			.metric = store_column_copy(query, 2, list->memory, &failed),
			.unit = store_column_copy(query, 3, list->memory, &failed),
			.better = store_better_parse(store_column_text(query, 4)),
			.primary = sqlite3_column_int64(query, 5) != 0,
		};
		store_column_bytes(query, 0, s->key, sizeof(s->key));
		if (failed)
			return no_memory(err);
	}
}

enum assay_code assay_store_series(struct assay_store *store, const char *pattern,
				   struct assay_series_list *ret, struct assay_err *err)
{
	STORE_QUERY *query = store_query(
		store,
		"SELECT s.key, s.name, m.name, m.unit, m.better,"
		" EXISTS (SELECT 1 FROM result r WHERE r.series = s.id AND r.is_primary)"
		" FROM series s JOIN metric m ON m.id = s.metric"
		" WHERE ?1 IS NULL OR s.name GLOB ?1 OR s.name GLOB ?1 || '/*'",
		err);
	if (!query)
		return ASSAY_ESTORE;
	struct store_binder b = {query};
	store_bind_text(&b, pattern && *pattern ? pattern : NULL);
	struct assay_series_list list = {.memory = store_arena_new()};
	enum assay_code code = list.memory ? read_series(store, query, &list, err) : no_memory(err);
	if (code != ASSAY_OK) {
		assay_series_list_done(&list);
		return code;
	}
	if (list.n)
		qsort(list.series, list.n, sizeof(*list.series), by_name);
	*ret = list;
	return ASSAY_OK;
}

void assay_series_list_done(struct assay_series_list *list)
{
	if (!list)
		return;
	free(list->series);
	store_arena_free(list->memory);
	*list = (struct assay_series_list){0};
}
