/* SPDX-License-Identifier: MIT */
/* gate_outputs: one report to every place that was asked for. */
#include "cli/gate_outputs.h"

#include <stdlib.h>
#include <string.h>

#include "cli/output.h"
#include "harness/base/str.h"
#include "harness/engine/argv.h"
#include "reports/gate.h"

typedef enum assay_code writer(const struct assay_gate_report *report, FILE *out,
			       const struct assay_gate_options *options, struct assay_err *err);

static const struct {
	const char *option;
	writer *write;
} files[] = {
	{"junit", assay_gate_write_junit},
	{"sarif", assay_gate_write_sarif},
	{"markdown", assay_gate_write_markdown},
};

/* In a workflow nobody has to ask for annotations, but a document on stdout stays a document. */
static bool wants_annotations(const struct cli *cli, const struct cli_args *args)
{
	const char *actions = getenv("GITHUB_ACTIONS");
	return cli_flag(args, "github") ||
	       (actions && strcmp(actions, "true") == 0 && !cli->json_is_stdout);
}

enum assay_code gate_outputs_check(const struct cli *cli, const struct cli_args *args,
				   struct assay_err *err)
{
	if (cli_flag(args, "github") && cli->json_is_stdout)
		return assay_fail(err, ASSAY_EUSAGE,
				  "--json has stdout already; with --github give it a file: "
				  "--json=FILE");
	for (size_t i = 0; i < ASSAY_COUNT_OF(files); i++) {
		const char *path = cli_value(args, files[i].option);
		if (path && (!*path || strcmp(path, "-") == 0))
			return assay_fail(err, ASSAY_EUSAGE, "--%s wants a file, not '%s'",
					  files[i].option, path);
		enum assay_code code = path ? output_check(path, err) : ASSAY_OK;
		if (code != ASSAY_OK)
			return assay_context(err, code, "--%s", files[i].option);
	}
	return ASSAY_OK;
}

/* The command line, to be pasted into a shell. */
static void command_line(struct assay_str *to, const struct cli *cli)
{
	const struct assay_argv words = {.words = cli->argv + 1, .n = (size_t)cli->argc - 1};
	assay_str_add(to, "assay ");
	assay_argv_quote(&words, to);
}

static enum assay_code write_file(const char *path, writer *write,
				  const struct assay_gate_report *report,
				  const struct assay_gate_options *options, struct assay_err *err)
{
	struct output output;
	enum assay_code code = output_open(&output, path, err);
	if (code != ASSAY_OK)
		return code;
	return output_close(&output, write(report, output.out, options, err), err);
}

/* The first failure stays, the others would hide it. */
static void keep(enum assay_code *first, struct assay_err *err, enum assay_code code,
		 const struct assay_err *mine)
{
	if (*first == ASSAY_OK && code != ASSAY_OK) {
		*first = code;
		*err = *mine;
	}
}

enum assay_code gate_outputs_write(const struct cli *cli, const struct cli_args *args,
				   const struct assay_gate_report *report, struct assay_err *err)
{
	ASSAY_AUTO(assay_str_done) struct assay_str command = {0}, store = {0};
	command_line(&command, cli);
	cli_store_option(cli, &store);
	const struct assay_gate_options options = {
		.color = cli->color_out,
		.width = cli_terminal_width(stdout),
		.all = cli_flag(args, "all"),
		.strict = cli_flag(args, "strict"),
		.version = ASSAY_VERSION,
		.command = command.failed ? NULL : assay_str_text(&command),
		.store = store.failed ? NULL : assay_str_text(&store),
	};
	enum assay_code first = ASSAY_OK;
	struct assay_err mine = {0};
	if (!cli->json_is_stdout)
		keep(&first, err, assay_gate_write_text(report, stdout, &options, &mine), &mine);
	if (cli->json)
		keep(&first, err, assay_gate_write_json(report, cli->json, &options, &mine), &mine);
	for (size_t i = 0; i < ASSAY_COUNT_OF(files); i++) {
		const char *path = cli_value(args, files[i].option);
		if (path)
			keep(&first, err, write_file(path, files[i].write, report, &options, &mine),
			     &mine);
	}
	if (wants_annotations(cli, args))
		keep(&first, err, assay_gate_write_github(report, stdout, &options, &mine), &mine);
	return first;
}
