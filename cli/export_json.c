/* SPDX-License-Identifier: MIT */
/* export_json: everything known of runs and results, as one document or as one object per line. */
#include "cli/formats.h"

#include "cli/stored.h"
#include "harness/base/json.h"
#include "harness/result_json.h"
#include "harness/store/run_json.h"

static enum assay_code lines(FILE *out, const struct assay_run_info *run,
			     const struct assay_result_list *results, bool first,
			     struct assay_err *err)
{
	(void)first;
	char uuid[37];
	assay_uuid_text(run->uuid, uuid);
	json_t *head = assay_run_json(run, true);
	json_object_set_new(head, "schema", json_string("assay/1"));
	json_object_set_new(head, "event", json_string("run"));
	enum assay_code code = assay_json_line(head, out, err);
	for (size_t i = 0; i < results->n && code == ASSAY_OK; i++) {
		json_t *json = assay_result_json(&results->results[i], true);
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
		json_array_append_new(array, assay_result_json(&results->results[i], true));
	json_t *json = assay_run_json(run, true);
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
