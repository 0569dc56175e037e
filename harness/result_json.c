/* SPDX-License-Identifier: MIT */
/* result_json: results for machines to read. */
#include "harness/result_json.h"

#include "harness/base/json.h"

json_t *assay_count_json(const struct assay_count *count)
{
	bool have = count->quality != ASSAY_UNAVAILABLE;
	json_t *json = json_object();
	bool whole = strcmp(count->source, ASSAY_SOURCE_STATED) == 0;
	json_object_set_new(json, "value",
			    !have   ? json_null()
			    : whole ? json_integer((json_int_t)count->raw)
				    : assay_json_real(count->value));
	json_object_set_new(json, "quality", json_string(assay_quality_name(count->quality)));
	if (have) {
		json_object_set_new(json, "source", assay_json_text(count->source));
		json_object_set_new(json, "raw", json_integer((json_int_t)count->raw));
		json_object_set_new(json, "enabled_ns",
				    json_integer((json_int_t)count->enabled_ns));
		json_object_set_new(json, "running_ns",
				    json_integer((json_int_t)count->running_ns));
	}
	if (count->unit[0])
		json_object_set_new(json, "unit", assay_json_text(count->unit));
	if (count->reason[0])
		json_object_set_new(json, "reason", assay_json_text(count->reason));
	return json;
}

static json_t *params_json(const struct assay_result *result)
{
	json_t *params = json_object();
	for (size_t i = 0; i < result->n_params; i++)
		json_object_set_new(params, result->params[i].name,
				    assay_json_text(result->params[i].value));
	return params;
}

static json_t *counters_json(const struct assay_result *result)
{
	json_t *counters = json_object();
	for (size_t i = 0; i < result->n_counters; i++)
		json_object_set_new(counters, result->counters[i].event,
				    assay_count_json(&result->counters[i]));
	return counters;
}

static void add_estimate(json_t *json, const struct assay_estimate *e)
{
	const struct {
		const char *name;
		double value;
	} fields[] = {
		{"median", e->median}, {"lo", e->lo},     {"hi", e->hi},   {"min", e->min},
		{"max", e->max},       {"mean", e->mean}, {"sd", e->sd},   {"mad", e->mad},
		{"p50", e->p50},       {"p90", e->p90},   {"p99", e->p99}, {"p999", e->p999},
	};
	json_object_set_new(json, "n", json_integer((json_int_t)e->n));
	for (size_t i = 0; i < ASSAY_COUNT_OF(fields); i++)
		json_object_set_new(json, fields[i].name, assay_json_real(fields[i].value));
}

static void add_samples(json_t *json, const struct assay_samples *samples)
{
	json_t *values = json_array(), *flags = json_array(), *ends = json_array();
	for (size_t i = 0; i < samples->n; i++) {
		json_array_append_new(values, assay_json_real(samples->values[i]));
		json_array_append_new(flags, json_integer(samples->flags[i]));
	}
	for (size_t i = 0; i < samples->launches; i++)
		json_array_append_new(ends, json_integer(samples->launch_end[i]));
	json_object_set_new(json, "samples", values);
	json_object_set_new(json, "sample_flags", flags);
	json_object_set_new(json, "launch_ends", ends);
}

static json_t *histogram_json(const struct assay_histogram_data *histogram)
{
	json_t *index = json_array(), *counts = json_array();
	for (size_t i = 0; i < histogram->n; i++) {
		json_array_append_new(index, json_integer(histogram->index[i]));
		json_array_append_new(counts, json_integer((json_int_t)histogram->counts[i]));
	}
	return json_pack("{s:o, s:o}", "index", index, "counts", counts);
}

static void add_rest(json_t *json, const struct assay_result *r)
{
	json_object_set_new(json, "version", json_integer(r->version));
	json_object_set_new(json, "started_ns", json_integer((json_int_t)r->started_ns));
	json_object_set_new(json, "elapsed_ns", json_integer((json_int_t)r->elapsed_ns));
	json_object_set_new(json, "bytes_per_op", assay_json_real(r->bytes_per_op));
	json_object_set_new(json, "flops_per_op", assay_json_real(r->flops_per_op));
	if (r->histogram.n)
		json_object_set_new(json, "histogram", histogram_json(&r->histogram));
}

json_t *assay_result_json(const struct assay_result *r, bool whole)
{
	json_t *json = json_pack(
		"{s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:i, s:o, s:o, s:s, s:b, s:s, s:o}", "schema",
		"assay/1", "event", "result", "name", assay_json_text(r->name), "suite",
		assay_json_text(r->suite), "benchmark", assay_json_text(r->benchmark), "subject",
		assay_json_text(r->subject), "params", params_json(r), "threads", (int)r->threads,
		"metric", assay_json_text(r->metric.name), "unit", assay_json_text(r->metric.unit),
		"better", r->metric.better == ASSAY_HIGHER ? "higher" : "lower", "primary",
		(int)r->primary, "status", assay_status_name(r->status), "reason",
		assay_json_text(r->reason));
	if (!json)
		return NULL;
	add_estimate(json, &r->estimate);
	const char noise[] = {r->noise ? r->noise : '?', '\0'};
	json_object_set_new(json, "samples_cpu_ratio", assay_json_real(r->cpu_ratio));
	json_object_set_new(json, "noise", json_string(noise));
	json_object_set_new(json, "counters", counters_json(r));
	json_object_set_new(json, "driver", assay_json_text(r->driver));
	json_object_set_new(json, "clock", assay_json_text(r->clock));
	json_object_set_new(json, "flags", json_integer(r->flags));
	if (whole) {
		add_rest(json, r);
		add_samples(json, &r->samples);
	}
	return json;
}
