/* SPDX-License-Identifier: MIT */
/*
 * export_gbench: one run in the JSON of Google Benchmark (schema version 1), for the tools that read
 * it: one "iteration" entry per sample, then the aggregates.
 */
#include "cli/formats.h"

#include <math.h>
#include <string.h>

#include "cli/stored.h"
#include "harness/base/attr.h"
#include "harness/base/json.h"
#include "harness/base/parse.h"
#include "harness/store/run_json.h"

/* Its caches want to know how many processing units share each. */
static json_t *caches_json(const json_t *machine)
{
	json_t *array = json_array();
	size_t i;
	const json_t *cache;
	json_array_foreach (json_object_get(machine, "caches"), i, cache) {
		unsigned cpus[4096];
		size_t sharing = 1;
		json_int_t level = json_integer_value(json_object_get(cache, "level"));
		const char *list = json_string_value(json_object_get(cache, "cpus"));
		if (list && assay_parse_cpus(list, cpus, ASSAY_COUNT_OF(cpus), &sharing, NULL))
			sharing = 1;
		json_array_append_new(
			array, json_pack("{s:s, s:I, s:I, s:I}", "type",
					 level == 1 ? "Data" : "Unified", "level", level, "size",
					 json_integer_value(json_object_get(cache, "bytes")),
					 "num_sharing", (json_int_t)sharing));
	}
	return array;
}

/* The text of a recorded fact; NULL when it was unavailable. */
static const char *fact(const json_t *environment, const char *key)
{
	return json_string_value(json_object_get(environment, key));
}

static json_t *context_json(const struct assay_run_info *run)
{
	char started[24], uuid[37];
	assay_time_text(run->started_ns, started);
	assay_uuid_text(run->uuid, uuid);
	json_t *machine = json_loads(run->machine_json, 0, NULL);
	json_t *environment = json_loads(run->environment_json, 0, NULL);
	const char *governor = fact(environment, "cpu.governor");
	const char *build = fact(environment, "build.type");
	const json_t *shape = json_object_get(machine, "shape");
	const json_t *pus = json_object_get(shape ? shape : machine, "pus");
	double hz = json_number_value(json_object_get(machine, "core_clock_hz"));
	json_t *json = json_pack(
		"{s:s, s:o, s:s, s:I, s:I, s:b, s:o, s:[], s:o, s:s, s:i, s:s, s:o, s:o}", "date",
		started, "host_name", assay_json_text(run->machine_name), "executable", "assay",
		"num_cpus", json_integer_value(pus), "mhz_per_cpu", (json_int_t)llround(hz / 1e6),
		"cpu_scaling_enabled", governor && strcmp(governor, "performance") != 0, "caches",
		caches_json(machine), "load_avg", "library_version", assay_json_text(run->version),
		"library_build_type",
		build && strncmp(build, "debug", 5) == 0 ? "debug" : "release",
		"json_schema_version", 1, "assay_run", uuid, "assay_profile",
		assay_json_text(run->profile), "assay_commit", assay_json_text(run->commit));
	json_decref(machine);
	json_decref(environment);
	return json;
}

/* Nanoseconds per operation behind a figure in the metric's unit; NaN when it is no time at all. */
static double time_of(const struct assay_result *r, double value)
{
	const char *unit = r->metric.unit;
	if (strcmp(unit, "ns/op") == 0 || strcmp(unit, "ns") == 0)
		return value;
	if (strcmp(unit, "op/s") == 0)
		return 1e9 / value;
	if (strcmp(unit, "B/s") == 0 && r->bytes_per_op > 0)
		return r->bytes_per_op * 1e9 / value;
	if (strcmp(unit, "flop/s") == 0 && r->flops_per_op > 0)
		return r->flops_per_op * 1e9 / value;
	return NAN;
}

struct entry {
	const struct assay_result_list *results;
	const struct assay_result *result;
	size_t family;
	json_t *array;
};

static json_t *entry_json(const struct entry *e, const char *suffix, const char *type)
{
	ASSAY_AUTO_FREE char *name = NULL;
	if (asprintf(&name, "%s%s", e->result->name, suffix) < 0)
		name = NULL;
	return json_pack("{s:o, s:I, s:i, s:o, s:s, s:I, s:i}", "name",
			 assay_json_text(name ? name : e->result->name), "family_index",
			 (json_int_t)e->family, "per_family_instance_index", 0, "run_name",
			 assay_json_text(e->result->name), "run_type", type, "repetitions",
			 (json_int_t)e->result->samples.n, "threads", (int)e->result->threads);
}

static void add_times(json_t *json, const struct assay_result *r, double real)
{
	double ratio = isfinite(r->cpu_ratio) ? r->cpu_ratio : 1;
	json_object_set_new(json, "real_time", assay_json_real(real));
	json_object_set_new(json, "cpu_time", assay_json_real(real * ratio));
	json_object_set_new(json, "time_unit", json_string("ns"));
}

/* A rate is kept beside the time it was turned into, and the author's figures as counters. */
static void add_counters(json_t *json, const struct entry *e, size_t sample)
{
	const struct assay_result *r = e->result;
	double value = r->samples.values[sample];
	if (strcmp(r->metric.unit, "B/s") == 0)
		json_object_set_new(json, "bytes_per_second", assay_json_real(value));
	if (strcmp(r->metric.unit, "op/s") == 0)
		json_object_set_new(json, "items_per_second", assay_json_real(value));
	for (size_t i = 0; i < e->results->n; i++) {
		const struct assay_result *other = &e->results->results[i];
		if (!other->primary && strcmp(other->name, r->name) == 0 &&
		    other->samples.n == r->samples.n)
			json_object_set_new(json, other->metric.name,
					    assay_json_real(other->samples.values[sample]));
	}
}

static void add_iterations(const struct entry *e)
{
	for (size_t i = 0; i < e->result->samples.n; i++) {
		double real = time_of(e->result, e->result->samples.values[i]);
		if (!isfinite(real))
			continue;
		json_t *json = entry_json(e, "", "iteration");
		json_object_set_new(json, "repetition_index", json_integer((json_int_t)i));
		/* A sample is the mean of its batch; how large that was is not kept. */
		json_object_set_new(json, "iterations", json_integer(1));
		add_times(json, e->result, real);
		add_counters(json, e, i);
		json_array_append_new(e->array, json);
	}
}

static void add_aggregate(const struct entry *e, const char *name, const char *unit, double value)
{
	char suffix[16];
	snprintf(suffix, sizeof(suffix), "_%s", name);
	json_t *json = entry_json(e, suffix, "aggregate");
	json_object_set_new(json, "aggregate_name", json_string(name));
	json_object_set_new(json, "aggregate_unit", json_string(unit));
	json_object_set_new(json, "iterations", json_integer((json_int_t)e->result->samples.n));
	add_times(json, e->result, value);
	json_array_append_new(e->array, json);
}

static void add_failure(const struct entry *e)
{
	const struct assay_result *r = e->result;
	bool skipped = r->status == ASSAY_STATUS_SKIPPED;
	json_t *json = entry_json(e, "", "iteration");
	json_object_set_new(json, skipped ? "skipped" : "error_occurred", json_true());
	json_object_set_new(json, skipped ? "skip_message" : "error_message",
			    assay_json_text(*r->reason ? r->reason : assay_status_name(r->status)));
	json_object_set_new(json, "repetition_index", json_integer(0));
	json_object_set_new(json, "iterations", json_integer(0));
	add_times(json, r, 0);
	json_array_append_new(e->array, json);
}

static void add_result(const struct entry *e)
{
	const struct assay_result *r = e->result;
	const struct assay_estimate *s = &r->estimate;
	if (!assay_status_measured(r->status)) {
		add_failure(e);
		return;
	}
	add_iterations(e);
	double median = time_of(r, s->median), mean = time_of(r, s->mean);
	if (!isfinite(median))
		return;
	add_aggregate(e, "mean", "time", mean);
	add_aggregate(e, "median", "time", median);
	/* To first order the spread of a reciprocal is that of the value, relatively. */
	add_aggregate(e, "stddev", "time", fabs(mean * s->sd / s->mean));
	add_aggregate(e, "cv", "percentage", s->sd / s->mean);
}

static enum assay_code document(FILE *out, const struct assay_run_info *run,
				const struct assay_result_list *results, bool first,
				struct assay_err *err)
{
	(void)first;
	struct entry entry = {.results = results, .array = json_array()};
	for (size_t i = 0; i < results->n; i++) {
		entry.result = &results->results[i];
		if (!entry.result->primary)
			continue;
		add_result(&entry);
		entry.family++;
	}
	return assay_json_document(
		json_pack("{s:o, s:o}", "context", context_json(run), "benchmarks", entry.array),
		out, err);
}

const struct export_format export_gbench = {
	.name = "gbench",
	.one_run = true,
	.original = true,
	.load = ASSAY_LOAD_SAMPLES,
	.run = document,
};
