/* SPDX-License-Identifier: MIT */
/* json: everything the store had about the runs of a report, so that a page is also a data file. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "harness/base/json.h"
#include "reports/report.h"

static json_t *integer(uint64_t value)
{
	/* JSON readers agree on 53 bits at best, jansson on 63. */
	return value > INT64_MAX ? json_real((double)value) : json_integer((json_int_t)value);
}

static json_t *hex(const uint8_t *bytes, size_t n)
{
	char text[65];
	for (size_t i = 0; i < n && i < 32; i++)
		snprintf(text + 2 * i, 3, "%02x", bytes[i]);
	return json_string(text);
}

/* A document the store keeps as text: parsed, or as text when it is none. */
static json_t *document(const char *text)
{
	json_t *json = text ? json_loads(text, JSON_DECODE_ANY, NULL) : NULL;
	return json ? json : assay_json_text(text);
}

static json_t *params_json(const struct assay_result *result)
{
	json_t *json = json_object();
	for (size_t i = 0; i < result->n_params; i++)
		json_object_set_new(json, result->params[i].name,
				    assay_json_text(result->params[i].value));
	return json;
}

static json_t *counters_json(const struct assay_result *result)
{
	json_t *json = json_object();
	for (size_t i = 0; i < result->n_counters; i++) {
		const struct assay_count *count = &result->counters[i];
		json_t *one = json_object();
		bool counted = count->quality != ASSAY_UNAVAILABLE;
		json_object_set_new(one, "value",
				    counted ? assay_json_real(count->value) : json_null());
		json_object_set_new(one, "unit", assay_json_text(count->unit));
		json_object_set_new(one, "quality",
				    assay_json_text(assay_quality_name(count->quality)));
		json_object_set_new(one, "source", assay_json_text(count->source));
		json_object_set_new(one, "raw", counted ? integer(count->raw) : json_null());
		json_object_set_new(one, "enabled_ns", integer(count->enabled_ns));
		json_object_set_new(one, "running_ns", integer(count->running_ns));
		json_object_set_new(one, "reason", assay_json_text(count->reason));
		json_object_set_new(json, count->event, one);
	}
	return json;
}

static void set_estimate(json_t *json, const struct assay_estimate *e)
{
	const struct {
		const char *key;
		double value;
	} fields[] = {
		{"median", e->median}, {"lo", e->lo},     {"hi", e->hi},   {"min", e->min},
		{"max", e->max},       {"mean", e->mean}, {"sd", e->sd},   {"mad", e->mad},
		{"p50", e->p50},       {"p90", e->p90},   {"p99", e->p99}, {"p999", e->p999},
	};
	json_object_set_new(json, "n", integer(e->n));
	for (size_t i = 0; i < ASSAY_COUNT_OF(fields); i++)
		json_object_set_new(json, fields[i].key, assay_json_real(fields[i].value));
}

static void set_samples(json_t *json, const struct assay_result *result)
{
	const struct assay_samples *samples = &result->samples;
	json_t *values = json_array(), *flags = json_array(), *ends = json_array();
	bool flagged = false;
	for (size_t i = 0; i < samples->n; i++) {
		json_array_append_new(values, assay_json_real(samples->values[i]));
		json_array_append_new(flags, json_integer(samples->flags ? samples->flags[i] : 0));
		flagged |= samples->flags && samples->flags[i];
	}
	for (size_t i = 0; i < samples->launches; i++)
		json_array_append_new(ends, integer(samples->launch_end[i]));
	json_object_set_new(json, "samples", values);
	json_object_set_new(json, "launch_end", ends);
	if (flagged)
		json_object_set(json, "sample_flags", flags);
	json_decref(flags);
	if (!result->histogram.n)
		return;
	json_t *index = json_array(), *counts = json_array();
	for (size_t i = 0; i < result->histogram.n; i++) {
		json_array_append_new(index, integer(result->histogram.index[i]));
		json_array_append_new(counts, integer(result->histogram.counts[i]));
	}
	json_object_set_new(json, "histogram",
			    json_pack("{s:o, s:o}", "index", index, "counts", counts));
}

static void set_names(json_t *json, const struct assay_result *result)
{
	json_object_set_new(json, "name", assay_json_text(result->name));
	json_object_set_new(json, "suite", assay_json_text(result->suite));
	json_object_set_new(json, "benchmark", assay_json_text(result->benchmark));
	json_object_set_new(json, "subject", assay_json_text(result->subject));
	json_object_set_new(json, "version", json_integer(result->version));
	json_object_set_new(json, "params", params_json(result));
	json_object_set_new(json, "threads", json_integer(result->threads));
	json_object_set_new(json, "metric", assay_json_text(result->metric.name));
	json_object_set_new(json, "unit", assay_json_text(result->metric.unit));
	json_object_set_new(
		json, "better",
		json_string(result->metric.better == ASSAY_HIGHER ? "higher" : "lower"));
	json_object_set_new(json, "primary", json_boolean(result->primary));
}

static json_t *result_json(const struct assay_result *result, bool samples)
{
	char noise[2] = {result->noise, '\0'};
	json_t *json = json_object();
	set_names(json, result);
	json_object_set_new(json, "status", assay_json_text(assay_status_name(result->status)));
	json_object_set_new(json, "reason", assay_json_text(result->reason));
	set_estimate(json, &result->estimate);
	json_object_set_new(json, "samples_cpu_ratio", assay_json_real(result->cpu_ratio));
	json_object_set_new(json, "bytes_per_op", assay_json_real(result->bytes_per_op));
	json_object_set_new(json, "flops_per_op", assay_json_real(result->flops_per_op));
	json_object_set_new(json, "flags", json_integer(result->flags));
	json_object_set_new(json, "noise", assay_json_text(noise));
	json_object_set_new(json, "counters", counters_json(result));
	json_object_set_new(json, "driver", assay_json_text(result->driver));
	json_object_set_new(json, "clock", assay_json_text(result->clock));
	json_object_set_new(json, "started_ns", integer(result->started_ns));
	json_object_set_new(json, "elapsed_ns", integer(result->elapsed_ns));
	if (samples)
		set_samples(json, result);
	return json;
}

static json_t *tags_json(const struct assay_run_info *info)
{
	json_t *json = json_object();
	for (size_t i = 0; i < info->n_tags; i++)
		json_object_set_new(json, info->tags[i].key, assay_json_text(info->tags[i].value));
	return json;
}

static json_t *run_json(const struct assay_run_info *info)
{
	static const char *const statuses[] = {"running", "complete", "interrupted", "crashed",
					       "imported"};
	char noise[2] = {info->noise, '\0'}, seed[24];
	json_t *json = json_object();
	snprintf(seed, sizeof(seed), "%" PRIu64, info->seed);
	json_object_set_new(json, "id", json_integer(info->id));
	json_object_set_new(json, "uuid", hex(info->uuid, sizeof(info->uuid)));
	json_object_set_new(json, "status", json_string(statuses[info->status]));
	json_object_set_new(json, "started_ns", integer(info->started_ns));
	json_object_set_new(json, "finished_ns", integer(info->finished_ns));
	json_object_set_new(json, "seed", json_string(seed));
	json_object_set_new(json, "profile", assay_json_text(info->profile));
	json_object_set_new(json, "command", document(info->command));
	json_object_set_new(json, "plan", document(info->plan));
	json_object_set_new(json, "noise", assay_json_text(noise));
	json_object_set_new(json, "machine_name", assay_json_text(info->machine_name));
	json_object_set_new(json, "fingerprint", hex(info->fingerprint, sizeof(info->fingerprint)));
	json_object_set_new(json, "topology_xml", assay_json_text(info->topology_xml));
	json_object_set_new(json, "machine", document(info->machine_json));
	json_object_set_new(json, "environment", document(info->environment_json));
	json_object_set_new(json, "environment_hash",
			    hex(info->environment_hash, sizeof(info->environment_hash)));
	json_object_set_new(json, "assay", assay_json_text(info->version));
	json_object_set_new(json, "commit", assay_json_text(info->commit));
	json_object_set_new(json, "dirty", json_boolean(info->dirty));
	json_object_set_new(json, "tags", tags_json(info));
	return json;
}

static size_t count_samples(const struct assay_report_model *model)
{
	size_t n = 0;
	for (size_t r = 0; r < model->n_runs; r++)
		for (size_t i = 0; i < model->runs[r].n_results; i++)
			n += model->runs[r].results[i].samples.n;
	return n;
}

static json_t *advice_json(const struct assay_report_run *run)
{
	json_t *list = json_array();
	for (size_t i = 0; i < run->n_advice; i++) {
		const struct assay_report_advice *a = &run->advice[i];
		json_array_append_new(list,
				      json_pack("{s:s, s:s, s:s, s:s, s:o, s:I, s:s, s:o}", "rule",
						a->rule, "about", a->machine ? "machine" : "code",
						"confidence", a->confidence, "text", a->text,
						"example", assay_json_text(a->example), "cases",
						(json_int_t)a->n_cases, "because", a->because,
						"try", assay_json_text(a->next)));
	}
	return list;
}

json_t *assay_report_json(const struct assay_report_model *model, size_t max_samples)
{
	size_t samples = count_samples(model);
	bool embed = !max_samples || samples <= max_samples;
	json_t *runs = json_array();
	for (size_t r = 0; r < model->n_runs; r++) {
		json_t *results = json_array();
		for (size_t i = 0; i < model->runs[r].n_results; i++)
			json_array_append_new(results,
					      result_json(&model->runs[r].results[i], embed));
		json_t *run = run_json(model->runs[r].info);
		json_object_set_new(run, "results", results);
		json_object_set_new(run, "advice", advice_json(&model->runs[r]));
		json_array_append_new(runs, run);
	}
	return json_pack("{s:s, s:s, s:b, s:I, s:o}", "schema", "assay/1", "document", "report",
			 "samples_embedded", (int)embed, "samples", (json_int_t)samples, "runs",
			 runs);
}
