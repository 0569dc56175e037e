/* SPDX-License-Identifier: MIT */
/*
 * import_nvbench: what nvbench writes with `--json`: benchmarks with states, each with summaries; its samples
 * are in a file of their own and not read, so that a mean is all there is of each.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/import.h"
#include "harness/base/str.h"
#include "harness/engine/argv.h"

static bool knows(const struct import_file *file)
{
	const json_t *list = json_object_get(file->document, "benchmarks");
	return json_object_get(json_array_get(list, 0), "states") ||
	       (json_object_get(file->document, "devices") && json_is_array(list));
}

/* A summary's value: a number, or a text that is one. */
static double value_of(const json_t *summary)
{
	json_t *data = json_object_get(summary, "data"), *item;
	size_t i;
	json_array_foreach (data, i, item) {
		const char *name = json_string_value(json_object_get(item, "name"));
		const json_t *value = json_object_get(item, "value");
		if (!name || strcmp(name, "value") != 0)
			continue;
		return json_is_string(value)   ? strtod(json_string_value(value), NULL)
		       : json_is_number(value) ? json_number_value(value)
					       : NAN;
	}
	return NAN;
}

/* Of these the times are metrics; every other summary becomes a count. */
static const struct metric {
	const char *tag, *cpu_only; /* the latter of benchmarks without a device */
	struct assay_metric_info metric;
	double factor;
} metrics[] = {
	{"nv/cold/time/gpu/mean", "", {"gpu_time", "ns/op", ASSAY_LOWER}, 1e9},
	{"nv/cold/time/cpu/mean",
	 "nv/cpu_only/time/cpu/mean",
	 {"cpu_time", "ns/op", ASSAY_LOWER},
	 1e9},
	{"nv/batch/time/gpu/mean", "", {"batch_time", "ns/op", ASSAY_LOWER}, 1e9},
	{"nv/cold/bw/global/bytes_per_second",
	 "nv/cpu_only/bw/global/bytes_per_second",
	 {"bandwidth", "B/s", ASSAY_HIGHER},
	 1},
	{"nv/cold/bw/item_rate",
	 "nv/cpu_only/bw/item_rate",
	 {"item_rate", "op/s", ASSAY_HIGHER},
	 1},
};
enum { GPU_TIME, CPU_TIME };

static bool is(const struct metric *metric, const char *tag)
{
	return tag && (strcmp(tag, metric->tag) == 0 || strcmp(tag, metric->cpu_only) == 0);
}

/* What stands for the state: the time of the device, or that of the CPU where there is no other. */
static size_t primary_of(const json_t *state)
{
	json_t *summaries = json_object_get(state, "summaries"), *summary;
	size_t i;
	json_array_foreach (summaries, i, summary) {
		const char *tag = json_string_value(json_object_get(summary, "tag"));
		if (tag && strncmp(tag, "nv/cpu_only/", 12) == 0)
			return CPU_TIME;
	}
	return GPU_TIME;
}

static void add_metric(json_t *results, const struct import_case *c, const json_t *state, size_t m)
{
	json_t *summaries = json_object_get(state, "summaries"), *summary;
	bool primary = m == primary_of(state);
	json_t *result = import_result(c, &metrics[m].metric, primary);
	size_t i;
	json_array_foreach (summaries, i, summary) {
		const char *tag = json_string_value(json_object_get(summary, "tag"));
		if (is(&metrics[m], tag))
			import_sample(result, value_of(summary) * metrics[m].factor);
		bool ours = false;
		for (size_t k = 0; k < ASSAY_COUNT_OF(metrics); k++)
			ours |= is(&metrics[k], tag);
		if (primary && tag && !ours && isfinite(value_of(summary)))
			import_count(result, tag, "nvbench", value_of(summary));
	}
	import_launch(result);
	bool measured = json_array_size(json_object_get(result, "samples")) > 0;
	if (json_is_true(json_object_get(state, "is_skipped"))) {
		const char *why = json_string_value(json_object_get(state, "skip_reason"));
		import_status(result, ASSAY_STATUS_SKIPPED, why ? why : "no reason given");
	} else if (!measured) {
		import_status(result, ASSAY_STATUS_FAILED, "the file states no time of its state");
	}
	if (primary || measured)
		json_array_append_new(results, result);
	else
		json_decref(result);
}

static void add_state(json_t *results, const char *benchmark, const json_t *state)
{
	json_t *params = json_object(), *axes = json_object_get(state, "axis_values"), *axis;
	size_t i;
	char device[24];
	json_array_foreach (axes, i, axis) {
		const char *name = json_string_value(json_object_get(axis, "name"));
		const json_t *value = json_object_get(axis, "value");
		char text[32];
		snprintf(text, sizeof(text), "%.15g", json_number_value(value));
		if (name)
			import_param(params, name,
				     json_is_string(value) ? json_string_value(value) : text);
	}
	const json_t *id = json_object_get(state, "device");
	snprintf(device, sizeof(device), "%lld", (long long)json_integer_value(id));
	if (json_is_integer(id))
		import_param(params, "device", device);
	const struct import_case c = {"nvbench", benchmark, params, 1, "nvbench"};
	for (size_t m = 0; m < ASSAY_COUNT_OF(metrics); m++)
		add_metric(results, &c, state, m);
	json_decref(params);
}

static json_t *convert(const struct import_file *file, struct assay_err *err)
{
	json_t *list = json_object_get(file->document, "benchmarks"), *json, *state;
	json_t *results = json_array();
	size_t i, s;
	if (!json_is_array(list)) {
		json_decref(results);
		assay_fail(err, ASSAY_EPARSE, "no list of benchmarks of nvbench");
		return NULL;
	}
	json_array_foreach (list, i, json) {
		char benchmark[41];
		const char *name = json_string_value(json_object_get(json, "name"));
		json_t *states = json_object_get(json, "states");
		assay_slug_name(benchmark, sizeof(benchmark), name ? name : "", "benchmark");
		json_array_foreach (states, s, state)
			add_state(results, benchmark, state);
	}
	json_t *devices = json_object_get(file->document, "devices");
	return import_run(NULL, devices ? json_pack("{s:O}", "devices", devices) : NULL, results);
}

const struct import_format import_nvbench = {
	.name = "nvbench",
	.knows = knows,
	.convert = convert,
};
