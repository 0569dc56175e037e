/* SPDX-License-Identifier: MIT */
/* elapsed: the newest duration of each case, out of the newest runs of one kind of machine. */
#include "harness/store/elapsed.h"

#include <stdlib.h>

#include "harness/store/sql.h"

/* What a plan says is JSON; that of a run made elsewhere may be anything. */
#define PLANNED(key) "json_extract(CASE WHEN json_valid(u.plan) THEN u.plan END, '$." key "')"

/* Beside MAX() the other columns are those of its row [SQLite, "Bare columns in an aggregate query"]. */
#define QUERY \
	"SELECT s.name, r.elapsed_ns, " PLANNED("launches") ", " PLANNED(                      \
		"time_ns") ", MAX(r.started_ns)"                                               \
			   " FROM result r JOIN series s ON s.id = r.series"                   \
			   " JOIN run u ON u.id = r.run"                                       \
			   " WHERE r.is_primary AND r.status IN ('ok', 'unstable')"            \
			   " AND r.run IN (SELECT id FROM run WHERE machine IN"                \
			   " (SELECT id FROM machine WHERE fingerprint = ?)"                   \
			   " AND id NOT IN " STORE_GATE_RUNS                                   \
			   " ORDER BY started_ns DESC LIMIT 20)"                               \
			   " GROUP BY s.name ORDER BY s.name"

void assay_elapsed_list_done(struct assay_elapsed_list *list)
{
	if (!list)
		return;
	free(list->cases);
	store_arena_free(list->memory);
	*list = (struct assay_elapsed_list){0};
}

static enum assay_code no_memory(struct assay_err *err)
{
	return assay_fail(err, ASSAY_ENOMEM, "no memory for what earlier runs took");
}

static enum assay_code add(struct assay_elapsed_list *list, size_t *capacity, sqlite3_stmt *row,
			   struct assay_err *err)
{
	bool failed = false;
	int64_t elapsed_ns = sqlite3_column_int64(row, 1), launches = sqlite3_column_int64(row, 2);
	int64_t time_ns = sqlite3_column_int64(row, 3);
	if (elapsed_ns <= 0 || launches <= 0 || time_ns <= 0)
		return ASSAY_OK; /* imported, or made by another program: says nothing about us */
	if (list->n == *capacity) {
		size_t larger = *capacity ? *capacity * 2 : 64;
		void *grown = reallocarray(list->cases, larger, sizeof(*list->cases));
		if (!grown)
			return no_memory(err);
		list->cases = grown;
		*capacity = larger;
	}
	list->cases[list->n++] = (struct assay_elapsed){
		.name = store_column_copy(row, 0, list->memory, &failed),
		.elapsed_ns = (uint64_t)elapsed_ns,
		.launches = (uint64_t)launches,
		.time_ns = (uint64_t)time_ns,
	};
	return failed ? no_memory(err) : ASSAY_OK;
}

enum assay_code assay_store_elapsed(struct assay_store *store, const uint8_t fingerprint[32],
				    struct assay_elapsed_list *ret, struct assay_err *err)
{
	struct assay_elapsed_list list = {.memory = store_arena_new()};
	size_t capacity = 0;
	STORE_QUERY *query = store_query(store, QUERY, err);
	enum assay_code code = !query ? ASSAY_ESTORE : list.memory ? ASSAY_OK : no_memory(err);
	struct store_binder b = {query};
	bool row = true;
	if (code == ASSAY_OK)
		store_bind_blob(&b, fingerprint, 32);
	while (code == ASSAY_OK && row) {
		code = store_step(store, query, &row, "read", err);
		if (code == ASSAY_OK && row)
			code = add(&list, &capacity, query, err);
	}
	if (code != ASSAY_OK) {
		assay_elapsed_list_done(&list);
		return code;
	}
	*ret = list;
	return ASSAY_OK;
}
