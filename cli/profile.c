/* SPDX-License-Identifier: MIT */
/* profile: where the time goes: call stacks of benchmarks and commands. */
#include "cli/profile.h"
#include "cli/output.h"
#include "cli/signals.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/parse.h"
#include "harness/base/str.h"

static const struct cli_option options[] = {
	{"subjects", 's', "LIST", "only these subjects"},
	{"param", 'P', "AXIS=VALUES", "other values for an axis, e.g. size=4Ki"},
	{"time", 't', "T", "time to sample each case (default 1s)"},
	{"cpus", 0, "LIST", "0-3,8, or compact, spread, same-core, same-l3, cross-numa"},
	{"driver", 0, "NAME", "native or gbench (default: per case)"},
	{"load", 0, "FILE.so", "a plug-in with more benchmarks or subjects"},
	{"seed", 0, "N", "seed of workloads"},
	{"input", 0, "FILE", "CMD: what it reads (default: our own input)"},
	{"overhead", 0, "PERCENT", "of CPU time that samples may cost (default 0.75)"},
	{"rate", 0, "HZ", "samples per second of CPU time, whatever they cost"},
	{"engine", 0, "NAME", "perf or timer (default: what works)"},
	{"counters", 0, "LIST", "what to count beside, or 'none' (default: what the advice needs)"},
	{"allocations", 0, NULL, "what is allocated where, instead of time"},
	{"bytes", 0, "SIZE", "--allocations: between samples (default 1Mi)"},
	{"unwind", 0, "NAME", "dwarf or frames (default: what works)"},
	{"sandbox", 0, NULL, "what runs sees no network, no other process and changes no file"},
	{"top", 0, "N", "functions in the table (default 15)"},
	{"svg", 0, "FILE", "write a flame graph"},
	{"folded", 0, "FILE", "write folded stacks"},
	{"speedscope", 0, "FILE", "write JSON for speedscope.app"},
	{"pprof", 0, "FILE", "write a profile for pprof"},
	{"show", 0, "RUN", "show a stored profile instead of taking one"},
	{"against", 0, "RUN", "say what changed since this stored profile"},
	{0},
};

enum { DEFAULT_TOP = 15, MOST_HZ = 20000 };

void profile_list_done(struct profile_list *list)
{
	for (size_t i = 0; i < list->n; i++) {
		assay_stacks_free(list->stacks[i]);
		profile_figures_done(&list->figures[i]);
	}
	free(list->stacks);
	free(list->figures);
	*list = (struct profile_list){0};
}

enum assay_code profile_list_add(struct profile_list *list, struct assay_stacks *stacks,
				 struct assay_err *err)
{
	struct assay_stacks **larger = realloc(list->stacks, (list->n + 1) * sizeof(*larger));
	list->stacks = larger ? larger : list->stacks;
	struct profile_figures *figures = realloc(list->figures, (list->n + 1) * sizeof(*figures));
	list->figures = figures ? figures : list->figures;
	if (!larger || !figures) {
		assay_stacks_free(stacks);
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for a profile");
	}
	figures[list->n] = (struct profile_figures){0};
	larger[list->n++] = stacks;
	return ASSAY_OK;
}

static enum assay_code read_percent(const char *text, double *ret, struct assay_err *err)
{
	char *end;
	double value = text ? strtod(text, &end) : 0.75;
	if (text && *end == '%')
		end++;
	if (text && (end == text || *end || !(value >= 0.01 && value <= 50)))
		return assay_fail(err, ASSAY_EUSAGE,
				  "--overhead wants a percentage from 0.01 to 50, not '%s'", text);
	*ret = value / 100;
	return ASSAY_OK;
}

/* One word of a few; *ret is its number. */
static enum assay_code read_word(const struct cli_args *args, const char *option,
				 const char *const *words, size_t n, int *ret,
				 struct assay_err *err)
{
	const char *text = cli_value(args, option);
	*ret = 0;
	if (!text)
		return ASSAY_OK;
	for (size_t i = 0; i < n; i++)
		if (strcmp(words[i], text) == 0) {
			*ret = (int)i;
			return ASSAY_OK;
		}
	return assay_fail(err, ASSAY_EUSAGE, "--%s wants %s, %s or %s, not '%s'", option, words[0],
			  words[1], words[2], text);
}

static enum assay_code read_options(const struct cli_args *args, struct sampler_options *ret,
				    size_t *ret_top, struct assay_err *err)
{
	static const char *const engines[] = {"auto", "perf", "timer"};
	static const char *const unwinds[] = {"auto", "frames", "dwarf"};
	uint64_t rate = 0, top = DEFAULT_TOP;
	int engine, unwind;
	*ret = (struct sampler_options){0};
	enum assay_code rc = read_percent(cli_value(args, "overhead"), &ret->budget_ratio, err);
	if (rc == ASSAY_OK)
		rc = read_word(args, "engine", engines, ASSAY_COUNT_OF(engines), &engine, err);
	if (rc == ASSAY_OK)
		rc = read_word(args, "unwind", unwinds, ASSAY_COUNT_OF(unwinds), &unwind, err);
	if (rc == ASSAY_OK && cli_value(args, "rate"))
		rc = assay_context(err,
				   assay_parse_u64(cli_value(args, "rate"), 1, MOST_HZ, &rate, err),
				   "--rate");
	if (rc == ASSAY_OK && cli_value(args, "bytes"))
		rc = assay_context(err,
				   assay_parse_size(cli_value(args, "bytes"), &ret->bytes, err),
				   "--bytes");
	if (rc == ASSAY_OK && cli_flag(args, "allocations") && cli_value(args, "engine"))
		rc = assay_fail(err, ASSAY_EUSAGE,
				"--engine is about time, and --allocations is not");
	if (rc == ASSAY_OK && cli_value(args, "top"))
		rc = assay_context(
			err, assay_parse_u64(cli_value(args, "top"), 1, 10000, &top, err), "--top");
	if (rc != ASSAY_OK)
		return rc;
	ret->engine = cli_flag(args, "allocations") ? SAMPLER_ALLOC : (enum sampler_engine)engine;
	ret->unwind = (enum sampler_unwind)unwind;
	ret->rate_hz = (unsigned)rate;
	*ret_top = (size_t)top;
	return ASSAY_OK;
}

/* Asked before anything is sampled. */
static enum assay_code check_files(const struct cli_args *args, struct assay_err *err)
{
	static const char *const names[] = {"svg", "folded", "speedscope", "pprof"};
	enum assay_code rc = ASSAY_OK;
	for (size_t i = 0; rc == ASSAY_OK && i < ASSAY_COUNT_OF(names); i++) {
		const char *path = cli_value(args, names[i]);
		if (path && strcmp(path, "-") != 0)
			rc = assay_context(err, output_check(path, err), "--%s", names[i]);
	}
	return rc;
}

/* Take new profiles and keep them. */
static enum assay_code take(struct cli *cli, const struct cli_args *args,
			    const struct sampler_options *how, struct profile_list *list,
			    struct profile_regions *regions, int *ret_exit, struct assay_err *err)
{
	struct profile_means means = {.regions = regions};
	char text[80];
	int64_t run;
	enum assay_code rc = ASSAY_OK;
	if (cli_flag(args, "sandbox"))
		rc = assay_sandbox_find(&means.bwrap, means.bwrap_version, err);
	ASSAY_AUTO_FREE char *bwrap = means.bwrap;
	if (rc == ASSAY_OK)
		rc = sampler_new(how, &means.sampler, err);
	if (rc != ASSAY_OK)
		return rc;
	means.interrupted = cli_catch_signals();
	cli_note(cli, "sampling by %s", sampler_describe(means.sampler, text, sizeof(text)));
	if (args->dashes)
		rc = profile_command(cli, args, &means, list, ret_exit, err);
	else
		rc = profile_cases(cli, args, &means, list, ret_exit, err);
	sampler_free(means.sampler);
	if (rc != ASSAY_OK)
		return rc;
	if (*means.interrupted)
		*ret_exit = 128 + *means.interrupted;
	rc = profile_store(cli, list, bwrap ? means.bwrap_version : NULL, &run, err);
	if (rc == ASSAY_OK)
		cli_note(cli, "run %" PRId64 ": %zu profile%s stored in %s", run, list->n,
			 list->n == 1 ? "" : "s", cli->db);
	return rc;
}

/* Only the cases that both have, by title; a sole one on each side is a pair whatever its title. */
static const struct assay_stacks *counterpart(const struct profile_list *before,
					      const struct assay_stacks *stacks, bool sole)
{
	for (size_t i = 0; i < before->n; i++)
		if (strcmp(before->stacks[i]->facts.title, stacks->facts.title) == 0)
			return before->stacks[i];
	return sole && before->n == 1 ? before->stacks[0] : NULL;
}

static enum assay_code show_all(const struct cli *cli, const struct profile_list *list,
				const struct profile_list *before, size_t top,
				struct assay_err *err)
{
	enum assay_code rc = ASSAY_OK;
	for (size_t i = 0; rc == ASSAY_OK && i < list->n; i++) {
		const struct assay_stacks *old = counterpart(before, list->stacks[i], list->n == 1);
		if (i && !cli->json_is_stdout)
			putchar('\n');
		rc = profile_show(cli, list->stacks[i], top, err);
		if (rc == ASSAY_OK)
			rc = profile_show_figures(cli, list->stacks[i]->facts.title,
						  &list->figures[i], err);
		if (rc == ASSAY_OK)
			rc = profile_show_gpu(cli, list->stacks[i]->facts.title,
					      &list->figures[i].gpu, top, err);
		if (rc == ASSAY_OK && old)
			rc = profile_show_change(cli, list->stacks[i], old, top, err);
	}
	return rc;
}

static enum assay_code write_files(const struct cli *cli, const struct cli_args *args,
				   const struct profile_list *list,
				   const struct profile_list *before, struct assay_err *err)
{
	struct assay_stacks *all = NULL, *old = NULL;
	enum assay_code rc = profile_merge(list, &all, err);
	if (rc == ASSAY_OK && before->n)
		rc = profile_merge(before, &old, err);
	if (rc == ASSAY_OK)
		rc = profile_files(cli, args, all, old, err);
	assay_stacks_free(all);
	assay_stacks_free(old);
	return rc;
}

/* What is about benchmarks alone would be passed over for a command, and for a profile that is there already. */
static enum assay_code check_together(const struct cli_args *args, struct assay_err *err)
{
	static const char *const of_benchmarks[] = {"subjects", "param", "time", "cpus",
						    "driver",   "load",  "seed", "counters"};
	bool show = cli_flag(args, "show");
	for (size_t i = 0; (show || args->dashes) && i < ASSAY_COUNT_OF(of_benchmarks); i++) {
		const char *value = cli_value(args, of_benchmarks[i]);
		if (value &&
		    strcmp(value, "none") != 0) /* that nothing is counted is true of both */
			return assay_fail(err, ASSAY_EUSAGE, "--%s is for benchmarks, not for %s",
					  of_benchmarks[i],
					  show ? "what --show shows" : "a command");
	}
	if (show && cli_value(args, "input"))
		return assay_fail(err, ASSAY_EUSAGE, "--input is for a command, not for --show");
	if (cli_value(args, "bytes") && !cli_flag(args, "allocations"))
		return assay_fail(err, ASSAY_EUSAGE, "--bytes goes with --allocations");
	return ASSAY_OK;
}

static enum assay_code run(struct cli *cli, const struct cli_args *args, int *ret_exit,
			   struct assay_err *err)
{
	struct sampler_options how;
	struct profile_list list = {0}, before = {0};
	struct profile_regions *regions = NULL;
	const char *show = cli_value(args, "show"), *against = cli_value(args, "against");
	size_t top = DEFAULT_TOP;
	struct profile_origin origin = {.sandboxed = cli_flag(args, "sandbox")}, other;
	enum assay_code rc = read_options(args, &how, &top, err);
	if (rc == ASSAY_OK && !show && !args->dashes && !args->n_positional)
		rc = assay_fail(err, ASSAY_EUSAGE,
				"what? 'assay profile PATTERN' profiles benchmarks, 'assay profile "
				"-- CMD' a command");
	if (rc == ASSAY_OK && show && (args->dashes || args->n_positional))
		rc = assay_fail(
			err, ASSAY_EUSAGE,
			"--show shows a stored profile; it takes no pattern and no command");
	if (rc == ASSAY_OK && show && cli_flag(args, "sandbox"))
		rc = assay_fail(err, ASSAY_EUSAGE,
				"--sandbox is for what is run; --show shows what was");
	if (rc == ASSAY_OK)
		rc = check_together(args, err);
	if (rc == ASSAY_OK)
		rc = check_files(args, err);
	if (rc == ASSAY_OK && against) /* first: @last must not be what is about to be taken */
		rc = assay_context(err, profile_load(cli, against, &before, &other, err),
				   "--against");
	if (rc == ASSAY_OK && show)
		rc = assay_context(err, profile_load(cli, show, &list, &origin, err), "--show");
	if (rc == ASSAY_OK && against && origin.sandboxed != other.sandboxed)
		rc = assay_fail(err, ASSAY_EENV,
				"--against: one of the two profiles was taken in a sandbox, which "
				"alone changes where the time goes; take both with --sandbox, or "
				"both without");
	if (rc == ASSAY_OK && !show && args->dashes)
		rc = profile_regions_begin(&regions, err);
	if (rc == ASSAY_OK && !show)
		rc = take(cli, args, &how, &list, regions, ret_exit, err);
	if (rc == ASSAY_OK)
		rc = show_all(cli, &list, &before, top, err);
	if (rc == ASSAY_OK && regions)
		rc = profile_regions_show(cli, regions, err);
	if (rc == ASSAY_OK && list.n)
		rc = write_files(cli, args, &list, &before, err);
	profile_regions_free(regions);
	profile_list_done(&list);
	profile_list_done(&before);
	return rc;
}

const struct cli_verb cli_verb_profile = {
	.name = "profile",
	.usage = "PATTERN...\n-- CMD [ARG...]\n--show RUN",
	.brief = "call stacks: where the time goes in a benchmark or a command",
	.details =
		"Each case runs once more, in a worker of its own, and only its timed loops\n"
		"count; a command runs once, with its threads and children. The rate follows\n"
		"from what a sample costs here, so that all of them together cost no more than\n"
		"--overhead. Profiles are stored; RUN is a run's id, or @last for the newest.\n"
		"Advice follows from the stacks and from what is counted after the samples.",
	.options = options,
	.run = run,
};
