/* SPDX-License-Identifier: MIT */
/* export_json: everything known of runs and results, as one document or as one object per line. */
#include "cli/formats.h"

#include "cli/stored.h"
#include "harness/base/json.h"
#include "harness/result_json.h"

static json_t *parsed(const char *text)
{
	json_t *json = json_loads(text, JSON_DECODE_ANY, NULL);
	return json ? json : json_null();
}

static json_t *whole_run(const struct assay_run_info *run)
{
	json_t *json = stored_json(run);
	json_object_set_new(json, "plan", parsed(run->plan));
	json_object_set_new(json, "machine_facts", parsed(run->machine_json));
	json_object_set_new(json, "environment", parsed(run->environment_json));
	return json;
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

/* The event of `assay run --json`, and what only the store knows. */
static json_t *whole_result(const struct assay_result *r)
{
	json_t *json = assay_result_json(r, true);
	json_object_set_new(json, "version", json_integer(r->version));
	json_object_set_new(json, "started_ns", json_integer((json_int_t)r->started_ns));
	json_object_set_new(json, "elapsed_ns", json_integer((json_int_t)r->elapsed_ns));
	json_object_set_new(json, "bytes_per_op", assay_json_real(r->bytes_per_op));
	json_object_set_new(json, "flops_per_op", assay_json_real(r->flops_per_op));
	if (r->histogram.n)
		json_object_set_new(json, "histogram", histogram_json(&r->histogram));
	return json;
}

static enum assay_code lines(FILE *out, const struct assay_run_info *run,
			     const struct assay_result_list *results, bool first,
			     struct assay_err *err)
{
	(void)first;
	char uuid[37];
	stored_uuid(run->uuid, uuid);
	json_t *head = whole_run(run);
	json_object_set_new(head, "schema", json_string("assay/1"));
	json_object_set_new(head, "event", json_string("run"));
	enum assay_code code = assay_json_line(head, out, err);
	for (size_t i = 0; i < results->n && code == ASSAY_OK; i++) {
		json_t *json = whole_result(&results->results[i]);
		json_object_set_new(json, "run", json_string(uuid));
		code = assay_json_line(json, out, err);
	}
	return code;
}

static enum assay_code begin(FILE *out, struct assay_err *err)
{
	(void)err;
	fputs("{\"schema\": \"assay/1\", \"runs\": [\n", out);
	return ASSAY_OK;
}

/* Run by run, so that a large store is never held in memory as a whole. */
static enum assay_code document_run(FILE *out, const struct assay_run_info *run,
				    const struct assay_result_list *results, bool first,
				    struct assay_err *err)
{
	json_t *array = json_array();
	for (size_t i = 0; i < results->n; i++)
		json_array_append_new(array, whole_result(&results->results[i]));
	json_t *json = whole_run(run);
	json_object_set_new(json, "results", array);
	if (!first)
		fputs(",\n", out);
	return assay_json_document(json, out, err);
}

static enum assay_code end(FILE *out, struct assay_err *err)
{
	(void)err;
	fputs("]}\n", out);
	return ASSAY_OK;
}

const struct export_format export_json = {
	.name = "json",
	.load = ASSAY_LOAD_SAMPLES | ASSAY_LOAD_COUNTERS,
	.begin = begin,
	.run = document_run,
	.end = end,
};

const struct export_format export_jsonl = {
	.name = "jsonl",
	.load = ASSAY_LOAD_SAMPLES | ASSAY_LOAD_COUNTERS,
	.run = lines,
};
