/* SPDX-License-Identifier: MIT */
/* json: everything the store had about the runs of a report, so that a page is also a data file. */
#include "harness/base/json.h"
#include "harness/result_json.h"
#include "harness/store/run_json.h"
#include "reports/html.h"
#include "reports/page_data.h"
#include "reports/report.h"

size_t assay_report_samples(const struct assay_report_model *model)
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

static json_t *result_json(const struct assay_result *result, bool embed)
{
	struct assay_result bare = *result;
	if (!embed)
		bare.samples = (struct assay_samples){0};
	return assay_result_json(&bare, true);
}

/* What the reader of a page wants to know of its data: how many samples there are, and in what form. */
static void add_samples(json_t *json, size_t samples, bool embed, bool rounded)
{
	json_object_set_new(json, "samples_embedded", json_boolean(embed));
	json_object_set_new(json, "samples", json_integer((json_int_t)samples));
	if (rounded)
		json_object_set_new(json, "samples_digits", json_integer(ASSAY_PAGE_DIGITS));
}

enum assay_code assay_report_data(struct assay_str *to, const struct assay_report_model *model,
				  size_t max_samples, bool rounded, struct assay_err *err)
{
	struct assay_page_writer *writer;
	size_t samples = assay_report_samples(model);
	bool embed = !max_samples || samples <= max_samples;
	enum assay_code rc = assay_page_writer_new(to, rounded, &writer, err);
	if (rc != ASSAY_OK)
		return rc;
	for (size_t r = 0; r < model->n_runs; r++) {
		const struct assay_report_run *run = &model->runs[r];
		json_t *json = assay_run_json(run->info, true);
		json_object_set_new(json, "schema", json_string("assay/1"));
		json_object_set_new(json, "event", json_string("run"));
		json_object_set_new(json, "advice", advice_json(run));
		add_samples(json, samples, embed, rounded);
		assay_page_writer_add(writer, json);
		for (size_t i = 0; i < run->n_results; i++)
			assay_page_writer_add(writer, result_json(&run->results[i], embed));
	}
	return assay_page_writer_end(writer, err);
}

json_t *assay_report_json(const struct assay_report_model *model, size_t max_samples)
{
	size_t samples = assay_report_samples(model);
	bool embed = !max_samples || samples <= max_samples;
	json_t *runs = json_array();
	for (size_t r = 0; r < model->n_runs; r++) {
		json_t *results = json_array();
		for (size_t i = 0; i < model->runs[r].n_results; i++)
			json_array_append_new(results,
					      result_json(&model->runs[r].results[i], embed));
		json_t *run = assay_run_json(model->runs[r].info, true);
		json_object_set_new(run, "results", results);
		json_object_set_new(run, "advice", advice_json(&model->runs[r]));
		json_array_append_new(runs, run);
	}
	json_t *json = json_pack("{s:s, s:s}", "schema", "assay/1", "document", "report");
	add_samples(json, samples, embed, false);
	json_object_set_new(json, "runs", runs);
	return json;
}
