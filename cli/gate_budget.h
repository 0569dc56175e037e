/* SPDX-License-Identifier: MIT */
/* gate_budget: `assay gate --budget FILE`: bounds beside what was measured. */
#ifndef ASSAY_CLI_GATE_BUDGET_H
#define ASSAY_CLI_GATE_BUDGET_H

#include "cli/cli.h"
#include "cli/gate_budget_show.h"

/*
 * Check the bounds of every --budget given, against the stored run that --cand names, or else by measuring the
 * cases they speak of. Takes the options of `run` that say how to measure. *ret_exit: see docs/budgets.md.
 */
enum assay_code gate_budget(struct cli *cli, const struct cli_args *args, int *ret_exit,
			    struct assay_err *err);

/* Make the names in check->list those of series of this build, but for those that `results` have as they stand. */
enum assay_code gate_budget_resolve(struct budget_check *check,
				    const struct assay_result_list *results, struct assay_err *err);

#endif
