/* SPDX-License-Identifier: MIT */
/* gate_budget_show: the bounds that were checked, as a table for people and as one JSON document. */
#ifndef ASSAY_CLI_GATE_BUDGET_SHOW_H
#define ASSAY_CLI_GATE_BUDGET_SHOW_H

#include "cli/budget_file.h"
#include "cli/cli.h"
#include "harness/store/store.h"

struct budget_check {
	const struct cli *cli;
	bool all; /* say more of those that are met, too */
	struct budget_list list;
	struct assay_bound_outcome
		*outcomes;                /* one per budget; of those that are not bounded unused */
	const struct assay_run_info *run; /* they were measured in; NULL: none was needed */
	size_t counts[ASSAY_BOUND_VERDICTS];
	size_t exceeded;  /* of those met */
	size_t unbounded; /* have a reason instead */
	int exit;
};

/* "met", "reproduced", "not measurable", ...: how the outcome of a budget is called. Static. */
const char *budget_word(const struct budget *budget, const struct assay_bound_outcome *outcome);

/* "<= 12.00 ns", and "7.310 ns [7.291, 7.342]" or "-" when there is no figure. Return text. */
const char *budget_asked(const struct budget *budget, char *text, size_t size);
const char *budget_measured(const struct budget *budget, const struct assay_bound_outcome *outcome,
			    char *text, size_t size);

void budget_check_text(const struct budget_check *check, FILE *out);
enum assay_code budget_check_json(const struct budget_check *check, FILE *out,
				  struct assay_err *err);

#endif
