/* SPDX-License-Identifier: MIT */
/* import_hyperfine: what `hyperfine --export-json` writes: a result per command, seconds, one sample a run. */
#include <math.h>
#include <string.h>

#include "cli/import.h"
#include "harness/base/str.h"
#include "harness/engine/argv.h"

static bool knows(const struct import_file *file)
{
	const json_t *first = json_array_get(json_object_get(file->document, "results"), 0);
	return json_object_get(first, "command") && json_object_get(first, "mean");
}

static double seconds_as_ns(const json_t *json)
{
	return json_is_number(json) ? json_number_value(json) * 1e9 : NAN;
}

static void add_mean(json_t *results, const struct import_case *c, const char *metric,
		     const json_t *seconds)
{
	const struct assay_metric_info info = {metric, "ns/op", ASSAY_LOWER};
	if (!json_is_number(seconds))
		return;
	json_t *result = import_result(c, &info, false);
	import_sample(result, seconds_as_ns(seconds)); /* of all runs, the file has only the mean */
	import_launch(result);
	json_array_append_new(results, result);
}

/* Since 1.19: the peak of each run. */
static void add_memory(json_t *results, const struct import_case *c, const json_t *command)
{
	static const struct assay_metric_info info = {"max_rss", "B", ASSAY_LOWER};
	json_t *peaks = json_object_get(command, "memory_usage_byte"), *value;
	size_t i;
	if (!json_array_size(peaks))
		return;
	json_t *result = import_result(c, &info, false);
	json_array_foreach (peaks, i, value)
		import_sample(result, json_is_number(value) ? json_number_value(value) : NAN);
	import_launch(result);
	json_array_append_new(results, result);
}

/* The last that was not 0; one that is missing stands for a run that a signal ended. */
static void add_exit_codes(json_t *result, const json_t *codes)
{
	double other = 0, killed = 0;
	json_t *value;
	size_t i;
	json_array_foreach (codes, i, value) {
		killed += json_is_null(value);
		if (json_integer_value(value) != 0)
			other = json_number_value(value);
	}
	if (other != 0)
		import_count(result, "exit_code", "hyperfine", other);
	if (killed > 0)
		import_count(result, "killed", "hyperfine", killed);
}

static void add_times(json_t *result, const json_t *command)
{
	json_t *times = json_object_get(command, "times"), *value;
	size_t i;
	json_array_foreach (times, i, value)
		import_sample(result, seconds_as_ns(value));
	if (!json_array_size(json_object_get(result, "samples")))
		import_sample(result, seconds_as_ns(json_object_get(command, "mean")));
	import_launch(result);
	add_exit_codes(result, json_object_get(command, "exit_codes"));
}

static void add_command(json_t *results, json_t *command)
{
	static const struct assay_metric_info time = {"time", "ns/op", ASSAY_LOWER};
	const char *line = json_string_value(json_object_get(command, "command"));
	char program[48], name[41];
	assay_copy(program, sizeof(program), line ? line : "command");
	program[strcspn(program, " \t")] = '\0';
	const char *slash = strrchr(program, '/');
	assay_slug_name(name, sizeof(name), slash ? slash + 1 : program, "command");
	json_t *params = json_object(), *value;
	const char *key;
	import_param(params, "cmd", line ? line : "");
	json_t *given = json_object_get(command, "parameters");
	json_object_foreach (given, key, value)
		if (json_is_string(value))
			import_param(params, key, json_string_value(value));
	const struct import_case c = {"hyperfine", name, params, 1, "hyperfine"};
	json_t *result = import_result(&c, &time, true);
	add_times(result, command);
	json_array_append_new(results, result);
	add_mean(results, &c, "user_time", json_object_get(command, "user"));
	add_mean(results, &c, "system_time", json_object_get(command, "system"));
	add_memory(results, &c, command);
	json_decref(params);
}

static json_t *convert(const struct import_file *file, struct assay_err *err)
{
	json_t *list = json_object_get(file->document, "results"), *command;
	json_t *results = json_array();
	size_t i;
	if (!json_is_array(list)) {
		json_decref(results);
		assay_fail(err, ASSAY_EPARSE, "no list of results of hyperfine");
		return NULL;
	}
	json_array_foreach (list, i, command)
		add_command(results, command);
	return import_run(NULL, NULL, results);
}

const struct import_format import_hyperfine = {
	.name = "hyperfine",
	.knows = knows,
	.convert = convert,
};
