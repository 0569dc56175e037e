/* SPDX-License-Identifier: MIT */
/* gate: a verdict for a script: did something get slower, were the bounds kept? */
#include "cli/gate.h"

#include <inttypes.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/gate_budget.h"
#include "cli/gate_outputs.h"
#include "cli/gate_selftest.h"
#include "cli/revision.h"
#include "cli/settings.h"
#include "cli/signals.h"
#include "harness/base/clock.h"
#include "harness/base/parse.h"
#include "harness/base/str.h"
#include "harness/engine/command.h"
#include "harness/gate/counts.h"

/* Per launch: 5 samples of 2 ms, because time is better spent on launches than inside one. */
#define SAMPLES    5
#define TIME_NS    10000000u
#define TIMEOUT_NS 60000000000u

static const struct cli_option options[] = {
	{"base", 0, "WHAT", "what to compare with: a plug-in, a build of assay, a stored run"},
	{"cand", 0, "WHAT", "what to judge (default: this build, measured now)"},
	{"kind", 0, "KIND", "what the files are: plug-in, assay or gbench (default: by name)"},
	{"preset", 0, "NAME", "strict, normal or loose (default normal)"},
	{"ignore", 0, "N%", "a change of up to this is none"},
	{"catch", 0, "N%", "a change of this must not pass as OK"},
	{"policy", 0, "FILE", "presets and rules by benchmark (default: key gate of assay.yaml)"},
	{"metric", 0, "NAME", "judge this metric instead of the primary one"},
	{"confirms", 0, "CHANGE", "settle this change of 'assay history' by what comes out"},
	{"max-time", 0, "T", "stop after this time and say what is known by then"},
	{"cross-machine", 0, NULL, "hold a run against a stored one of another machine"},
	{"counts", 0, NULL, "compare what both execute as well, by replays under callgrind"},
	{"counts-limit", 0, "N%", "this many more make a regression of counts (default 0.5%)"},
	{"self-test", 0, NULL, "measure for a minute how often the gate is wrong here"},
	{"budget", 0, "FILE", "check the bounds in this file; may be given again"},
	{"profile", 'p', "NAME", "which axis values: quick, ci, full, or one of assay.yaml"},
	{"set", 0, "LIST", "parameter sets: high_performance, memory_optimized, ..."},
	{"subjects", 's', "LIST", "only these subjects"},
	{"param", 'P', "AXIS=VALUES", "other values for an axis"},
	{"samples", 'n', "N", "samples per launch"},
	{"time", 't', "T", "time for the samples of one launch, e.g. 15ms"},
	{"launches", 0, "N", "with --budget: fresh processes per case"},
	{"timeout", 0, "T", "kill a launch after this time"},
	{"cpus", 0, "LIST", "0-3,8, or compact, spread, same-core, same-l3, cross-numa"},
	{"warmup", 0, "N", "CMD: untimed runs at the beginning of each launch"},
	{"prepare", 0, "CMD", "CMD: run this before each run, untimed"},
	{"ignore-failure", 0, NULL, "CMD: any exit status will do"},
	{"input", 0, "FILE", "CMD: what it reads (default: nothing)"},
	{"output", 0, "WHERE", "CMD: null, pipe, inherit or a file (default null)"},
	{"driver", 0, "NAME", "with --budget: native or gbench (default: per case)"},
	{"sandbox", 0, NULL, "workers see no network, no other process and change no file"},
	{"load", 0, "FILE.so", "with --budget: a plug-in with more benchmarks or subjects"},
	{"seed", 0, "N", "seed of schedule, coin flips and workloads"},
	{"tag", 0, "KEY=VALUE", "with --budget: remember this with the run"},
	{"dry-run", 0, NULL, "with --budget: print the cases it needs, and stop"},
	GATE_OUTPUT_OPTIONS{0},
};

/* ---- what was asked for ---- */

static enum assay_code read_duration(const struct cli_args *args, const char *name, uint64_t *ret,
				     struct assay_err *err)
{
	const char *text = cli_value(args, name);
	return text ? assay_context(err, assay_parse_duration(text, ret, err), "--%s", name)
		    : ASSAY_OK;
}

static enum assay_code read_effort(struct gate *gate, struct assay_err *err)
{
	const struct cli_args *args = gate->args;
	const char *samples = cli_value(args, "samples");
	/* every run of a command is a fresh process: more than one per launch would be for nothing */
	uint64_t n = args->dashes ? 1 : SAMPLES;
	enum assay_code rc =
		samples ? assay_context(err, assay_parse_u64(samples, 1, 1000000, &n, err),
					"--samples")
			: ASSAY_OK;
	gate->effort = (struct assay_effort){.samples = (unsigned)n, .time_ns = TIME_NS};
	gate->timeout_ns = TIMEOUT_NS;
	if (rc == ASSAY_OK)
		rc = read_duration(args, "time", &gate->effort.time_ns, err);
	if (rc == ASSAY_OK)
		rc = read_duration(args, "timeout", &gate->timeout_ns, err);
	return rc == ASSAY_OK ? read_duration(args, "max-time", &gate->budget_ns, err) : rc;
}

/* The options that say how a command is run are read with the commands, see run_command_pair(). */
static bool is_about_commands(const char *option)
{
	static const char *const names[] = {"warmup", "prepare", "ignore-failure", "input",
					    "output"};
	for (size_t i = 0; i < ASSAY_COUNT_OF(names); i++)
		if (strcmp(option, names[i]) == 0)
			return true;
	return false;
}

/* The arguments that are left when the commands are taken out; given[args->n_given] is theirs. */
static struct cli_args without_commands(const struct cli_args *args, struct cli_given *given)
{
	struct cli_args rest = *args;
	rest.given = given;
	rest.n_given = 0;
	for (size_t i = 0; i < args->n_given; i++)
		if (!is_about_commands(args->given[i].option->name))
			given[rest.n_given++] = args->given[i];
	rest.dashes = false;
	rest.n_positional = args->n_before;
	return rest;
}

/* What this verb shares with `assay run`. Commands are read later, as two sides. */
static enum assay_code read_request(struct gate *gate, struct assay_err *err)
{
	struct cli_args benchmarks = *gate->args;
	static const char *const only_budget[] = {"launches", "driver", "load", "tag", "dry-run"};
	for (size_t i = 0; i < ASSAY_COUNT_OF(only_budget); i++)
		if (cli_value(gate->args, only_budget[i]))
			return assay_fail(err, ASSAY_EUSAGE, "--%s goes with --budget only",
					  only_budget[i]);
	if (cli_flag(gate->args, "self-test") && !gate->args->n_positional) {
		benchmarks.positional = (char **)(uintptr_t)gate_selftest_patterns;
		for (benchmarks.n_before = 0; gate_selftest_patterns[benchmarks.n_before];)
			benchmarks.n_before++;
		benchmarks.n_positional = benchmarks.n_before;
	}
	ASSAY_AUTO_FREE struct cli_given *given = calloc(gate->args->n_given + 1, sizeof(*given));
	if (!given)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for a gate");
	if (gate->args->dashes)
		benchmarks = without_commands(gate->args, given);
	char *changed = gate->change.n ? (char *)(uintptr_t)gate->change.points[0].name : NULL;
	if (changed && !benchmarks.n_before) {
		benchmarks.positional = &changed;
		benchmarks.n_before = benchmarks.n_positional = 1;
	}
	enum assay_code rc = run_request_read(gate->cli, &benchmarks, &gate->request, err);
	if (rc == ASSAY_OK && gate->args->dashes && cli_value(gate->args, "subjects"))
		rc = assay_fail(err, ASSAY_EUSAGE, "--subjects is for benchmarks, not commands");
	if (rc == ASSAY_OK && gate->args->dashes)
		run_request_of_programs(gate->cli, &gate->request);
	return rc;
}

/*
 * The candidate is what the current folder holds, unless it lies in another work tree; the base is that only
 * when it is this very build. A base that lies here untracked could be of any commit.
 */
static void find_revision(struct gate *gate, enum assay_gate_which which)
{
	struct gate_side *side = &gate->sides[which];
	bool aside = false, ours = !side->text || side->text == gate->cli->program;
	if (side->is_stored)
		return;
	if (!ours)
		revision_of(side->text, &side->revision, &aside);
	if (aside)
		return;
	side->revision = (struct revision){0};
	if (which == ASSAY_GATE_CAND)
		revision_read(side->revision.commit, &side->revision.dirty);
}

static enum assay_code read_counts(struct gate *gate, struct assay_err *err)
{
	gate->counts_limit = ASSAY_COUNTS_LIMIT;
	gate->counts = cli_flag(gate->args, "counts");
	return gate_policy_percent(gate->args, "counts-limit", &gate->counts_limit, err);
}

/* Can both sides be replayed? */
static enum assay_code check_counts(const struct gate *gate, struct assay_err *err)
{
	if (!gate->counts)
		return ASSAY_OK;
	if (gate->sides[0].is_stored || gate->sides[1].is_stored)
		return assay_fail(
			err, ASSAY_EUSAGE,
			"--counts replays both sides, and a stored run cannot be replayed: "
			"give two builds, plug-ins or commands");
	return assay_replay_probe(err);
}

/* A self-test compares nothing: what is about two sides and their verdicts would be passed over, and its 0 be taken for a pass. */
static enum assay_code check_selftest(const struct cli_args *args, struct assay_err *err)
{
	static const char *const sides[] = {
		"base",     "cand",          "kind",   "metric",       "samples",
		"confirms", "cross-machine", "counts", "counts-limit", "strict",
		"all",      "junit",         "sarif",  "markdown",     "github",
	};
	if (!cli_flag(args, "self-test"))
		return ASSAY_OK;
	if (args->dashes)
		return assay_fail(err, ASSAY_EUSAGE,
				  "--self-test compares nothing: leave out the commands");
	for (size_t i = 0; i < ASSAY_COUNT_OF(sides); i++)
		if (cli_value(args, sides[i]))
			return assay_fail(err, ASSAY_EUSAGE,
					  "--self-test compares nothing: leave out --%s", sides[i]);
	return ASSAY_OK;
}

/* What can be read whatever the sides are. */
static enum assay_code read_options(struct gate *gate, struct assay_err *err)
{
	enum assay_code rc = check_selftest(gate->args, err);
	if (rc == ASSAY_OK)
		rc = gate_policy_read(gate->args, &gate->policy, err);
	if (rc == ASSAY_OK)
		rc = read_counts(gate, err);
	if (rc == ASSAY_OK)
		rc = gate_confirm_read(gate, err);
	if (rc == ASSAY_OK)
		rc = read_effort(gate, err);
	if (rc == ASSAY_OK)
		rc = gate_kind_check(gate->args, err);
	return rc == ASSAY_OK ? read_request(gate, err) : rc;
}

static enum assay_code read_all(struct gate *gate, struct assay_err *err)
{
	enum assay_code rc = read_options(gate, err);
	if (rc == ASSAY_OK)
		rc = assay_topology_load(NULL, &gate->topology, err);
	if (rc != ASSAY_OK)
		return rc;
	assay_topology_fingerprint(gate->topology, gate->fingerprint);
	if (gate->request.sandbox)
		rc = assay_sandbox_find(&gate->sandbox, gate->sandbox_version, err);
	if (rc != ASSAY_OK)
		return rc;
	if (cli_flag(gate->args, "self-test"))
		return gate_side_self(gate, err);
	rc = gate_sides_read(gate, err);
	if (rc == ASSAY_OK)
		rc = check_counts(gate, err);
	for (int side = 0; rc == ASSAY_OK && side < 2; side++)
		find_revision(gate, (enum assay_gate_which)side);
	return rc;
}

/* ---- the report ---- */

static char *copy_or_empty(const char *text)
{
	return strdup(text ? text : "");
}

static enum assay_code describe_side(const struct gate *gate, enum assay_gate_which which,
				     struct assay_gate_side_info *ret, struct assay_err *err)
{
	const struct gate_side *side = &gate->sides[which];
	const struct assay_gate_side *live = &side->live;
	ASSAY_AUTO(assay_str_done) struct assay_str label = {0};
	if (side->text)
		assay_str_add(&label, "%s",
			      side->text == gate->cli->program ? "this build" : side->text);
	else if (assay_gate_side_plan(live)->n)
		assay_command_line(&assay_gate_side_plan(live)->cases[0].c, &label, NULL);
	ret->label = copy_or_empty(assay_str_text(&label));
	ret->kind =
		copy_or_empty(side->is_stored ? "stored run" : assay_gate_kind_name(live->kind));
	ret->commit = copy_or_empty(side->run ? side->run->commit : side->revision.commit);
	ret->machine = copy_or_empty(side->run ? side->run->machine_name : NULL);
	ret->variants = side->is_stored ? 1 : live->n_variants;
	ret->run = side->run ? side->run->id : 0;
	if (!ret->label || !ret->kind || !ret->commit || !ret->machine)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for a report");
	return ASSAY_OK;
}

static enum assay_code begin_report(struct gate *gate, struct assay_err *err)
{
	struct assay_gate_report *report = &gate->report;
	assay_copy(report->preset, sizeof(report->preset), gate->policy.preset);
	report->policy = gate->policy.policy;
	report->seed = gate->request.seed;
	report->started_ns = assay_wall_ns();
	report->noise = gate->noise.grade;
	assay_copy(report->noise_reason, sizeof(report->noise_reason), gate->noise.reason);
	enum assay_code rc = describe_side(gate, ASSAY_GATE_BASE, &report->base, err);
	return rc == ASSAY_OK ? describe_side(gate, ASSAY_GATE_CAND, &report->cand, err) : rc;
}

static enum assay_code load_acceptances(struct gate *gate, struct assay_err *err)
{
	const struct assay_acceptance_when when = {
		.now_ns = assay_wall_ns(),
		.base_commit = gate->report.base.commit,
		.fingerprint = gate->fingerprint,
	};
	static const struct assay_gate_ancestry git = {revision_contains, NULL};
	return assay_gate_acceptances_load(gate->store, &when, &git, &gate->acceptances, err);
}

static int exit_of(const struct gate *gate)
{
	if (gate->report.interrupted)
		return *gate->interrupted == SIGTERM ? CLI_TERMINATED : CLI_INTERRUPTED;
	switch (assay_gate_report_answer(&gate->report)) {
	case ASSAY_GATE_RED:
		return CLI_REGRESSION;
	case ASSAY_GATE_WRONG:
		return CLI_FAILED;
	case ASSAY_GATE_LOST:
		return CLI_COVERAGE;
	case ASSAY_GATE_UNDECIDED:
		return cli_flag(gate->args, "strict") ? CLI_UNDECIDED : CLI_OK;
	case ASSAY_GATE_GREEN:
		break;
	}
	return CLI_OK;
}

/* A fact of what is measured now: it moves timings. */
static enum assay_code state_sandbox(struct gate *gate, struct assay_err *err)
{
	return gate->sandbox ? assay_environment_state(&gate->environment, "process.sandbox",
						       gate->sandbox_version, err)
			     : ASSAY_OK;
}

static enum assay_code judge(struct gate *gate, struct assay_err *err)
{
	uint64_t began = assay_now_ns();
	enum assay_code rc = assay_store_open(gate->cli->db, ASSAY_STORE_WRITE, &gate->store, err);
	assay_noise_probe(config_duration(gate->cli->config, "probe", 0), &gate->noise);
	if (rc == ASSAY_OK)
		rc = assay_environment_read(&gate->environment, err);
	if (rc == ASSAY_OK)
		rc = state_sandbox(gate, err);
	if (rc == ASSAY_OK)
		rc = begin_report(gate, err);
	if (rc == ASSAY_OK)
		rc = load_acceptances(gate, err);
	if (rc == ASSAY_OK)
		rc = gate->sides[0].is_stored || gate->sides[1].is_stored ? gate_stored(gate, err)
									  : gate_live(gate, err);
	if (rc == ASSAY_OK)
		rc = gate_confirm(gate, err);
	gate->report.elapsed_ns = assay_now_ns() - began;
	for (int side = 0; side < 2; side++)
		if (gate->runs[side])
			(side ? &gate->report.cand : &gate->report.base)->run = gate->runs[side];
	return rc;
}

/* Compare, and say what came of it. */
static enum assay_code perform(struct gate *gate, int *ret_exit, struct assay_err *err)
{
	enum assay_code rc = judge(gate, err);
	if (rc == ASSAY_OK)
		rc = gate_outputs_write(gate->cli, gate->args, &gate->report, err);
	if (rc == ASSAY_OK)
		*ret_exit = exit_of(gate);
	return rc;
}

static void gate_done(struct gate *gate)
{
	for (int side = 0; side < 2; side++)
		gate_side_done(&gate->sides[side]);
	assay_gate_report_done(&gate->report);
	assay_gate_acceptances_done(&gate->acceptances);
	assay_change_list_done(&gate->change);
	assay_store_close(gate->store);
	assay_environment_done(&gate->environment);
	free(gate->sandbox);
	assay_topology_free(gate->topology);
	gate_policy_done(&gate->policy);
	run_request_done(&gate->request);
}

enum assay_code gate_options_check(struct cli *cli, const struct cli_args *args,
				   struct assay_err *err)
{
	struct gate gate = {.cli = cli, .args = args};
	enum assay_code rc = read_options(&gate, err);
	gate_done(&gate);
	return rc;
}

static enum assay_code run(struct cli *cli, const struct cli_args *args, int *ret_exit,
			   struct assay_err *err)
{
	if (cli_value(args, "budget"))
		return gate_budget(cli, args, ret_exit, err);
	struct gate gate = {.cli = cli, .args = args};
	enum assay_code rc = gate_outputs_check(cli, args, err);
	if (rc == ASSAY_OK)
		rc = read_all(&gate, err);
	if (rc == ASSAY_OK) {
		gate.interrupted = cli_catch_signals();
		rc = cli_flag(args, "self-test") ? gate_selftest(&gate, err)
						 : perform(&gate, ret_exit, err);
	}
	gate_done(&gate);
	return rc;
}

const struct cli_verb cli_verb_gate = {
	.name = "gate",
	.usage = "--base WHAT [--cand WHAT] [PATTERN...]\n-- CMD [ARG...] ::: CMD [ARG...]\n"
		 "--budget FILE... [--cand RUN]",
	.brief = "did it get slower? were the bounds kept? For scripts",
	.details =
		"Fresh processes of both sides are launched in pairs, in coin-flip order; a quick\n"
		"screen dismisses what is clearly not slower, the rest is decided on fresh pairs.\n"
		"At most one gate in a hundred without a regression is red, over all benchmarks\n"
		"together. A stored run (@base, tag:NAME, FILE.db) cannot be paired: then less\n"
		"can be decided, and another machine's is refused without --cross-machine.\n"
		"\n"
		"Exit 0 when nothing got slower, 1 for a regression or a missed bound, 3 when a\n"
		"side's answers are wrong, 4 with --strict when something cannot be decided, 5\n"
		"when a benchmark vanished or crashed or nothing was compared. docs/gate.md says\n"
		"how it decides, docs/ci.md how to use it, docs/budgets.md what bounds look like.",
	.options = options,
	.run = run,
};
