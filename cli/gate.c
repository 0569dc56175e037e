/* SPDX-License-Identifier: MIT */
/* gate: a verdict for a script: were the bounds kept? */
#include "cli/cli.h"
#include "cli/gate_budget.h"

static const struct cli_option options[] = {
	{"budget", 0, "FILE", "check the bounds in this file; may be given again"},
	{"cand", 0, "RUN", "take a stored run instead of measuring"},
	{"profile", 'p', "NAME", "quick, ci or full (default ci)"},
	{"samples", 'n', "N", "samples per launch"},
	{"time", 't', "T", "time for the samples of one launch, e.g. 200ms"},
	{"launches", 0, "N", "fresh processes per case"},
	{"timeout", 0, "T", "kill a launch after this time"},
	{"cpus", 0, "LIST", "0-3,8, or compact, spread, same-core, same-l3, cross-numa"},
	{"driver", 0, "NAME", "native or gbench (default: per case)"},
	{"load", 0, "FILE.so", "a plug-in with more benchmarks or subjects"},
	{"seed", 0, "N", "seed of schedule and workloads"},
	{"tag", 0, "KEY=VALUE", "remember this with the run"},
	{"dry-run", 0, NULL, "check the files, print the cases they need, and stop"},
	{"strict", 0, NULL, "exit 4 when a bound cannot be decided"},
	{0},
};

static enum assay_code run(struct cli *cli, const struct cli_args *args, int *ret_exit,
			   struct assay_err *err)
{
	if (args->n_positional)
		return assay_fail(err, ASSAY_EUSAGE, "'%s' is no option; gate takes only options",
				  args->positional[0]);
	if (cli_value(args, "budget"))
		return gate_budget(cli, args, ret_exit, err);
	return assay_fail(err, ASSAY_EUSAGE, "say what to check: --budget FILE");
}

const struct cli_verb cli_verb_gate = {
	.name = "gate",
	.usage = "--budget FILE... [--cand RUN]",
	.brief = "were the bounds kept? For scripts",
	.details =
		"The cases that the bounds speak of are measured and stored, or with --cand taken\n"
		"from a stored run: @last, tag:NAME, a run's number, FILE.db. A bound is met or\n"
		"missed when the whole interval says so. Exit 0 when all are met, 1 when one is\n"
		"missed, 3 when a benchmark failed, 5 when nothing measured one. docs/budgets.md\n"
		"has the form of the files.",
	.options = options,
	.run = run,
};
