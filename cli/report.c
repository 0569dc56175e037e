/* SPDX-License-Identifier: MIT */
/* report: stored runs as a page, as Markdown or as text. A file appears whole or not at all. */
#include <string.h>

#include "cli/cli.h"
#include "cli/output.h"
#include "cli/report_material.h"
#include "harness/base/json.h"
#include "reports/report.h"

static const struct cli_option options[] = {
	{"output", 'o', "FILE", "write to FILE, '-': stdout (page: report.html; else stdout)"},
	{"md", 0, NULL, "Markdown for a pull request"},
	{"text", 0, NULL, "text for a terminal"},
	{"only", 0, "PATTERN", "only the cases that match"},
	{"compare", 0, NULL, "one run of each RUN, side by side; the first is the reference"},
	{"price", 0, "MACHINE=N", "what a machine costs; once per machine"},
	{"power", 0, "MACHINE=N", "watts that it draws; once per machine"},
	{"claims", 0, "FILE", "claims or budgets, beside what was measured (docs/budgets.md)"},
	{0},
};

typedef enum assay_code format(const struct assay_report_model *model, FILE *out,
			       const struct assay_report_options *options, struct assay_err *err);

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

static enum assay_code produce(struct cli *cli, const struct cli_args *args,
			       const struct assay_report_model *model, struct assay_err *err)
{
	const struct assay_report_options terminal = {.color = cli->color_out};
	bool markdown = cli_flag(args, "md"), text = cli_flag(args, "text");
	const char *path = cli_value(args, "output");
	format *write = markdown ? assay_report_markdown
			: text   ? assay_report_text
				 : assay_report_html;
	if (cli->json) {
		enum assay_code rc =
			assay_json_document(assay_report_json(model, 0), cli->json, err);
		if (rc != ASSAY_OK || (!path && !markdown && !text))
			return rc;
	}
	if (!path)
		path = markdown || text ? "-" : "report.html";
	if (strcmp(path, "-") != 0)
		return write_file(cli, model, write, path, err);
	if (cli->json_is_stdout)
		return assay_fail(err, ASSAY_EUSAGE,
				  "--json has stdout already; give the report a file with -o");
	return write(model, stdout, &terminal, err);
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

static enum assay_code gather(struct cli *cli, const struct cli_args *args,
			      struct report_material *m, struct assay_err *err)
{
	static const char *const newest[] = {"@last"};
	const struct report_request request = {
		.pattern = cli_value(args, "only"),
		.one_each = cli_flag(args, "compare"),
		.past = !cli_flag(args, "md") && !cli_flag(args, "text"),
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
	(void)ret_exit;
	if (cli_flag(args, "md") && cli_flag(args, "text"))
		return assay_fail(err, ASSAY_EUSAGE, "--md and --text exclude each other");
	if (cli_flag(args, "compare") && args->n_positional < 2)
		return assay_fail(err, ASSAY_EUSAGE,
				  "--compare wants two runs or more, such as machine:NAME "
				  "machine:OTHER or FILE.db; the first is the reference");
	enum assay_code rc = gather(cli, args, &material, err);
	if (rc == ASSAY_OK)
		rc = assay_report_model_new(material.inputs, material.n, &model, err);
	if (rc == ASSAY_OK)
		rc = produce(cli, args, model, err);
	assay_report_model_free(model);
	report_material_done(&material);
	return rc;
}

const struct cli_verb cli_verb_report = {
	.name = "report",
	.usage = "[RUN...]",
	.brief = "a page of figures and tables; Markdown; text",
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
