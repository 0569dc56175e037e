/* SPDX-License-Identifier: MIT */
/* profile: what the parts of the verb share: one profile, how it is taken, shown, kept. */
#ifndef ASSAY_CLI_PROFILE_H
#define ASSAY_CLI_PROFILE_H

#include <signal.h>

#include "cli/advice.h"
#include "cli/cli.h"
#include "harness/engine/collect.h"
#include "harness/engine/sandbox.h"
#include "harness/gpu_trace.h"
#include "harness/stacks.h"
#include "profiler/sampler.h"

struct profile_regions;

/* What profiles are taken with. */
struct profile_means {
	struct sampler *sampler;
	struct profile_regions *regions; /* of a command; or NULL */
	const volatile sig_atomic_t *interrupted;
	char *bwrap; /* path of bubblewrap: in a sandbox; NULL: not */
	char bwrap_version[ASSAY_SANDBOX_VERSION_BYTES];
};

/* What is known beside the stacks. */
struct profile_figures {
	struct assay_count *counts; /* of a benchmark: per operation, with the metrics */
	size_t n_counts;
	double time_ns; /* of one operation */
	bool judged;
	struct advice_list advice;
	struct assay_gpu_trace gpu; /* what devices did; also of a stored profile */
};
void profile_figures_done(struct profile_figures *figures);

/* Profiles in the order they were taken or stored. */
struct profile_list {
	struct assay_stacks **stacks;    /* owned */
	struct profile_figures *figures; /* one for each */
	size_t n;
};
void profile_list_done(struct profile_list *list);
/* Takes the stacks, also when it fails. */
enum assay_code profile_list_add(struct profile_list *list, struct assay_stacks *stacks,
				 struct assay_err *err);

/* One tree of all: each profile's title is the outermost frame of its stacks. New. */
enum assay_code profile_merge(const struct profile_list *list, struct assay_stacks **ret,
			      struct assay_err *err);

/*
 * Profile each planned case of the command line, one launch each. *ret_exit: CLI_FAILED when a case did not
 * end well; what was sampled of it is kept.
 */
enum assay_code profile_cases(struct cli *cli, const struct cli_args *args,
			      const struct profile_means *means, struct profile_list *ret,
			      int *ret_exit, struct assay_err *err);
/* Profile the command after the "--", once. */
enum assay_code profile_command(const struct cli *cli, const struct cli_args *args,
				const struct profile_means *means, struct profile_list *ret,
				int *ret_exit, struct assay_err *err);

/* A case whose stacks are at list->stacks[at], and what its worker sent. */
struct profiled_case {
	const struct assay_planned *planned;
	struct assay_collect collect;
	size_t at;
};
/* Fill in the figures of these cases: each is judged among the others. */
enum assay_code profile_judge_cases(const struct cli *cli, const struct profiled_case *cases,
				    size_t n, struct profile_list *list, struct assay_err *err);
/* Those of the last profile of the list, of a command or (NULL) of stacks alone. */
enum assay_code profile_judge_last(const struct shape_command *command, struct profile_list *list,
				   struct assay_err *err);
/* Below the table of functions: what was counted, and the advice. */
enum assay_code profile_show_figures(const struct cli *cli, const char *name,
				     const struct profile_figures *figures, struct assay_err *err);

/*
 * Regions that the program under test names (profiler/region.h): the environment asks for them from begin to
 * end; end reads what came. end() and show() only after a begin() that succeeded.
 */
enum assay_code profile_regions_begin(struct profile_regions **ret, struct assay_err *err);
/* The file that the program writes them to. */
const char *profile_regions_path(const struct profile_regions *regions);
void profile_regions_end(struct profile_regions *regions);
enum assay_code profile_regions_show(const struct cli *cli, const struct profile_regions *regions,
				     struct assay_err *err);
void profile_regions_free(struct profile_regions *regions); /* takes NULL */

/* Keep the profiles as a run of their own, of profile "profile". `sandbox` is what they were taken in, NULL: none. */
enum assay_code profile_store(const struct cli *cli, const struct profile_list *list,
			      const char *sandbox, int64_t *ret_run, struct assay_err *err);

struct profile_origin {
	int64_t run;
	bool sandboxed;
};
/* The profiles of the run that `reference` names; "@last" is the newest run that has any. */
enum assay_code profile_load(const struct cli *cli, const char *reference, struct profile_list *ret,
			     struct profile_origin *ret_origin, struct assay_err *err);

/* The table of the heaviest functions, or an event of --json. `top`: how many rows. */
enum assay_code profile_show(const struct cli *cli, const struct assay_stacks *stacks, size_t top,
			     struct assay_err *err);
/* The same of two: what grew and what shrank, in points of share. */
enum assay_code profile_show_change(const struct cli *cli, const struct assay_stacks *stacks,
				    const struct assay_stacks *before, size_t top,
				    struct assay_err *err);
/* What devices did, where that was recorded: a timeline and at most `top` sums. */
enum assay_code profile_show_gpu(const struct cli *cli, const char *name,
				 const struct assay_gpu_trace *trace, size_t top,
				 struct assay_err *err);
/* Write the files asked for; `before` may be NULL. */
enum assay_code profile_files(const struct cli *cli, const struct cli_args *args,
			      const struct assay_stacks *stacks, const struct assay_stacks *before,
			      struct assay_err *err);

#endif
