/* SPDX-License-Identifier: MIT */
/* import_jmh: what JMH writes with `-rf json`: an array of benchmarks, raw data fork by fork. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli/import.h"
#include "harness/base/str.h"
#include "harness/engine/argv.h"

static bool knows(const struct import_file *file)
{
	const json_t *first = json_array_get(file->document, 0);
	return json_object_get(first, "primaryMetric") && json_object_get(first, "benchmark");
}

/* "us/op" is a time, "ops/ms" a rate: *ret_factor makes our unit of it. False: neither. */
static bool read_unit(const char *unit, struct assay_metric_info *ret, double *ret_factor)
{
	static const struct {
		const char *name;
		double ns;
	} units[] = {{"ns", 1},     {"us", 1e3},    {"ms", 1e6},     {"s", 1e9},
		     {"min", 6e10}, {"hr", 3.6e12}, {"day", 8.64e13}};
	for (size_t i = 0; i < ASSAY_COUNT_OF(units); i++) {
		char time[16], rate[16];
		snprintf(time, sizeof(time), "%s/op", units[i].name);
		snprintf(rate, sizeof(rate), "ops/%s", units[i].name);
		if (strcmp(unit, time) == 0) {
			*ret = (struct assay_metric_info){"time", "ns/op", ASSAY_LOWER};
			*ret_factor = units[i].ns;
			return true;
		}
		if (strcmp(unit, rate) == 0) {
			*ret = (struct assay_metric_info){"rate", "op/s", ASSAY_HIGHER};
			*ret_factor = 1e9 / units[i].ns;
			return true;
		}
	}
	return false;
}

/* An iteration: its score, or in sample mode a histogram of [value, count], whose mean is its score. */
static double iteration(const json_t *json)
{
	double sum = 0, n = 0;
	const json_t *pair;
	size_t i;
	if (json_is_number(json))
		return json_number_value(json);
	json_array_foreach (json, i, pair) {
		double count = json_number_value(json_array_get(pair, 1));
		sum += json_number_value(json_array_get(pair, 0)) * count;
		n += count;
	}
	return n > 0 ? sum / n : NAN;
}

static void add_samples(json_t *result, const json_t *metric, double factor)
{
	json_t *scores = json_object_get(metric, "rawData"), *fork, *value;
	json_t *forks = scores ? scores : json_object_get(metric, "rawDataHistogram");
	size_t f, i;
	json_array_foreach (forks, f, fork) {
		json_array_foreach (fork, i, value)
			import_sample(result, iteration(value) * factor);
		import_launch(result);
	}
	if (json_array_size(json_object_get(result, "samples")))
		return;
	/* Both can be turned off. */
	import_sample(result, json_number_value(json_object_get(metric, "score")) * factor);
	import_launch(result);
}

/* "org.example.Copy.bytes": the class names the benchmark, the method the case. */
static void split_name(const char *full, char benchmark[41], json_t *params)
{
	char copy[256];
	assay_copy(copy, sizeof(copy), full);
	char *method = strrchr(copy, '.');
	import_param(params, "method", method ? method + 1 : copy);
	if (method)
		*method = '\0';
	char *class_name = strrchr(copy, '.');
	assay_slug_name(benchmark, 41, class_name ? class_name + 1 : copy, "benchmark");
}

static bool add_benchmark(json_t *results, json_t *json, struct assay_err *err)
{
	const char *full = json_string_value(json_object_get(json, "benchmark"));
	const json_t *metric = json_object_get(json, "primaryMetric");
	const char *unit = json_string_value(json_object_get(metric, "scoreUnit"));
	struct assay_metric_info info;
	double factor;
	if (!full || !unit || !read_unit(unit, &info, &factor)) {
		assay_fail(
			err, ASSAY_EPARSE,
			"benchmark '%.80s' has no name or a unit other than a time per operation or "
			"operations per time: '%.20s'",
			full ? full : "?", unit ? unit : "?");
		return false;
	}
	char benchmark[41];
	json_t *params = json_object(), *value;
	const char *key;
	split_name(full, benchmark, params);
	const char *mode = json_string_value(json_object_get(json, "mode"));
	import_param(params, "mode", mode ? mode : "?");
	json_t *given = json_object_get(json, "params");
	json_object_foreach (given, key, value)
		if (json_is_string(value))
			import_param(params, key, json_string_value(value));
	json_int_t threads = json_integer_value(json_object_get(json, "threads"));
	const struct import_case c = {"jmh", benchmark, params,
				      threads >= 1 && threads <= 65536 ? (unsigned)threads : 1,
				      "jmh"};
	json_t *result = import_result(&c, &info, true);
	add_samples(result, metric, factor);
	json_t *others = json_object_get(json, "secondaryMetrics");
	json_object_foreach (others, key, value) {
		char event[64];
		snprintf(event, sizeof(event), "jmh:%.56s",
			 key + (strncmp(key, "·", 2) == 0 ? 2 : 0)); /* before 1.37 */
		import_count(result, event, "jmh",
			     json_number_value(json_object_get(value, "score")));
	}
	json_array_append_new(results, result);
	json_decref(params);
	return true;
}

static json_t *convert(const struct import_file *file, struct assay_err *err)
{
	json_t *results = json_array(), *json;
	size_t i;
	if (!json_is_array(file->document)) {
		json_decref(results);
		assay_fail(err, ASSAY_EPARSE, "not the array of benchmarks that JMH writes");
		return NULL;
	}
	json_array_foreach (file->document, i, json) {
		if (add_benchmark(results, json, err))
			continue;
		json_decref(results);
		return NULL;
	}
	return import_run(NULL, NULL, results);
}

const struct import_format import_jmh = {
	.name = "jmh",
	.knows = knows,
	.convert = convert,
};
