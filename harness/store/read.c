/* SPDX-License-Identifier: MIT */
/* read: the results of one run, with samples and counters when asked. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "harness/store/names.h"
#include "harness/store/run.h"
#include "harness/store/sql.h"

/* The arena, and the results array that grows beside it until all are known. */
struct reader {
	struct assay_store *store;
	struct store_arena *arena;
	struct assay_result *results;
	int64_t *ids;
	size_t n, capacity;
	bool failed; /* out of memory */
};

static bool reserve(struct reader *reader)
{
	if (reader->n < reader->capacity)
		return true;
	size_t capacity = reader->capacity ? reader->capacity * 2 : 64;
	struct assay_result *results = realloc(reader->results, capacity * sizeof(*results));
	if (results)
		reader->results = results;
	int64_t *ids = realloc(reader->ids, capacity * sizeof(*ids));
	if (ids)
		reader->ids = ids;
	if (!results || !ids)
		return false;
	reader->capacity = capacity;
	return true;
}

static struct assay_estimate read_estimate(sqlite3_stmt *q, int at)
{
	return (struct assay_estimate){
		.n = (size_t)sqlite3_column_int64(q, at),
		.median = store_column_real(q, at + 1),
		.lo = store_column_real(q, at + 2),
		.hi = store_column_real(q, at + 3),
		.min = store_column_real(q, at + 4),
		.max = store_column_real(q, at + 5),
		.mean = store_column_real(q, at + 6),
		.sd = store_column_real(q, at + 7),
		.mad = store_column_real(q, at + 8),
		.p50 = store_column_real(q, at + 9),
		.p90 = store_column_real(q, at + 10),
		.p99 = store_column_real(q, at + 11),
		.p999 = store_column_real(q, at + 12),
	};
}

#define RESULT_QUERY                                                                             \
	"SELECT r.id, s.name, b.suite, b.name, s.subject, b.version, s.threads, m.name, m.unit," \
	" m.better, r.is_primary, r.status, r.reason, r.n, r.median, r.lo, r.hi, r.min, r.max,"  \
	" r.mean, r.sd, r.mad, r.p50, r.p90, r.p99, r.p999, r.bytes_per_op, r.flops_per_op,"     \
	" r.cpu_ratio, r.flags, r.driver, r.clock, r.noise, r.started_ns, r.elapsed_ns"          \
	" FROM result r JOIN series s ON s.id = r.series JOIN benchmark b ON b.id = s.benchmark" \
	" JOIN metric m ON m.id = s.metric WHERE r.run = ?1"                                     \
	" AND (?2 IS NULL OR s.name GLOB ?2 OR s.name GLOB ?2 || '/*')"

static enum assay_code read_result(struct reader *reader, sqlite3_stmt *q,
				   struct assay_result *result, struct assay_err *err)
{
	struct store_arena *arena = reader->arena;
	bool *failed = &reader->failed;
	int status = assay_status_parse(store_column_text(q, 11));
	if (status < 0)
		return assay_fail(err, ASSAY_ESTORE,
				  "'%s' holds a result of unknown status '%.20s'",
				  reader->store->path, store_column_text(q, 11));
	*result = (struct assay_result){
		.name = store_column_copy(q, 1, arena, failed),
		.suite = store_column_copy(q, 2, arena, failed),
		.benchmark = store_column_copy(q, 3, arena, failed),
		.subject = store_column_copy(q, 4, arena, failed),
		.version = (unsigned)sqlite3_column_int64(q, 5),
		.threads = (unsigned)sqlite3_column_int64(q, 6),
		.metric.name = store_column_copy(q, 7, arena, failed),
		.metric.unit = store_column_copy(q, 8, arena, failed),
		.metric.better = store_better_parse(store_column_text(q, 9)),
		.primary = sqlite3_column_int(q, 10) != 0,
		.status = (enum assay_status)status,
		.reason = store_column_copy(q, 12, arena, failed),
		.estimate = read_estimate(q, 13),
		.bytes_per_op = store_column_real(q, 26),
		.flops_per_op = store_column_real(q, 27),
		.cpu_ratio = store_column_real(q, 28),
		.flags = (unsigned)sqlite3_column_int64(q, 29),
		.driver = store_column_copy(q, 30, arena, failed),
		.clock = store_column_copy(q, 31, arena, failed),
		.noise = store_column_text(q, 32)[0],
		.started_ns = (uint64_t)sqlite3_column_int64(q, 33),
		.elapsed_ns = (uint64_t)sqlite3_column_int64(q, 34),
	};
	return ASSAY_OK;
}

static enum assay_code read_summaries(struct reader *reader, int64_t run, const char *pattern,
				      struct assay_err *err)
{
	STORE_QUERY *query = store_query(reader->store, RESULT_QUERY, err);
	if (!query)
		return ASSAY_ESTORE;
	struct store_binder b = {query};
	store_bind_int(&b, run);
	store_bind_text(&b, pattern);
	for (;;) {
		bool row;
		enum assay_code code = store_step(reader->store, query, &row, "read", err);
		if (code != ASSAY_OK || !row)
			return code;
		if (!reserve(reader))
			return assay_fail(err, ASSAY_ENOMEM, "no memory for %zu results",
					  reader->n);
		code = read_result(reader, query, &reader->results[reader->n], err);
		if (code != ASSAY_OK)
			return code;
		reader->ids[reader->n++] = sqlite3_column_int64(query, 0);
	}
}

static enum assay_code read_params(struct reader *reader, size_t at, struct assay_err *err)
{
	STORE_QUERY *query = store_query(
		reader->store,
		"SELECT p.name, p.value, count(*) OVER () FROM result r"
		" JOIN param p ON p.series = r.series WHERE r.id = ? ORDER BY p.position",
		err);
	if (!query)
		return ASSAY_ESTORE;
	struct store_binder b = {query};
	store_bind_int(&b, reader->ids[at]);
	struct assay_param *params = NULL;
	struct assay_result *result = &reader->results[at];
	for (;;) {
		bool row;
		enum assay_code code = store_step(reader->store, query, &row, "read", err);
		if (code != ASSAY_OK || !row)
			return code;
		if (!params)
			params = store_arena_take(reader->arena,
						  (size_t)sqlite3_column_int64(query, 2) *
							  sizeof(*params));
		if (!params)
			return assay_fail(err, ASSAY_ENOMEM, "no memory for parameters");
		struct assay_param *param = &params[result->n_params++];
		param->name = store_column_copy(query, 0, reader->arena, &reader->failed);
		param->value = store_column_copy(query, 1, reader->arena, &reader->failed);
		result->params = params;
	}
}

static enum assay_code read_sets(struct reader *reader, size_t at, struct assay_err *err)
{
	STORE_QUERY *query = store_query(reader->store,
					 "SELECT kind, encoding, n, launches, crc, data"
					 " FROM sample_set WHERE result = ?",
					 err);
	if (!query)
		return ASSAY_ESTORE;
	struct store_binder b = {query};
	store_bind_int(&b, reader->ids[at]);
	struct assay_result *result = &reader->results[at];
	for (;;) {
		bool row;
		enum assay_code code = store_step(reader->store, query, &row, "read", err);
		if (code != ASSAY_OK || !row)
			return code;
		struct store_payload payload;
		store_column_payload(query, 1, &payload);
		bool histogram = strcmp(store_column_text(query, 0), "histogram") == 0;
		code = histogram ? store_decode_histogram(&payload, reader->arena,
							  &result->histogram, err)
				 : store_decode_samples(&payload, reader->arena, &result->samples,
							err);
		if (code == ASSAY_EPARSE)
			code = assay_fail(err, ASSAY_ESTORE,
					  "the samples of %.150s in '%.100s' are damaged: %.60s",
					  result->name, reader->store->path, err ? err->text : "");
		if (code != ASSAY_OK)
			return code;
	}
}

static enum assay_code read_counters(struct reader *reader, size_t at, struct assay_err *err)
{
	STORE_QUERY *query = store_query(
		reader->store,
		"SELECT event, source, unit, quality, value, raw, enabled_ns, running_ns, reason,"
		" count(*) OVER () FROM counter WHERE result = ? ORDER BY position",
		err);
	if (!query)
		return ASSAY_ESTORE;
	struct store_binder b = {query};
	store_bind_int(&b, reader->ids[at]);
	struct assay_count *counts = NULL;
	struct assay_result *result = &reader->results[at];
	for (;;) {
		bool row;
		enum assay_code code = store_step(reader->store, query, &row, "read", err);
		if (code != ASSAY_OK || !row)
			return code;
		if (!counts)
			counts = store_arena_take(reader->arena,
						  (size_t)sqlite3_column_int64(query, 9) *
							  sizeof(*counts));
		if (!counts)
			return assay_fail(err, ASSAY_ENOMEM, "no memory for counters");
		store_column_count(query, &counts[result->n_counters++]);
		result->counters = counts;
	}
}

static enum assay_code read_details(struct reader *reader, unsigned load, struct assay_err *err)
{
	enum assay_code code = ASSAY_OK;
	for (size_t i = 0; i < reader->n && code == ASSAY_OK; i++) {
		code = read_params(reader, i, err);
		if (code == ASSAY_OK && (load & ASSAY_LOAD_SAMPLES))
			code = read_sets(reader, i, err);
		if (code == ASSAY_OK && (load & ASSAY_LOAD_COUNTERS))
			code = read_counters(reader, i, err);
	}
	if (code == ASSAY_OK && reader->failed)
		return assay_fail(err, ASSAY_ENOMEM, "no memory for %zu results", reader->n);
	return code;
}

static int by_name(const void *a, const void *b)
{
	const struct assay_result *x = a, *y = b;
	int order = assay_compare_names(x->name, y->name);
	if (order)
		return order;
	if (x->primary != y->primary)
		return y->primary - x->primary;
	return strcmp(x->metric.name, y->metric.name);
}

enum assay_code assay_store_results(struct assay_store *store, int64_t run, const char *pattern,
				    unsigned load, struct assay_result_list *ret,
				    struct assay_err *err)
{
	struct reader reader = {.store = store, .arena = store_arena_new()};
	enum assay_code code = reader.arena ? store_select_run(store, run, err)
					    : assay_fail(err, ASSAY_ENOMEM, "out of memory");
	if (code == ASSAY_OK)
		code = read_summaries(&reader, run, pattern, err);
	if (code == ASSAY_OK)
		code = read_details(&reader, load, err);
	free(reader.ids);
	struct assay_result_list list = {reader.results, reader.n, reader.arena};
	if (code != ASSAY_OK) {
		assay_result_list_done(&list);
		return code;
	}
	if (list.n)
		qsort(list.results, list.n, sizeof(*list.results), by_name);
	*ret = list;
	return ASSAY_OK;
}

void assay_result_list_done(struct assay_result_list *list)
{
	if (!list)
		return;
	free(list->results);
	store_arena_free(list->memory);
	*list = (struct assay_result_list){0};
}
