/* SPDX-License-Identifier: MIT */
/* verdict: writing a gate's verdicts as a whole, and reading them back. */
#include "harness/store/verdict.h"

#include <stdlib.h>

#include "harness/base/clock.h"
#include "harness/store/names.h"
#include "harness/store/run.h"
#include "harness/store/sql.h"

static enum assay_code add_verdict(struct assay_store *store, int64_t run, int64_t against,
				   uint64_t made_ns, const struct assay_stored_verdict *v,
				   struct assay_err *err)
{
	int64_t series;
	enum assay_code code = store_series_id(store, v->series, &series, err);
	if (code != ASSAY_OK)
		return code;
	STORE_QUERY *insert = store_query(
		store,
		"INSERT INTO verdict (run, series, against, decision, reason, method, policy, n,"
		" ratio, lo, hi, p, made_ns) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
		err);
	if (!insert)
		return ASSAY_ESTORE;
	struct store_binder b = {insert};
	store_bind_int(&b, run);
	store_bind_int(&b, series);
	if (against)
		store_bind_int(&b, against);
	else
		store_bind_null(&b);
	store_bind_text(&b, v->decision);
	store_bind_text(&b, v->reason ? v->reason : "");
	store_bind_text(&b, v->method ? v->method : "");
	store_bind_text(&b, v->policy ? v->policy : "");
	store_bind_int(&b, (int64_t)v->n);
	store_bind_real(&b, v->ratio);
	store_bind_real(&b, v->lo);
	store_bind_real(&b, v->hi);
	store_bind_real(&b, v->p);
	store_bind_int(&b, (int64_t)made_ns);
	if (b.rc != SQLITE_OK)
		return store_failed(store, b.rc, "write", err);
	return store_run_once(store, insert, "write", err);
}

static enum assay_code add_all(struct assay_store *store, int64_t run, int64_t against,
			       const struct assay_stored_verdict *verdicts, size_t n,
			       struct assay_err *err)
{
	/* The base first, so that the candidate's run stays the selected one. */
	enum assay_code code = against ? store_select_run(store, against, err) : ASSAY_OK;
	if (code == ASSAY_OK)
		code = store_select_run(store, run, err);
	uint64_t made_ns = assay_wall_ns();
	for (size_t i = 0; i < n && code == ASSAY_OK; i++)
		code = add_verdict(store, run, against, made_ns, &verdicts[i], err);
	return code;
}

enum assay_code assay_store_add_verdicts(struct assay_store *store, int64_t run, int64_t against,
					 const struct assay_stored_verdict *verdicts, size_t n,
					 struct assay_err *err)
{
	enum assay_code code = store_writable(store, err);
	if (code == ASSAY_OK)
		code = store_begin(store, err);
	if (code != ASSAY_OK)
		return code;
	return store_end(store, add_all(store, run, against, verdicts, n, err), err);
}

#define VERDICT_QUERY                                                                           \
	"SELECT v.id, v.run, v.against, v.decision, v.reason, v.method, v.policy, v.n,"         \
	" v.ratio, v.lo, v.hi, v.p, v.made_ns, s.name, m.name, m.unit, m.better, s.key,"        \
	" k.fingerprint, c.sha, b.sha, c.dirty FROM verdict v JOIN series s ON s.id = v.series" \
	" JOIN metric m ON m.id = s.metric JOIN run r ON r.id = v.run"                          \
	" JOIN machine k ON k.id = r.machine LEFT JOIN revision c ON c.id = r.revision"         \
	" LEFT JOIN run a ON a.id = v.against LEFT JOIN revision b ON b.id = a.revision"        \
	" WHERE (?1 = 0 OR v.run = ?1) AND (?2 IS NULL OR s.key = ?2)"                          \
	" ORDER BY v.made_ns DESC, v.id LIMIT ?3"

struct verdict_reader {
	struct assay_verdict_list list;
	size_t capacity;
	bool failed;
};

static void read_verdict(struct verdict_reader *reader, sqlite3_stmt *q,
			 struct assay_stored_verdict *v)
{
	struct store_arena *arena = reader->list.memory;
	bool *failed = &reader->failed;
	*v = (struct assay_stored_verdict){
		.id = sqlite3_column_int64(q, 0),
		.run = sqlite3_column_int64(q, 1),
		.against = sqlite3_column_int64(q, 2), /* NULL reads as 0 */
		.decision = store_column_copy(q, 3, arena, failed),
		.reason = store_column_copy(q, 4, arena, failed),
		.method = store_column_copy(q, 5, arena, failed),
		.policy = store_column_copy(q, 6, arena, failed),
		.n = (size_t)sqlite3_column_int64(q, 7),
		.ratio = store_column_real(q, 8),
		.lo = store_column_real(q, 9),
		.hi = store_column_real(q, 10),
		.p = store_column_real(q, 11),
		.made_ns = (uint64_t)sqlite3_column_int64(q, 12),
		.name = store_column_copy(q, 13, arena, failed),
		.metric = store_column_copy(q, 14, arena, failed),
		.unit = store_column_copy(q, 15, arena, failed),
		.better = store_better_parse(store_column_text(q, 16)),
		.commit = store_column_copy(q, 19, arena, failed),
		.against_commit = store_column_copy(q, 20, arena, failed),
		.dirty = sqlite3_column_int64(q, 21) != 0,
	};
	store_column_bytes(q, 17, v->series_key, sizeof(v->series_key));
	store_column_bytes(q, 18, v->fingerprint, sizeof(v->fingerprint));
}

static enum assay_code read_all(struct assay_store *store, struct verdict_reader *reader,
				sqlite3_stmt *query, struct assay_err *err)
{
	struct assay_verdict_list *list = &reader->list;
	for (;;) {
		bool row;
		enum assay_code code = store_step(store, query, &row, "read", err);
		if (code != ASSAY_OK || !row)
			return code;
		if (list->n == reader->capacity) {
			size_t capacity = reader->capacity ? reader->capacity * 2 : 16;
			void *larger = realloc(list->verdicts, capacity * sizeof(*list->verdicts));
			if (!larger)
				return assay_fail(err, ASSAY_ENOMEM, "no memory for %zu verdicts",
						  capacity);
			list->verdicts = larger;
			reader->capacity = capacity;
		}
		read_verdict(reader, query, &list->verdicts[list->n++]);
		if (reader->failed)
			return assay_fail(err, ASSAY_ENOMEM, "no memory for %zu verdicts", list->n);
	}
}

enum assay_code assay_store_verdicts(struct assay_store *store, int64_t run,
				     const uint8_t series_key[32], size_t limit,
				     struct assay_verdict_list *ret, struct assay_err *err)
{
	STORE_QUERY *query = store_query(store, VERDICT_QUERY, err);
	if (!query)
		return ASSAY_ESTORE;
	struct store_binder b = {query};
	store_bind_int(&b, run);
	if (series_key)
		store_bind_blob(&b, series_key, 32);
	else
		store_bind_null(&b);
	store_bind_int(&b, limit ? (int64_t)limit : -1);
	struct verdict_reader reader = {.list.memory = store_arena_new()};
	enum assay_code code = reader.list.memory
				       ? read_all(store, &reader, query, err)
				       : assay_fail(err, ASSAY_ENOMEM, "no memory for verdicts");
	if (code == ASSAY_OK)
		*ret = reader.list;
	else
		assay_verdict_list_done(&reader.list);
	return code;
}

void assay_verdict_list_done(struct assay_verdict_list *list)
{
	if (!list)
		return;
	free(list->verdicts);
	store_arena_free(list->memory);
	*list = (struct assay_verdict_list){0};
}
