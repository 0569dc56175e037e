/* SPDX-License-Identifier: MIT */
/* help: every page is printed from the tables that also parse, so the two cannot drift apart. */
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "harness/base/str.h"
#include "harness/machine/topology.h"

enum {
	PAGE_WIDTH = 80,
	BRIEF_COLUMN = 14,  /* where the brief of a verb starts in the overview */
	OPTION_COLUMN = 26, /* where the help of an option starts */
};

void cli_fill(FILE *out, int at, int indent, const char *text)
{
	bool first = true;
	while (*text) {
		int length = (int)strcspn(text, " \n");
		if (!first && at + 1 + length > PAGE_WIDTH) {
			fprintf(out, "\n%*s", indent, "");
			at = indent;
		} else if (!first) {
			fputc(' ', out);
			at++;
		}
		fwrite(text, 1, (size_t)length, out);
		at += length;
		text += length;
		first = false;
		if (*text == '\n') {
			fprintf(out, "\n%*s", text[1] ? indent : 0, "");
			at = indent;
			first = true;
		}
		if (*text)
			text++;
	}
	fputc('\n', out);
}

static void print_option(FILE *out, const struct cli_option *option)
{
	char left[96];
	const char *argument = option->argument ? option->argument : "";
	bool optional = argument[0] == '[';
	char letter[5] = "    ";
	if (option->letter)
		snprintf(letter, sizeof(letter), "-%c, ", option->letter);
	/* "[FILE]" is given as --json=FILE, and shown so: --json[=FILE] */
	snprintf(left, sizeof(left), "  %s--%s%s%s", letter, option->name,
		 optional    ? "[="
		 : *argument ? " "
			     : "",
		 optional ? argument + 1 : argument);
	int width = (int)strlen(left);
	fputs(left, out);
	if (width >= OPTION_COLUMN) {
		fputc('\n', out);
		width = 0;
	}
	fprintf(out, "%*s", OPTION_COLUMN - width, "");
	cli_fill(out, OPTION_COLUMN, OPTION_COLUMN, option->help);
}

static void print_options(FILE *out, const char *title, const struct cli_option *options)
{
	if (!options || !options[0].name)
		return;
	fprintf(out, "\n%s\n", title);
	for (; options->name; options++)
		print_option(out, options);
}

static void verb_page(const struct cli_verb *verb, FILE *out)
{
	const char *usage = verb->usage ? verb->usage : "";
	const char *lead = "usage:";
	do { /* one line per form */
		int length = (int)strcspn(usage, "\n");
		fprintf(out, "%s assay %s%s%.*s\n", lead, verb->name, length ? " " : "", length,
			usage);
		lead = "      ";
		usage += length;
	} while (*usage++ == '\n');
	if (verb->brief) {
		fputc('\n', out);
		cli_fill(out, 0, 0, verb->brief);
	}
	print_options(out, "options:", verb->options);
	print_options(out, "options of every verb:", cli_globals);
	if (verb->details) {
		fputc('\n', out);
		fputs(verb->details, out);
		if (verb->details[0] && verb->details[strlen(verb->details) - 1] != '\n')
			fputc('\n', out);
	}
}

static void overview(FILE *out)
{
	fputs("assay measures machines and code, keeps every result, says whether something\n"
	      "got slower, and explains why.\n\n"
	      "usage: assay VERB [OPTION...] [ARGUMENT...]\n\n",
	      out);
	for (size_t i = 0; cli_verbs[i]; i++) {
		if (!cli_verbs[i]->brief)
			continue;
		int at = fprintf(out, "  %-*s", BRIEF_COLUMN - 2, cli_verbs[i]->name);
		cli_fill(out, at, BRIEF_COLUMN, cli_verbs[i]->brief);
	}
	print_options(out, "options of every verb:", cli_globals);
	fputs("\n'assay VERB --help' shows a verb's own options. Exit codes: 0 ok, 1 regression,\n"
	      "2 usage, 3 a benchmark failed, 4 cannot decide, 5 coverage lost, 6 environment,\n"
	      "7 store, 130 interrupted; docs/exit-codes.md says more.\n",
	      out);
}

void cli_help(const struct cli_verb *verb, FILE *out)
{
	if (verb)
		verb_page(verb, out);
	else
		overview(out);
}

/* Only verbs that this build has are suggested. */
static void suggest(FILE *out, const char *verb, const char *rest, const char *what)
{
	if (cli_verb_find(verb, &(const struct cli_verb *){NULL}, NULL) != ASSAY_OK)
		return;
	char command[64];
	snprintf(command, sizeof(command), "assay %s%s", verb, rest);
	fprintf(out, "  %-28s%s\n", command, what);
}

/* One line about the machine; nothing when it cannot be had, `assay topo` then says why. */
static void describe_machine(FILE *out)
{
	struct assay_topology *topology;
	if (assay_topology_load(NULL, &topology, NULL) != ASSAY_OK)
		return;
	struct assay_machine_shape shape;
	char model[sizeof(shape.cpu_model)];
	assay_topology_shape(topology, &shape);
	assay_topology_free(topology);
	assay_sanitise(model, sizeof(model), shape.cpu_model);
	fprintf(out, "This machine: %u CPU%s, %u core%s%s%s.\n\n", shape.pus,
		shape.pus == 1 ? "" : "s", shape.cores, shape.cores == 1 ? "" : "s",
		*model ? ", " : "", model);
}

void cli_guide(const struct cli *cli, FILE *out)
{
	bool measured = access(cli->db, F_OK) == 0;
	fputs("assay measures machines and code, and keeps every result.\n", out);
	describe_machine(out);
	if (measured) {
		char db[256];
		assay_sanitise(db, sizeof(db), cli->db);
		fprintf(out, "Results of earlier runs are in %s. Try:\n\n", db);
		suggest(out, "run", "", "measure again: all suites, under a minute");
		suggest(out, "compare", " @base @last",
			"did anything get slower since the first run?");
		suggest(out, "report", "", "the last run as one HTML page");
	} else {
		fputs("Nothing is measured here yet. Try:\n\n", out);
		suggest(out, "doctor", "", "what can be measured here, and what makes it noisy");
		suggest(out, "run", "", "measure: all suites, under a minute");
		suggest(out, "report", "", "the results as one HTML page");
	}
	fputs("\n'assay --help' lists the verbs, 'assay VERB --help' the options of one.\n", out);
}

struct feature {
	const char *name;
	bool present;
	const char *purpose;
};

void cli_version(FILE *out)
{
	static const struct feature features[] = {
		{"hwloc", ASSAY_HAVE_HWLOC, "machine topology"},
		{"papi", ASSAY_HAVE_PAPI, "hardware and software counters"},
		{"libdw", ASSAY_HAVE_LIBDW, "names and callers in call stacks"},
		{"gbench", ASSAY_HAVE_GBENCH, "the Google Benchmark driver"},
		{"openmp", ASSAY_HAVE_OPENMP, "subjects of concurrency/, opened at run time"},
		{"tbb", ASSAY_HAVE_TBB, "subject of concurrency/"},
		{"opencl", ASSAY_HAVE_OPENCL, "subject of gpu/, opened at run time"},
	};
	fprintf(out, "assay %s\n", ASSAY_VERSION);
	fprintf(out, "  built with  %s, %s, %s\n", ASSAY_BUILT_BY_C, ASSAY_BUILT_BY_CXX,
		ASSAY_BUILDTYPE);
	for (size_t i = 0; i < ASSAY_COUNT_OF(features); i++)
		fprintf(out, "  %-11s %s (%s)\n", features[i].name,
			features[i].present ? "yes" : "no ", features[i].purpose);
}
