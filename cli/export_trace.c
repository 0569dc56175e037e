/* SPDX-License-Identifier: MIT */
/*
 * export_trace: the cases of a run on a time axis, in the Trace Event Format of Chrome, which Perfetto and
 * speedscope read too: one process per run, one complete event per case; what devices did for a case is a
 * process of its own, with a row per device and stream.
 */
#include "cli/formats.h"

#include <stdlib.h>

#include "cli/stored.h"
#include "harness/base/attr.h"
#include "harness/base/json.h"
#include "harness/gpu_trace.h"

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

/* ---- devices ---- */

/* Processes of traces are numbered apart from those of runs: by the moment they began. */
static json_int_t trace_process(const struct assay_gpu_trace *trace)
{
	return (json_int_t)(1000000 + trace->head.begin_ns / 1000 % 1000000000);
}

/* A row per device, and in it one per stream; what has no stream stands first. */
static json_int_t trace_row(const struct assay_gpu_activity *a)
{
	json_int_t stream = a->stream == ASSAY_GPU_NO_STREAM ? 0 : (json_int_t)a->stream + 1;
	return (json_int_t)a->device * 1000 + stream;
}

static json_t *named(const char *what, json_int_t process, json_int_t row, const char *text)
{
	return json_pack("{s:s, s:s, s:I, s:I, s:{s:o}}", "ph", "M", "name", what, "pid", process,
			 "tid", row, "args", "name", assay_json_text(text));
}

static json_t *size3(const uint32_t size[3])
{
	return json_pack("[i, i, i]", (int)size[0], (int)size[1], (int)size[2]);
}

static json_t *details(const struct assay_gpu_activity *a)
{
	if (a->kind == ASSAY_GPU_KERNEL)
		return json_pack("{s:o, s:o, s:i, s:i}", "grid", size3(a->grid), "block",
				 size3(a->block), "registers", (int)a->registers, "shared_bytes",
				 (int)a->shared_bytes);
	return json_pack("{s:I}", "bytes", (json_int_t)a->bytes);
}

/* An allocation is a moment, everything else takes its time. */
static json_t *activity(const struct assay_gpu_trace *trace, const struct assay_gpu_activity *a)
{
	double since_us = (double)(int64_t)(a->begin_ns - trace->head.begin_ns) / 1e3;
	json_t *event =
		json_pack("{s:s, s:o, s:s, s:f, s:I, s:I, s:o}", "ph",
			  a->kind == ASSAY_GPU_MEMORY ? "i" : "X", "name", assay_json_text(a->name),
			  "cat", assay_gpu_kind_name(a->kind), "ts", since_us, "pid",
			  trace_process(trace), "tid", trace_row(a), "args", details(a));
	if (a->kind == ASSAY_GPU_MEMORY)
		json_object_set_new(event, "s", json_string("t"));
	else
		json_object_set_new(event, "dur",
				    json_real((double)(a->end_ns - a->begin_ns) / 1e3));
	return event;
}

/* The name of an activity's row, before the first activity that is in it. */
static enum assay_code name_row(FILE *out, const struct assay_gpu_trace *trace, size_t which,
				struct assay_err *err)
{
	const struct assay_gpu_activity *a = &trace->activities[which];
	char text[60];
	for (size_t i = 0; i < which; i++)
		if (trace_row(&trace->activities[i]) == trace_row(a))
			return ASSAY_OK;
	if (a->stream == ASSAY_GPU_NO_STREAM)
		snprintf(text, sizeof(text), "device %u", a->device);
	else
		snprintf(text, sizeof(text), "device %u, stream %u", a->device, a->stream);
	return put(out, ",\n", named("thread_name", trace_process(trace), trace_row(a), text), err);
}

static enum assay_code devices(FILE *out, const struct assay_run_info *run,
			       const struct assay_attachment *attachment, struct assay_err *err)
{
	struct assay_gpu_trace trace;
	char title[300];
	enum assay_code rc =
		assay_gpu_trace_decode(attachment->bytes, attachment->size, &trace, err);
	if (rc != ASSAY_OK)
		return rc;
	snprintf(title, sizeof(title), "%.200s (run %lld)", attachment->name, (long long)run->id);
	rc = put(out, ",\n", named("process_name", trace_process(&trace), 0, title), err);
	for (size_t i = 0; rc == ASSAY_OK && i < trace.n; i++) {
		rc = name_row(out, &trace, i, err);
		if (rc == ASSAY_OK)
			rc = put(out, ",\n", activity(&trace, &trace.activities[i]), err);
	}
	assay_gpu_trace_done(&trace);
	return rc;
}

const struct export_format export_trace = {.name = "trace",
					   .begin = begin,
					   .run = events,
					   .end = end,
					   .kind = ASSAY_GPU_TRACE_KIND,
					   .attached = devices};
