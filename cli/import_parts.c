/* SPDX-License-Identifier: MIT */
/* import_parts: runs and results in JSON, piece by piece, as the formats need them. */
#include <math.h>

#include "cli/import.h"
#include "harness/base/json.h"
#include "harness/base/str.h"
#include "harness/engine/argv.h"

/* "suite/benchmark/size:1/threads:1" as "suite/benchmark/size:1/again:2/threads:1". */
static void name_again(json_t *result, const char *name, unsigned again)
{
	char number[16];
	ASSAY_AUTO(assay_str_done) struct assay_str text = {0};
	const char *threads = strstr(name, "/threads:");
	snprintf(number, sizeof(number), "%u", again);
	assay_str_put(&text, name, threads ? (size_t)(threads - name) : strlen(name));
	assay_str_add(&text, "/again:%s%s", number, threads ? threads : "");
	json_t *params = json_copy(json_object_get(result, "params"));
	if (!params)
		params = json_object();
	json_object_set_new(params, "again", json_string(number));
	json_object_set_new(result, "params", params);
	json_object_set_new(result, "name", json_string(assay_str_text(&text)));
}

/*
 * What a file has twice under one name, such as a command under the name of another or a benchmark in two virtual machines,
 * is two cases: within a run a series has one result.
 */
static void tell_apart(json_t *results)
{
	json_t *seen = json_object(), *result;
	size_t i;
	json_array_foreach (results, i, result) {
		char key[600];
		const char *name = json_string_value(json_object_get(result, "name"));
		const char *metric = json_string_value(json_object_get(result, "metric"));
		snprintf(key, sizeof(key), "%.40s %.500s", metric, name);
		unsigned n = (unsigned)json_integer_value(json_object_get(seen, key)) + 1;
		json_object_set_new(seen, key, json_integer(n));
		if (n > 1)
			name_again(result, name, n);
	}
	json_decref(seen);
}

json_t *import_run(const char *machine, json_t *machine_facts, json_t *results)
{
	tell_apart(results);
	json_t *run = json_pack("{s:s, s:o, s:o*, s:o}", "status", "imported", "machine",
				assay_json_text(machine ? machine : "unknown"), "machine_facts",
				machine_facts, "results", results);
	return json_pack("[o]", run);
}

json_t *import_result(const struct import_case *c, const struct assay_metric_info *metric,
		      bool primary)
{
	ASSAY_AUTO(assay_str_done) struct assay_str name = {0};
	json_t *params = c->params;
	const char *key;
	json_t *value;
	assay_str_add(&name, "%s/%s", c->suite, c->benchmark);
	json_object_foreach (params, key, value)
		assay_str_add(&name, "/%s:%s", key, json_string_value(value));
	assay_str_add(&name, "/threads:%u", c->threads);
	return json_pack(
		"{s:s, s:s, s:s, s:O*, s:i, s:s, s:s, s:s, s:b, s:s, s:s, s:s, s:[], s:[], "
		"s:{}}",
		"name", assay_str_text(&name), "suite", c->suite, "benchmark", c->benchmark,
		"params", params, "threads", (int)c->threads, "metric", metric->name, "unit",
		metric->unit, "better", metric->better == ASSAY_HIGHER ? "higher" : "lower",
		"primary", (int)primary, "status", "ok", "driver", c->driver, "clock", c->driver,
		"samples", "launch_ends", "counters");
}

void import_sample(json_t *result, double value)
{
	if (isfinite(value))
		json_array_append_new(json_object_get(result, "samples"), json_real(value));
}

void import_launch(json_t *result)
{
	json_t *ends = json_object_get(result, "launch_ends");
	size_t n = json_array_size(json_object_get(result, "samples"));
	size_t last = json_array_size(ends);
	if (n && (!last || json_integer_value(json_array_get(ends, last - 1)) != (json_int_t)n))
		json_array_append_new(ends, json_integer((json_int_t)n));
}

void import_status(json_t *result, enum assay_status status, const char *reason)
{
	json_object_set_new(result, "status", json_string(assay_status_name(status)));
	json_object_set_new(result, "reason", assay_json_text(reason));
}

void import_count(json_t *result, const char *event, const char *source, double value)
{
	json_t *count =
		isfinite(value)
			? json_pack("{s:f, s:s, s:s}", "value", value, "quality",
				    assay_quality_name(ASSAY_DERIVED), "source", source)
			: json_pack("{s:s, s:s}", "quality", assay_quality_name(ASSAY_UNAVAILABLE),
				    "reason", "it is no finite number");
	json_object_set_new_nocheck(json_object_get(result, "counters"), event, count);
}

void import_param(json_t *params, const char *name, const char *text)
{
	char key[48], value[64];
	assay_slug_name(key, sizeof(key), name, "param");
	assay_slug_label(value, sizeof(value), text);
	json_object_set_new(params, key, json_string(*value ? value : "-"));
}
