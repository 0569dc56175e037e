/* SPDX-License-Identifier: MIT */
/*
 * import_gbench: the JSON of Google Benchmark (schema version 1). Repetitions become samples of the
 * series that `assay run --gbench` would fill; aggregates are computed anew. The file itself is kept, so
 * that nothing in it is lost.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cli/import.h"
#include "harness/base/str.h"
#include "harness/engine/gbench_exe.h"
#include "harness/engine/gbench_json.h"

static const struct {
	const char *counter;
	struct assay_metric_info metric;
} rates[] = {
	{"bytes_per_second", {"bandwidth", "B/s", ASSAY_HIGHER}},
	{"items_per_second", {"item_rate", "op/s", ASSAY_HIGHER}},
};

static bool knows(const struct import_file *file)
{
	/* Its NaN makes it no JSON for a strict reader: look at the text. */
	const char *context = strstr(file->text, "\"context\"");
	const char *list = strstr(file->text, "\"benchmarks\"");
	return context && list && context < list && strchr(file->text, '{') < context;
}

static bool same(const struct assay_gbench_run *a, const struct assay_gbench_run *b)
{
	return strcmp(a->name, b->name) == 0;
}

static void add_counters(json_t *result, const struct assay_gbench_run *run)
{
	for (size_t i = 0; i < run->n_counters; i++) {
		char event[64];
		bool rate = false;
		for (size_t r = 0; r < ASSAY_COUNT_OF(rates); r++)
			rate |= strcmp(rates[r].counter, run->counters[i].name) == 0;
		snprintf(event, sizeof(event), "gbench:%.56s", run->counters[i].name);
		if (!rate)
			import_count(result, event, "gbench", run->counters[i].value);
	}
}

static double counter_of(const struct assay_gbench_run *run, const char *name)
{
	for (size_t i = 0; i < run->n_counters; i++)
		if (strcmp(run->counters[i].name, name) == 0)
			return run->counters[i].value;
	return NAN;
}

/* One metric of all repetitions of runs[first]; nothing when no repetition states it. */
static void add_metric(json_t *results, const struct import_case *c,
		       const struct assay_gbench_report *report, size_t first,
		       const struct assay_metric_info *metric, const char *counter)
{
	const struct assay_gbench_run *of = &report->runs[first];
	bool primary = strcmp(metric->name, "time") == 0;
	json_t *result = import_result(c, metric, primary);
	for (size_t i = first; i < report->n; i++) {
		const struct assay_gbench_run *run = &report->runs[i];
		if (!same(run, of))
			continue;
		if (run->error || run->skip) {
			import_status(result,
				      run->error ? ASSAY_STATUS_FAILED : ASSAY_STATUS_SKIPPED,
				      run->error ? run->error : run->skip);
			continue;
		}
		import_sample(result, counter   ? counter_of(run, counter)
				      : primary ? run->real_ns
						: run->cpu_ns);
	}
	import_launch(result);
	if (primary) {
		add_counters(result, of);
		if (of->threads > 1 && assay_gbench_divides_wall_time(report->version))
			json_object_set_new(result, "clock", json_string(ASSAY_GBENCH_OLD_CLOCK));
	}
	if (primary || json_array_size(json_object_get(result, "samples")))
		json_array_append_new(results, result);
	else
		json_decref(result);
}

static void add_benchmark(json_t *results, const char *executable,
			  const struct assay_gbench_report *report, size_t first)
{
	static const struct assay_metric_info time = {"time", "ns/op", ASSAY_LOWER};
	static const struct assay_metric_info cpu = {"cpu_time", "ns/op", ASSAY_LOWER};
	const struct assay_gbench_run *run = &report->runs[first];
	struct assay_gbench_name name;
	assay_gbench_name(executable, run->name, &name);
	json_t *params = json_pack("{s:s}", "case", name.label);
	const struct import_case c = {"gbench", name.benchmark, params, run->threads, "gbench-exe"};
	add_metric(results, &c, report, first, &time, NULL);
	add_metric(results, &c, report, first, &cpu, NULL);
	for (size_t r = 0; r < ASSAY_COUNT_OF(rates); r++)
		add_metric(results, &c, report, first, &rates[r].metric, rates[r].counter);
	json_decref(params);
}

/* "2026-03-01T14:05:06+01:00" in nanoseconds since the epoch; 0 when it is no such date,
 * or one after 2262, which no 64 bits hold. */
static json_int_t read_date(const char *date)
{
	struct tm tm = {0};
	const char *rest = date ? strptime(date, "%Y-%m-%dT%H:%M:%S%z", &tm) : NULL;
	long east = tm.tm_gmtoff; /* timegm() sets it to 0 */
	json_int_t seconds = (json_int_t)timegm(&tm) - east, ns;
	if (!rest || *rest || __builtin_mul_overflow(seconds, (json_int_t)1000000000, &ns))
		return 0;
	return ns;
}

/* What of its context is the machine's, and the same from one run to the next. */
static json_t *machine_facts(const json_t *context)
{
	static const char *const keys[] = {"num_cpus", "mhz_per_cpu", "caches"};
	json_t *facts = json_object();
	for (size_t i = 0; i < ASSAY_COUNT_OF(keys); i++)
		if (json_object_get(context, keys[i]))
			json_object_set(facts, keys[i], json_object_get(context, keys[i]));
	return facts;
}

static json_t *convert(const struct import_file *file, struct assay_err *err)
{
	struct assay_gbench_report report;
	if (assay_gbench_read(file->text, file->length, &report, err) != ASSAY_OK)
		return NULL;
	const char *executable = json_string_value(json_object_get(report.context, "executable"));
	const char *host = json_string_value(json_object_get(report.context, "host_name"));
	json_t *results = json_array();
	for (size_t i = 0; i < report.n; i++) {
		size_t earlier = 0;
		while (earlier < i && !same(&report.runs[earlier], &report.runs[i]))
			earlier++;
		if (earlier == i)
			add_benchmark(results, executable ? executable : "executable", &report, i);
	}
	json_t *runs = import_run(host, machine_facts(report.context), results);
	json_int_t started_ns =
		read_date(json_string_value(json_object_get(report.context, "date")));
	if (started_ns > 0)
		json_object_set_new(json_array_get(runs, 0), "started_ns",
				    json_integer(started_ns));
	assay_gbench_report_done(&report);
	return runs;
}

const struct import_format import_gbench = {
	.name = "gbench",
	.knows = knows,
	.convert = convert,
	.keep = true,
};
