/* SPDX-License-Identifier: MIT */
/*
 * export_trace: the cases of a run on a time axis, in the Trace Event Format of Chrome, which Perfetto and
 * speedscope read too: one process per run, one complete event per case.
 */
#include "cli/formats.h"

#include <stdlib.h>

#include "cli/stored.h"
#include "harness/base/attr.h"
#include "harness/base/json.h"

/* Steals the event. */
static enum assay_code put(FILE *out, const char *before, json_t *event, struct assay_err *err)
{
	if (!event)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for a trace");
	fputs(before, out);
	int rc = json_dumpf(event, out, JSON_COMPACT);
	json_decref(event);
	return rc == 0 ? ASSAY_OK : assay_fail(err, ASSAY_EIO, "write a trace");
}

static enum assay_code begin(FILE *out, struct assay_err *err)
{
	(void)err;
	fputs("{\"displayTimeUnit\":\"ms\",\"traceEvents\":[\n", out);
	return ASSAY_OK;
}

static enum assay_code end(FILE *out, struct assay_err *err)
{
	(void)err;
	fputs("\n]}\n", out);
	return ASSAY_OK;
}

static int by_start(const void *a, const void *b)
{
	const struct assay_result *x = *(const struct assay_result *const *)a;
	const struct assay_result *y = *(const struct assay_result *const *)b;
	return x->started_ns < y->started_ns ? -1 : x->started_ns > y->started_ns;
}

/* Results that stand for a case and have a place in time, the first to start first. */
static size_t select_cases(const struct assay_result_list *results, const struct assay_result **ret)
{
	size_t n = 0;
	for (size_t i = 0; i < results->n; i++)
		if (results->results[i].primary && results->results[i].started_ns)
			ret[n++] = &results->results[i];
	if (n)
		qsort(ret, n, sizeof(*ret), by_start);
	return n;
}

/* The first row that is free at `start`; rows[n] says until when each is taken. */
static size_t row_of(uint64_t *rows, size_t n, const struct assay_result *r)
{
	size_t row = 0;
	while (row < n && rows[row] > r->started_ns)
		row++;
	rows[row] = r->started_ns + r->elapsed_ns;
	return row;
}

static json_t *facts(const struct assay_result *r)
{
	return json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:I}", "status",
			 assay_status_name(r->status), "reason", assay_json_text(r->reason),
			 "metric", assay_json_text(r->metric.name), "unit",
			 assay_json_text(r->metric.unit), "median",
			 assay_json_real(r->estimate.median), "lo", assay_json_real(r->estimate.lo),
			 "hi", assay_json_real(r->estimate.hi), "n", (json_int_t)r->estimate.n);
}

/* Times of a trace are microseconds. */
static json_t *event(const struct assay_run_info *run, const struct assay_result *r, size_t row)
{
	double since = (double)(int64_t)(r->started_ns - run->started_ns) / 1e3;
	return json_pack("{s:s, s:o, s:o, s:f, s:f, s:I, s:I, s:o}", "ph", "X", "name",
			 assay_json_text(r->name), "cat", assay_json_text(r->suite), "ts", since,
			 "dur", (double)r->elapsed_ns / 1e3, "pid", (json_int_t)run->id, "tid",
			 (json_int_t)row + 1, "args", facts(r));
}

static json_t *process(const struct assay_run_info *run)
{
	char text[300];
	return json_pack("{s:s, s:s, s:I, s:{s:o}}", "ph", "M", "name", "process_name", "pid",
			 (json_int_t)run->id, "args", "name",
			 assay_json_text(stored_describe(run, text, sizeof(text))));
}

static enum assay_code events(FILE *out, const struct assay_run_info *run,
			      const struct assay_result_list *results, bool first,
			      struct assay_err *err)
{
	ASSAY_AUTO_FREE const struct assay_result **cases = calloc(results->n + 1, sizeof(*cases));
	ASSAY_AUTO_FREE uint64_t *rows = calloc(results->n + 1, sizeof(*rows));
	if (!cases || !rows)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for a trace");
	size_t n = select_cases(results, cases), n_rows = 0;
	enum assay_code rc = put(out, first ? "" : ",\n", process(run), err);
	for (size_t i = 0; rc == ASSAY_OK && i < n; i++) {
		size_t row = row_of(rows, n_rows, cases[i]);
		if (row == n_rows)
			n_rows++;
		rc = put(out, ",\n", event(run, cases[i], row), err);
	}
	return rc;
}

const struct export_format export_trace = {
	.name = "trace", .begin = begin, .run = events, .end = end};
