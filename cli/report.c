/* SPDX-License-Identifier: MIT */
/* report: stored runs as a page or in another format. A file appears whole or not at all. */
#include <string.h>

#include "cli/cli.h"
#include "cli/formats.h"
#include "cli/output.h"
#include "cli/report_material.h"
#include "cli/viewer.h"
#include "harness/base/json.h"
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
	{"compare", 0, NULL, "one run of each RUN, side by side; the first is the reference"},
	{"price", 0, "MACHINE=N", "what a machine costs; once per machine"},
	{"power", 0, "MACHINE=N", "watts that it draws; once per machine"},
	{"claims", 0, "FILE", "claims or budgets, beside what was measured (docs/budgets.md)"},
	{0},
};

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
	const struct assay_report_options terminal = {.color = cli->color_out,
						      .width = cli_terminal_width(stdout)};
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

/* What may be given several times: files of claims before the runs are read, costs after. */
static enum assay_code each(struct report_material *m, const struct cli_args *args, bool loaded,
			    struct assay_err *err)
{
	enum assay_code rc = ASSAY_OK;
	for (size_t i = 0; i < args->n_given && rc == ASSAY_OK; i++) {
		const struct cli_given *given = &args->given[i];
		const char *name = given->option->name;
		if (!loaded && strcmp(name, "claims") == 0)
			rc = budget_list_read(&m->budgets, given->value, err);
		if (loaded && (strcmp(name, "price") == 0 || strcmp(name, "power") == 0))
			rc = report_material_cost(m, name, given->value, err);
	}
	return rc;
}

/* `past`: with the history of each series, which only a page and the document show. */
static enum assay_code gather(struct cli *cli, const struct cli_args *args,
			      struct report_material *m, bool past, struct assay_err *err)
{
	static const char *const newest[] = {"@last"};
	const struct report_request request = {
		.pattern = cli_value(args, "only"),
		.one_each = cli_flag(args, "compare"),
		.past = past,
	};
	size_t n = args->n_positional ? (size_t)args->n_positional : 1;
	const char *const *references =
		args->n_positional ? (const char *const *)args->positional : newest;
	enum assay_code rc = each(m, args, false, err);
	if (rc == ASSAY_OK)
		rc = report_material_load(cli, m, references, n, &request, err);
	return rc == ASSAY_OK ? each(m, args, true, err) : rc;
}

static enum assay_code run(struct cli *cli, const struct cli_args *args, int *ret_exit,
			   struct assay_err *err)
{
	struct report_material material = {0};
	struct assay_report_model *model = NULL;
	format *write;
	(void)ret_exit;
	if (cli_flag(args, "compare") && args->n_positional < 2)
		return assay_fail(err, ASSAY_EUSAGE,
				  "--compare wants two runs or more, such as machine:NAME "
				  "machine:OTHER or FILE.db; the first is the reference");
	enum assay_code rc = choose_format(args, &write, err);
	if (rc == ASSAY_OK)
		rc = gather(cli, args, &material, write == NULL || cli->json, err);
	if (rc == ASSAY_OK)
		rc = assay_report_model_new(material.inputs, material.n, &model, err);
	if (rc == ASSAY_OK)
		rc = produce(cli, args, model, write, err);
	assay_report_model_free(model);
	report_material_done(&material);
	return rc;
}

const struct cli_verb cli_verb_report = {
	.name = "report",
	.usage = "[RUN...]",
	.brief = "a page of figures and tables; Markdown, text, JUnit, CSV",
	.details =
		"Without RUN the newest run. The page is one file that loads nothing, and works\n"
		"without its one script, which sorts and filters. gnuplot draws its figures;\n"
		"without gnuplot it has tables only.\n"
		"\n"
		"Of several runs on one machine the page says what changed against the first; of\n"
		"several machines, how many times as good each is, suite by suite.\n"
		"\n"
		"With --json everything behind it is written as one document.",
	.options = options,
	.paged = true,
	.run = run,
};
