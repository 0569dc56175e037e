/* SPDX-License-Identifier: MIT */
/* report: stored runs as a page or in another format. A file appears whole or not at all. */
#include <stdlib.h>
#include <string.h>

#include "cli/advice.h"
#include "cli/cli.h"
#include "cli/formats.h"
#include "cli/output.h"
#include "cli/stored.h"
#include "cli/viewer.h"
#include "harness/base/json.h"
#include "harness/base/str.h"
#include "reports/report.h"

static const struct cli_option options[] = {
	{"output", 'o', "FILE", "write to FILE, '-': stdout (page: report.html; else stdout)"},
	{"md", 0, NULL, "Markdown for a pull request"},
	{"text", 0, NULL, "text for a terminal"},
	{"junit", 0, NULL, "JUnit XML: a test case per case"},
	{"csv", 0, NULL, "a row per result, with a header"},
	{"jsonl", 0, NULL, "JSON Lines: an object per run and result"},
	{"open", 0, NULL, "show the page when it is written"},
	{"only", 0, "PATTERN", "only the cases that match"},
	{0},
};

/* The runs of the report, and what keeps them alive. */
struct material {
	struct stored *stores; /* one per reference */
	size_t n_stores;
	struct assay_result_list *results; /* one per run */
	struct advice_summary *advice;     /* one per run */
	struct assay_report_input *inputs;
	size_t n;
	struct assay_report_model *model;
};

static void material_done(struct material *m)
{
	assay_report_model_free(m->model);
	for (size_t i = 0; i < m->n; i++) {
		assay_result_list_done(&m->results[i]);
		advice_summary_done(&m->advice[i]);
	}
	for (size_t i = 0; i < m->n_stores; i++)
		stored_done(&m->stores[i]);
	free(m->results);
	free(m->advice);
	free(m->inputs);
	free(m->stores);
}

static bool grow(void *array, size_t n, size_t each)
{
	void *larger = reallocarray(*(void **)array, n, each);
	if (larger)
		*(void **)array = larger;
	return larger != NULL;
}

static enum assay_code add_run(const struct cli *cli, struct material *m, struct assay_store *store,
			       const struct assay_run_info *run, const char *pattern,
			       struct assay_err *err)
{
	if (!grow(&m->results, m->n + 1, sizeof(*m->results)) ||
	    !grow(&m->inputs, m->n + 1, sizeof(*m->inputs)) ||
	    !grow(&m->advice, m->n + 1, sizeof(*m->advice)))
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for %zu runs", m->n + 1);
	struct assay_result_list *list = &m->results[m->n];
	struct advice_summary *advice = &m->advice[m->n];
	struct ceilings ceilings = {0};
	enum assay_code rc = assay_store_results(
		store, run->id, pattern, ASSAY_LOAD_SAMPLES | ASSAY_LOAD_COUNTERS, list, err);
	if (rc != ASSAY_OK)
		return rc;
	m->inputs[m->n] = (struct assay_report_input){
		.run = run, .results = list->results, .n_results = list->n};
	*advice = (struct advice_summary){0};
	m->n++;
	rc = ceilings_load(store, run->fingerprint, &ceilings, err);
	if (rc == ASSAY_OK)
		rc = advice_summarise(cli, list->results, list->n, &ceilings, advice, err);
	m->inputs[m->n - 1].advice = advice->advice;
	m->inputs[m->n - 1].n_advice = advice->n;
	ceilings_done(&ceilings);
	return rc;
}

/* Open the store of each reference in its own place of m->stores, which must not move. */
static enum assay_code gather(struct cli *cli, const struct cli_args *args, struct material *m,
			      struct assay_err *err)
{
	static const char *const newest[] = {"@last"};
	size_t n = args->n_positional ? (size_t)args->n_positional : 1;
	const char *const *references =
		args->n_positional ? (const char *const *)args->positional : newest;
	m->stores = calloc(n, sizeof(*m->stores));
	if (!m->stores)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for %zu references", n);
	for (size_t i = 0; i < n; i++) {
		struct stored *stored = &m->stores[i];
		enum assay_code rc = stored_open(cli, references[i], stored, err);
		m->n_stores = i + 1;
		for (size_t r = 0; rc == ASSAY_OK && r < stored->runs.n; r++)
			rc = add_run(cli, m, stored->store, &stored->runs.runs[r],
				     cli_value(args, "only"), err);
		if (rc != ASSAY_OK)
			return rc;
	}
	size_t results = 0;
	for (size_t r = 0; r < m->n; r++)
		results += m->inputs[r].n_results;
	if (results == 0 && cli_value(args, "only"))
		return assay_fail(err, ASSAY_EUSAGE, "no case matches '%.100s'",
				  cli_value(args, "only"));
	return assay_report_model_new(m->inputs, m->n, &m->model, err);
}

typedef enum assay_code format(const struct assay_report_model *model, FILE *out,
			       const struct assay_report_options *options, struct assay_err *err);

/* What `assay export` writes, of the runs and cases of this report. */
static enum assay_code write_as(const struct export_format *as,
				const struct assay_report_model *model, FILE *out,
				struct assay_err *err)
{
	enum assay_code rc = as->begin ? as->begin(out, err) : ASSAY_OK;
	for (size_t r = 0; rc == ASSAY_OK && r < model->n_runs; r++) {
		const struct assay_report_run *run = &model->runs[r];
		const struct assay_result_list list = {
			.results = (struct assay_result *)run->results, /* only read */
			.n = run->n_results};
		rc = as->run(out, run->info, &list, r == 0, err);
	}
	return rc == ASSAY_OK && as->end ? as->end(out, err) : rc;
}

static enum assay_code write_csv(const struct assay_report_model *model, FILE *out,
				 const struct assay_report_options *view, struct assay_err *err)
{
	(void)view;
	return write_as(&export_csv, model, out, err);
}

static enum assay_code write_jsonl(const struct assay_report_model *model, FILE *out,
				   const struct assay_report_options *view, struct assay_err *err)
{
	(void)view;
	return write_as(&export_jsonl, model, out, err);
}

/* By option; without any of them it is a page. */
static const struct {
	const char *option;
	format *write;
} formats[] = {
	{"md", assay_report_markdown}, {"text", assay_report_text},
	{"junit", assay_report_junit}, {"csv", write_csv},
	{"jsonl", write_jsonl},
};

static enum assay_code choose_format(const struct cli_args *args, format **ret,
				     struct assay_err *err)
{
	const char *chosen = NULL;
	*ret = NULL;
	for (size_t i = 0; i < ASSAY_COUNT_OF(formats); i++) {
		if (!cli_flag(args, formats[i].option))
			continue;
		if (chosen)
			return assay_fail(err, ASSAY_EUSAGE, "--%s and --%s exclude each other",
					  chosen, formats[i].option);
		chosen = formats[i].option;
		*ret = formats[i].write;
	}
	const char *path = cli_value(args, "output");
	if (cli_flag(args, "open") && (chosen || (path && strcmp(path, "-") == 0)))
		return assay_fail(err, ASSAY_EUSAGE, "--open shows a page, which is a file");
	return ASSAY_OK;
}

static enum assay_code write_file(struct cli *cli, const struct assay_report_model *model,
				  format *write, const char *path, struct assay_err *err)
{
	const struct assay_report_options plain = {0};
	struct output output;
	enum assay_code rc = output_open(&output, path, err);
	if (rc != ASSAY_OK)
		return rc;
	rc = write(model, output.out, &plain, err);
	long n = ftell(output.out);
	rc = output_close(&output, rc, err);
	if (rc == ASSAY_OK)
		cli_note(cli, "%s written, %ld KB", path, (n + 999) / 1000);
	return rc;
}

/* `write` is NULL for a page. */
static enum assay_code produce(struct cli *cli, const struct cli_args *args,
			       const struct assay_report_model *model, format *write,
			       struct assay_err *err)
{
	const struct assay_report_options terminal = {.color = cli->color_out};
	const char *path = cli_value(args, "output");
	bool open = cli_flag(args, "open");
	if (cli->json) {
		enum assay_code rc =
			assay_json_document(assay_report_json(model, 0), cli->json, err);
		if (rc != ASSAY_OK || (!path && !write && !open))
			return rc;
	}
	if (!path)
		path = write ? "-" : "report.html";
	if (strcmp(path, "-") != 0) {
		enum assay_code rc =
			write_file(cli, model, write ? write : assay_report_html, path, err);
		return rc == ASSAY_OK && open ? viewer_open(path, err) : rc;
	}
	if (cli->json_is_stdout)
		return assay_fail(err, ASSAY_EUSAGE,
				  "--json has stdout already; give the report a file with -o");
	return (write ? write : assay_report_html)(model, stdout, &terminal, err);
}

static enum assay_code run(struct cli *cli, const struct cli_args *args, int *ret_exit,
			   struct assay_err *err)
{
	struct material material = {0};
	format *write;
	(void)ret_exit;
	enum assay_code rc = choose_format(args, &write, err);
	if (rc == ASSAY_OK)
		rc = gather(cli, args, &material, err);
	if (rc == ASSAY_OK)
		rc = produce(cli, args, material.model, write, err);
	material_done(&material);
	return rc;
}

const struct cli_verb cli_verb_report = {
	.name = "report",
	.usage = "[RUN...]",
	.brief = "a page of figures and tables; Markdown, text, JUnit, CSV",
	.details =
		"Without RUN the newest run. The page is one file that loads nothing and runs no\n"
		"script; gnuplot draws its figures, and without gnuplot it has tables only.\n"
		"With --json everything behind it is written as one document.",
	.options = options,
	.paged = true,
	.run = run,
};
