/* SPDX-License-Identifier: MIT */
/* history: the points of a series over time, answered by one covering index. */
#include <stdlib.h>
#include <string.h>

#include "harness/store/names.h"
#include "harness/store/sql.h"

struct history_reader {
	struct assay_store *store;
	struct assay_history_list list;
	int64_t *ids;
	size_t capacity;
	bool failed;
};

static enum assay_code no_memory(struct assay_err *err)
{
	return assay_fail(err, ASSAY_ENOMEM, "no memory for the history");
}

static enum assay_code add_series(struct history_reader *reader, sqlite3_stmt *q,
				  struct assay_err *err)
{
	struct assay_history_list *list = &reader->list;
	if (list->n == reader->capacity) {
		size_t capacity = reader->capacity ? reader->capacity * 2 : 16;
		struct assay_history *series = realloc(list->series, capacity * sizeof(*series));
		if (series)
			list->series = series;
		int64_t *ids = realloc(reader->ids, capacity * sizeof(*ids));
		if (ids)
			reader->ids = ids;
		if (!series || !ids)
			return no_memory(err);
		reader->capacity = capacity;
	}
	reader->ids[list->n] = sqlite3_column_int64(q, 0);
	list->series[list->n++] = (struct assay_history){
		.id = sqlite3_column_int64(q, 0),
		.name = (char *)store_column_copy(q, 1, list->memory, &reader->failed),
		.metric = (char *)store_column_copy(q, 2, list->memory, &reader->failed),
		.unit = (char *)store_column_copy(q, 3, list->memory, &reader->failed),
		.better = store_better_parse(store_column_text(q, 4)),
		.primary = sqlite3_column_int(q, 5) != 0,
	};
	return reader->failed ? no_memory(err) : ASSAY_OK;
}

#define COLUMNS                                                                     \
	"SELECT s.id, s.name, m.name, m.unit, m.better, r.is_primary FROM series s" \
	" JOIN metric m ON m.id = s.metric"

/* Of a series' results one says whether its metric is the primary one. */
static sqlite3_stmt *series_like(struct assay_store *store, const char *pattern,
				 struct assay_err *err)
{
	sqlite3_stmt *query =
		store_query(store,
			    COLUMNS
			    " JOIN result r ON r.id = (SELECT id FROM result WHERE series = s.id"
			    " AND run NOT IN " STORE_GATE_RUNS
			    " LIMIT 1)"
			    " WHERE ?1 IS NULL OR s.name GLOB ?1 OR s.name GLOB ?1 || '/*'"
			    " ORDER BY s.name, m.id",
			    err);
	struct store_binder b = {query};
	if (query)
		store_bind_text(&b, pattern && *pattern ? pattern : NULL);
	return query;
}

static sqlite3_stmt *series_of(struct assay_store *store, int64_t run, struct assay_err *err)
{
	sqlite3_stmt *query = store_query(store,
					  COLUMNS
					  " JOIN result r ON r.series = s.id"
					  " WHERE r.run = ? ORDER BY s.name, m.id",
					  err);
	struct store_binder b = {query};
	if (query)
		store_bind_int(&b, run);
	return query;
}

/* `selected` is one of the two above. */
static enum assay_code find_series(struct history_reader *reader, sqlite3_stmt *selected,
				   struct assay_err *err)
{
	STORE_QUERY *query = selected;
	if (!query)
		return ASSAY_ESTORE;
	for (;;) {
		bool row;
		enum assay_code code = store_step(reader->store, query, &row, "read", err);
		if (code == ASSAY_OK && row)
			code = add_series(reader, query, err);
		if (code != ASSAY_OK || !row)
			return code;
	}
}

static void read_point(struct history_reader *reader, sqlite3_stmt *q,
		       struct assay_history_point *point)
{
	int status = assay_status_parse(store_column_text(q, 5));
	*point = (struct assay_history_point){
		.run = sqlite3_column_int64(q, 0),
		.started_ns = (uint64_t)sqlite3_column_int64(q, 1),
		.median = store_column_real(q, 2),
		.lo = store_column_real(q, 3),
		.hi = store_column_real(q, 4),
		.status = status < 0 ? ASSAY_STATUS_FAILED : (enum assay_status)status,
		.commit = store_column_copy(q, 7, reader->list.memory, &reader->failed),
		.dirty = sqlite3_column_int(q, 8) != 0,
	};
	store_column_bytes(q, 6, point->fingerprint, sizeof(point->fingerprint));
}

/* Newest first from the index; filled from the end, so that the oldest comes first. */
static enum assay_code load_points(struct history_reader *reader, size_t at, size_t limit,
				   struct assay_err *err)
{
	STORE_QUERY *query = store_query(reader->store, STORE_HISTORY_QUERY, err);
	if (!query)
		return ASSAY_ESTORE;
	struct store_binder b = {query};
	store_bind_int(&b, reader->ids[at]);
	store_bind_int(&b, limit ? (int64_t)limit : -1);
	struct assay_history *series = &reader->list.series[at];
	size_t capacity = 0;
	ASSAY_AUTO_FREE struct assay_history_point *points = NULL;
	for (;;) {
		bool row;
		enum assay_code code = store_step(reader->store, query, &row, "read", err);
		if (code != ASSAY_OK)
			return code;
		if (!row)
			break;
		if (series->n == capacity) {
			capacity = capacity ? capacity * 2 : 64;
			void *larger = realloc(points, capacity * sizeof(*points));
			if (!larger)
				return no_memory(err);
			points = larger;
		}
		read_point(reader, query, &points[series->n++]);
	}
	series->points = store_arena_take(reader->list.memory, series->n * sizeof(*points));
	if (reader->failed || !series->points)
		return no_memory(err);
	for (size_t i = 0; i < series->n; i++)
		series->points[i] = points[series->n - 1 - i];
	return ASSAY_OK;
}

static int by_name(const void *a, const void *b)
{
	const struct assay_history *x = a, *y = b;
	return assay_compare_names(x->name, y->name);
}

void assay_history_list_done(struct assay_history_list *list)
{
	if (!list)
		return;
	free(list->series);
	store_arena_free(list->memory);
	*list = (struct assay_history_list){0};
}

static enum assay_code read_all(struct assay_store *store, sqlite3_stmt *selected, size_t limit,
				struct assay_history_list *ret, struct assay_err *err)
{
	struct history_reader reader = {.store = store, .list.memory = store_arena_new()};
	enum assay_code code = find_series(&reader, selected, err);
	if (code == ASSAY_OK && !reader.list.memory)
		code = no_memory(err);
	for (size_t i = 0; i < reader.list.n && code == ASSAY_OK; i++)
		code = load_points(&reader, i, limit, err);
	free(reader.ids);
	if (code != ASSAY_OK) {
		assay_history_list_done(&reader.list);
		return code;
	}
	if (reader.list.n)
		qsort(reader.list.series, reader.list.n, sizeof(*reader.list.series), by_name);
	*ret = reader.list;
	return ASSAY_OK;
}

enum assay_code assay_store_history(struct assay_store *store, const char *pattern, size_t limit,
				    struct assay_history_list *ret, struct assay_err *err)
{
	return read_all(store, series_like(store, pattern, err), limit, ret, err);
}

enum assay_code assay_store_run_history(struct assay_store *store, int64_t run, size_t limit,
					struct assay_history_list *ret, struct assay_err *err)
{
	return read_all(store, series_of(store, run, err), limit, ret, err);
}

/* Profiles of runs read lately: the series of a list have most runs in common. */
enum { REMEMBERED = 1024 };
struct profiles {
	struct assay_store *store;
	void *memory;
	int64_t runs[REMEMBERED];
	const char *texts[REMEMBERED];
};

static enum assay_code profile_of(struct profiles *profiles, int64_t run, const char **ret,
				  struct assay_err *err)
{
	size_t slot = (uint64_t)run % REMEMBERED;
	bool row, failed = false;
	if (profiles->texts[slot] && profiles->runs[slot] == run) {
		*ret = profiles->texts[slot];
		return ASSAY_OK;
	}
	STORE_QUERY *query =
		store_query(profiles->store, "SELECT profile FROM run WHERE id = ?", err);
	if (!query)
		return ASSAY_ESTORE;
	struct store_binder b = {query};
	store_bind_int(&b, run);
	enum assay_code code = store_step(profiles->store, query, &row, "read", err);
	if (code == ASSAY_OK && row)
		*ret = store_column_copy(query, 0, profiles->memory, &failed);
	if (failed)
		return no_memory(err);
	profiles->runs[slot] = run;
	profiles->texts[slot] = *ret;
	return code;
}

enum assay_code assay_store_history_profiles(struct assay_store *store,
					     struct assay_history_list *list, struct assay_err *err)
{
	ASSAY_AUTO_FREE struct profiles *profiles = calloc(1, sizeof(*profiles));
	enum assay_code code = profiles ? ASSAY_OK : no_memory(err);
	if (profiles)
		*profiles = (struct profiles){.store = store, .memory = list->memory};
	for (size_t i = 0; i < list->n; i++) {
		const struct assay_history *series = &list->series[i];
		for (size_t p = 0; p < series->n && code == ASSAY_OK; p++)
			code = profile_of(profiles, series->points[p].run,
					  &series->points[p].profile, err);
	}
	return code;
}
