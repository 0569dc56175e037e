/* SPDX-License-Identifier: MIT */
/* man: manual pages in man(7), printed from the tables that parse the command line. The build runs it. */
#include <ctype.h>
#include <string.h>

#include "cli/cli.h"

/* docs/exit-codes.md says more. */
static const struct {
	const char *code, *brief;
} exits[] = {
	{"0", "all is well; what was skipped is listed with its reason"},
	{"1", "a regression, or a missed budget"},
	{"2", "usage or configuration: what was asked for does not exist or makes no sense"},
	{"3",
	 "a benchmark failed: wrong answer, crash, timeout; or an output could not be written"},
	{"4", "cannot decide: too noisy or too few samples, with --strict"},
	{"5", "coverage lost: a benchmark vanished or crashed, or nothing could be compared"},
	{"6", "not possible in this environment"},
	{"7", "the store refused: damaged, newer, read-only, missing, disk full"},
	{"130, 143", "interrupted, terminated; what was finished is stored"},
	{"141", "who read the output went away"},
};

/* Text inside a line: what roff would interpret, and hyphens that must stay hyphens when copied. */
static void put_text(FILE *out, const char *text, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (text[i] == '\\')
			fputs("\\e", out);
		else if (text[i] == '-')
			fputs("\\-", out);
		else
			fputc(text[i], out);
	}
}

/* Lines as they stand; one that starts with a dot or a quote would be a request. */
static void put_lines(FILE *out, const char *text)
{
	while (*text) {
		size_t n = strcspn(text, "\n");
		if (*text == '.' || *text == '\'')
			fputs("\\&", out);
		put_text(out, text, n);
		fputc('\n', out);
		text += n + (text[n] == '\n');
	}
}

/* Laid out by hand, examples and columns among it: not filled again. */
static void put_verbatim(FILE *out, const char *text)
{
	fputs(".nf\n", out);
	put_lines(out, text);
	fputs(".fi\n", out);
}

static void put_option(FILE *out, const struct cli_option *option)
{
	fputs(".TP\n", out);
	if (option->letter)
		fprintf(out, "\\fB\\-%c\\fR, ", option->letter);
	fputs("\\fB\\-\\-", out);
	put_text(out, option->name, strlen(option->name));
	fputs("\\fR", out);
	if (option->argument) {
		bool optional = option->argument[0] == '[';
		fputs(optional ? "[=\\fI" : " \\fI", out);
		put_text(out, option->argument + optional,
			 strlen(option->argument) - (optional ? 2 : 0));
		fputs(optional ? "\\fR]" : "\\fR", out);
	}
	fputc('\n', out);
	put_lines(out, option->help);
}

static void put_options(FILE *out, const char *heading, const struct cli_option *options)
{
	if (!options || !options[0].name)
		return;
	fprintf(out, ".SH %s\n", heading);
	for (; options->name; options++)
		put_option(out, options);
}

static void put_usage(FILE *out, const struct cli_verb *verb)
{
	const char *usage = verb->usage ? verb->usage : "";
	fputs(".SH SYNOPSIS\n", out);
	do { /* one line per form */
		size_t n = strcspn(usage, "\n");
		fprintf(out, "\\fBassay %s\\fR ", verb->name);
		put_text(out, usage, n);
		fputs("\n.br\n", out);
		usage += n;
	} while (*usage++ == '\n');
}

static void verb_page(FILE *out, const struct cli_verb *verb)
{
	fputs(".TH ASSAY\\-", out);
	for (const char *c = verb->name; *c; c++)
		fputc(toupper((unsigned char)*c), out);
	fprintf(out, " 1 \"\" \"assay %s\" \"assay manual\"\n", ASSAY_VERSION);
	fprintf(out, ".SH NAME\nassay\\-%s \\- ", verb->name);
	put_lines(out, verb->brief);
	put_usage(out, verb);
	if (verb->details) {
		fputs(".SH DESCRIPTION\n", out);
		put_verbatim(out, verb->details);
	}
	put_options(out, "OPTIONS", verb->options);
	put_options(out, "OPTIONS OF EVERY VERB", cli_globals);
	fputs(".SH SEE ALSO\n.BR assay (1)\n", out);
}

static void put_verbs(FILE *out)
{
	fputs(".SH VERBS\n", out);
	for (size_t i = 0; cli_verbs[i]; i++) {
		if (!cli_verbs[i]->brief)
			continue;
		fprintf(out, ".TP\n.BR assay\\-%s (1)\n", cli_verbs[i]->name);
		put_lines(out, cli_verbs[i]->brief);
	}
}

static void put_exits(FILE *out)
{
	fputs(".SH EXIT STATUS\n", out);
	for (size_t i = 0; i < ASSAY_COUNT_OF(exits); i++) {
		fprintf(out, ".TP\n.B %s\n", exits[i].code);
		put_lines(out, exits[i].brief);
	}
}

static void main_page(FILE *out)
{
	fprintf(out, ".TH ASSAY 1 \"\" \"assay %s\" \"assay manual\"\n", ASSAY_VERSION);
	fputs(".SH NAME\nassay \\- benchmark, profile and compare machines and code\n"
	      ".SH SYNOPSIS\n\\fBassay\\fR \\fIVERB\\fR [\\fIOPTION\\fR...] [\\fIARGUMENT\\fR...]\n"
	      ".SH DESCRIPTION\n"
	      "assay measures machines and code, keeps every result in one SQLite file, says\n"
	      "whether something got slower, and explains why. Without a verb it names the\n"
	      "commands to try on this machine.\n",
	      out);
	put_verbs(out);
	put_options(out, "OPTIONS OF EVERY VERB", cli_globals);
	put_exits(out);
	fputs(".SH ENVIRONMENT\n"
	      ".TP\n\\fBASSAY_\\fIKEY\\fR\nsets what assay.yaml would set as \\fIkey\\fR; "
	      "\\fBassay config\\fR lists the keys.\n"
	      ".TP\n.B NO_COLOR\nno colour unless \\fB\\-\\-color always\\fR asks for it.\n"
	      ".SH FILES\n"
	      ".TP\n.I results.db\nthe results, in the current folder unless "
	      "\\fB\\-\\-db\\fR names another.\n"
	      ".TP\n.I assay.yaml\nsettings of a project, looked for in the current folder and "
	      "those above it;\nthe user's own are in "
	      "\\fI~/.config/assay/assay.yaml\\fR.\n",
	      out);
}

static enum assay_code run(struct cli *cli, const struct cli_args *args, int *ret_exit,
			   struct assay_err *err)
{
	(void)cli;
	(void)ret_exit;
	const struct cli_verb *verb = NULL;
	if (args->n_positional > 1)
		return assay_fail(err, ASSAY_EUSAGE, "one verb at a time, or none for assay(1)");
	if (!args->n_positional) {
		main_page(stdout);
		return ASSAY_OK;
	}
	enum assay_code code = cli_verb_find(args->positional[0], &verb, err);
	if (code == ASSAY_OK && !verb->brief)
		return assay_fail(err, ASSAY_EUSAGE, "'%s' is for assay itself and has no page",
				  verb->name);
	if (code == ASSAY_OK)
		verb_page(stdout, verb);
	return code;
}

const struct cli_verb cli_verb_man = {
	.name = "man",
	.usage = "[VERB]",
	.bare = true,
	.run = run,
};
