/* SPDX-License-Identifier: MIT */
/* change_point: places in a history where a level may have changed, and what became of them. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/clock.h"
#include "harness/store/names.h"
#include "harness/store/sql.h"

static const char *const state_names[] = {
	[ASSAY_CHANGE_PROPOSED] = "proposed",
	[ASSAY_CHANGE_CONFIRMED] = "confirmed",
	[ASSAY_CHANGE_DISMISSED] = "dismissed",
};

const char *assay_change_state_name(enum assay_change_state state)
{
	return state_names[state];
}

static enum assay_change_state parse_state(const char *name)
{
	size_t i = 0;
	while (i < ASSAY_COUNT_OF(state_names) - 1 && strcmp(state_names[i], name) != 0)
		i++;
	return (enum assay_change_state)i; /* the schema allows no other */
}

void assay_change_list_done(struct assay_change_list *list)
{
	if (!list)
		return;
	free(list->points);
	store_arena_free(list->memory);
	*list = (struct assay_change_list){0};
}

static enum assay_code add_point(struct assay_change_list *list, sqlite3_stmt *q,
				 struct assay_err *err)
{
	bool failed = false;
	void *grown = realloc(list->points, (list->n + 1) * sizeof(*list->points));
	if (!grown)
		return assay_fail(err, ASSAY_ENOMEM, "no memory for change points");
	list->points = grown;
	struct assay_change_point *point = &list->points[list->n++];
	*point = (struct assay_change_point){
		.id = sqlite3_column_int64(q, 0),
		.series = sqlite3_column_int64(q, 1),
		.run = sqlite3_column_int64(q, 2),
		.state = parse_state(store_column_text(q, 4)),
		.method = store_column_copy(q, 5, list->memory, &failed),
		.ratio = store_column_real(q, 6),
		.lo = store_column_real(q, 7),
		.hi = store_column_real(q, 8),
		.p = store_column_real(q, 9),
		.made_ns = (uint64_t)sqlite3_column_int64(q, 10),
		.name = store_column_copy(q, 11, list->memory, &failed),
		.metric = store_column_copy(q, 12, list->memory, &failed),
		.better = store_better_parse(store_column_text(q, 13)),
	};
	store_column_bytes(q, 3, point->fingerprint, sizeof(point->fingerprint));
	return failed ? assay_fail(err, ASSAY_ENOMEM, "no memory for change points") : ASSAY_OK;
}

#define COLUMNS                                                                                \
	"SELECT c.id, c.series, c.run, m.fingerprint, c.state, c.method, c.ratio, c.lo, c.hi," \
	" c.p, c.made_ns, s.name, k.name, k.better FROM change_point c"                        \
	" JOIN machine m ON m.id = c.machine JOIN run r ON r.id = c.run"                       \
	" JOIN series s ON s.id = c.series JOIN metric k ON k.id = s.metric"

/* `sql` is COLUMNS and a condition on `key`. */
static enum assay_code read_changes(struct assay_store *store, const char *sql, int64_t key,
				    struct assay_change_list *list, struct assay_err *err)
{
	STORE_QUERY *query = store_query(store, sql, err);
	if (!query)
		return ASSAY_ESTORE;
	struct store_binder b = {query};
	store_bind_int(&b, key);
	for (;;) {
		bool row;
		enum assay_code code = store_step(store, query, &row, "read", err);
		if (code == ASSAY_OK && row)
			code = add_point(list, query, err);
		if (code != ASSAY_OK || !row)
			return code;
	}
}

static enum assay_code read_list(struct assay_store *store, const char *sql, int64_t key,
				 struct assay_change_list *ret, struct assay_err *err)
{
	struct assay_change_list list = {.memory = store_arena_new()};
	enum assay_code code =
		list.memory ? read_changes(store, sql, key, &list, err)
			    : assay_fail(err, ASSAY_ENOMEM, "no memory for change points");
	if (code != ASSAY_OK)
		assay_change_list_done(&list);
	*ret = list;
	return code;
}

enum assay_code assay_store_changes(struct assay_store *store, int64_t series,
				    struct assay_change_list *ret, struct assay_err *err)
{
	return read_list(store, COLUMNS " WHERE c.series = ? ORDER BY r.started_ns, c.run", series,
			 ret, err);
}

static enum assay_code none_of_id(int64_t id, struct assay_err *err)
{
	return assay_fail(err, ASSAY_EUSAGE,
			  "there is no change point %" PRId64 "; 'assay history' has their numbers",
			  id);
}

enum assay_code assay_store_change(struct assay_store *store, int64_t id,
				   struct assay_change_list *ret, struct assay_err *err)
{
	enum assay_code code = read_list(store, COLUMNS " WHERE c.id = ?", id, ret, err);
	if (code == ASSAY_OK && ret->n == 0) {
		assay_change_list_done(ret);
		code = none_of_id(id, err);
	}
	return code;
}

enum assay_code assay_store_propose_change(struct assay_store *store,
					   const struct assay_change_point *change, int64_t *ret_id,
					   struct assay_err *err)
{
	enum assay_code code = store_writable(store, err);
	if (code != ASSAY_OK)
		return code;
	STORE_QUERY *insert = store_query(
		store,
		"INSERT INTO change_point (series, machine, run, state, method, ratio, lo, hi, p,"
		" made_ns) SELECT ?1, machine, id, 'proposed', ?3, ?4, ?5, ?6, ?7, ?8 FROM run"
		" WHERE id = ?2 ON CONFLICT DO NOTHING",
		err);
	if (!insert)
		return ASSAY_ESTORE;
	struct store_binder b = {insert};
	store_bind_int(&b, change->series);
	store_bind_int(&b, change->run);
	store_bind_text(&b, change->method);
	store_bind_real(&b, change->ratio);
	store_bind_real(&b, change->lo);
	store_bind_real(&b, change->hi);
	store_bind_real(&b, change->p);
	store_bind_int(&b, (int64_t)assay_wall_ns());
	if (b.rc != SQLITE_OK)
		return store_failed(store, b.rc, "write", err);
	code = store_run_once(store, insert, "write", err);
	bool added = code == ASSAY_OK && sqlite3_changes(store->db) > 0;
	*ret_id = added ? sqlite3_last_insert_rowid(store->db) : 0;
	return code;
}

enum assay_code assay_store_settle_change(struct assay_store *store, int64_t id,
					  enum assay_change_state state, const char *how,
					  struct assay_err *err)
{
	enum assay_code code = store_writable(store, err);
	if (code != ASSAY_OK)
		return code;
	STORE_QUERY *update =
		store_query(store,
			    "UPDATE change_point SET state = ?2, method = method || '; '"
			    " || ?3 WHERE id = ?1",
			    err);
	if (!update)
		return ASSAY_ESTORE;
	struct store_binder b = {update};
	store_bind_int(&b, id);
	store_bind_text(&b, state_names[state]);
	store_bind_text(&b, how);
	if (b.rc != SQLITE_OK)
		return store_failed(store, b.rc, "write", err);
	code = store_run_once(store, update, "write", err);
	if (code == ASSAY_OK && sqlite3_changes(store->db) == 0)
		code = none_of_id(id, err);
	return code;
}
