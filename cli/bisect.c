/* SPDX-License-Identifier: MIT */
/* bisect: what `git bisect run` asks of each commit: is the benchmark slower than it was when it was good? */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/gate.h"
#include "harness/base/str.h"
#include "harness/engine/child.h"

/* git's language: what is none of these stops the search when above 127, and else means bad. */
enum { GOOD = 0, BAD = 1, CANNOT_SAY = 125, STOP = 128 };

static const struct cli_option options[] = {
	{"good", 0, "FILE", "a build, plug-in or executable from a good commit, kept elsewhere"},
	{"cand", 0, "FILE", "the same of the commit in question, after it was built"},
	{"kind", 0, "KIND", "what the files are: plug-in, assay or gbench (default: by name)"},
	{"preset", 0, "NAME", "strict, normal or loose (default normal)"},
	{"ignore", 0, "N%", "a change of up to this is good"},
	{"catch", 0, "N%", "a change of this is bad"},
	{"metric", 0, "NAME", "judge this metric instead of the primary one"},
	{"max-time", 0, "T", "say nothing of a commit that takes longer to judge, e.g. 2m"},
	{"subjects", 's', "LIST", "only these subjects"},
	{"param", 'P', "AXIS=VALUES", "other values for an axis"},
	{"samples", 'n', "N", "samples per launch"},
	{"time", 't', "T", "time for the samples of one launch, e.g. 15ms"},
	{"timeout", 0, "T", "kill a launch after this time"},
	{"seed", 0, "N", "seed of order and workloads"},
	{0},
};

static bool in_table(const struct cli_option *option)
{
	return option >= options && option < options + ASSAY_COUNT_OF(options);
}

/* Runs what stands after "--". False, and why, when the commit cannot be built. */
static enum assay_code build(const struct cli *cli, const struct cli_args *args, bool *ret_built,
			     struct assay_err *err)
{
	const struct assay_argv argv = {args->positional + args->n_before,
					(size_t)(args->n_positional - args->n_before)};
	ASSAY_AUTO_FREE char *path = NULL;
	struct assay_child_end end;
	char text[64];
	*ret_built = true;
	if (!argv.n)
		return ASSAY_OK;
	enum assay_code code = assay_child_find(argv.words[0], &path, err);
	/* What it prints is not our result. */
	const struct assay_child child = {path, &argv, -1, STDERR_FILENO, STDERR_FILENO};
	if (code == ASSAY_OK)
		code = assay_child_run(&child, 0, &end, err);
	const char *complaint =
		code == ASSAY_OK ? assay_child_complaint(&end, text, sizeof(text)) : NULL;
	*ret_built = !complaint;
	if (complaint)
		cli_warn(cli, "cannot say: the build ended with %s", complaint);
	return code;
}

/* The words of `assay gate` for both files: all options but two are its own. */
static enum assay_code gate_words(const struct cli_args *args, struct assay_argv *words,
				  struct assay_err *err)
{
	enum assay_code code = assay_argv_add(words, "--strict", err);
	for (size_t i = 0; i < args->n_given && code == ASSAY_OK; i++) {
		const char *name = args->given[i].option->name;
		char word[32];
		if (!in_table(args->given[i].option))
			continue; /* global options were taken care of */
		snprintf(word, sizeof(word), "--%s", strcmp(name, "good") == 0 ? "base" : name);
		code = assay_argv_add(words, word, err);
		if (code == ASSAY_OK)
			code = assay_argv_add(words, args->given[i].value, err);
	}
	for (int i = 0; i < args->n_before && code == ASSAY_OK; i++)
		code = assay_argv_add(words, args->positional[i], err);
	return code;
}

/* The question as a command line of `assay gate`, which has to make sense before anything is built. */
static enum assay_code read_gate(struct cli *cli, const struct cli_args *args,
				 struct assay_argv *words, struct cli_args *ret,
				 struct assay_err *err)
{
	enum assay_code code = gate_words(args, words, err);
	if (code == ASSAY_OK)
		code = cli_parse(&cli_verb_gate, (int)words->n, words->words, ret, err);
	return code == ASSAY_OK ? gate_options_check(cli, ret, err) : code;
}

static int answer(const struct cli *cli, int gate_exit)
{
	switch (gate_exit) {
	case CLI_OK:
		cli_note(cli, "this commit is good");
		return GOOD;
	case CLI_REGRESSION:
		cli_note(cli, "this commit is bad");
		return BAD;
	case CLI_INTERRUPTED:
	case CLI_TERMINATED:
		return gate_exit; /* above 127: the search stops as well */
	default:
		cli_note(cli, "cannot say: the gate ended with exit code %d", gate_exit);
		return CANNOT_SAY;
	}
}

static enum assay_code check_arguments(const struct cli_args *args, struct assay_err *err)
{
	const char *good = cli_value(args, "good");
	if (!good || !cli_value(args, "cand"))
		return assay_fail(
			err, ASSAY_EUSAGE,
			"wants --good FILE, kept from a good commit, and --cand FILE, what "
			"each commit builds");
	if (access(good, R_OK) < 0)
		return assay_fail(err, ASSAY_EUSAGE, "--good '%s': %s", good, strerror(errno));
	if (!args->n_before)
		return assay_fail(err, ASSAY_EUSAGE, "wants the benchmark the search is about");
	return ASSAY_OK;
}

/* The commit is built: ask the gate. What the gate refuses to do with it says nothing of other commits. */
static enum assay_code ask(struct cli *cli, const struct cli_args *gate, int *ret_exit,
			   struct assay_err *err)
{
	const char *cand = cli_value(gate, "cand");
	int gate_exit = CLI_OK;
	if (access(cand, R_OK) < 0) {
		cli_warn(cli, "cannot say: --cand '%s': %s", cand, strerror(errno));
		return ASSAY_OK;
	}
	enum assay_code code = cli_verb_gate.run(cli, gate, &gate_exit, err);
	if (code == ASSAY_EINTR || code == ASSAY_ENOMEM || code == ASSAY_ESTORE)
		return code;
	if (code == ASSAY_OK)
		*ret_exit = answer(cli, gate_exit);
	else
		cli_warn(cli, "cannot say: %s", err->text);
	return ASSAY_OK;
}

static enum assay_code run(struct cli *cli, const struct cli_args *args, int *ret_exit,
			   struct assay_err *err)
{
	bool built = false;
	struct assay_argv words = {0};
	struct cli_args gate = {0};
	enum assay_code code = check_arguments(args, err);
	if (code == ASSAY_OK)
		code = read_gate(cli, args, &words, &gate, err);
	if (code == ASSAY_OK)
		code = build(cli, args, &built, err);
	*ret_exit = CANNOT_SAY;
	if (code == ASSAY_OK && built)
		code = ask(cli, &gate, ret_exit, err);
	cli_args_done(&gate);
	assay_argv_done(&words);
	return code;
}

const struct cli_verb cli_verb_bisect = {
	.name = "bisect",
	.usage = "--good FILE --cand FILE PATTERN [-- CMD [ARG...]]",
	.brief = "the question of 'git bisect run': is this commit slower?",
	.details =
		"Builds the commit with CMD, started without a shell, and gates what it made\n"
		"against FILE from a good commit:\n"
		"  cp build/x.so /tmp/good.so          # at a good commit\n"
		"  git bisect start BAD GOOD\n"
		"  git bisect run assay bisect --good /tmp/good.so --cand build/x.so PATTERN \\\n"
		"    -- ninja -C build\n"
		"Exit 0: good; 1: bad; 125: cannot say, as when the build fails or the gate is\n"
		"inconclusive, and git tries another commit; 128: the search makes no sense, and\n"
		"stops. docs/history.md has more.",
	.options = options,
	.on_error = STOP,
	.run = run,
};
