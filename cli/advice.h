/* SPDX-License-Identifier: MIT */
/* advice: what the advisor finds in results and profiles, for people and for --json. */
#ifndef ASSAY_CLI_ADVICE_H
#define ASSAY_CLI_ADVICE_H

#include "cli/cli.h"
#include "profiler/advisor.h"
#include "reports/report.h"

/* The rules of this build. */
enum assay_code advice_rules(struct advisor **ret, struct assay_err *err);

/* What is known of the machine's limits in the store in use; nothing when there is no store yet. */
enum assay_code advice_ceilings(const struct cli *cli, struct ceilings *ret, struct assay_err *err);

/* What was found in a profile: a paragraph below its table, or an event each for --json. */
enum assay_code advice_show(const struct cli *cli, const char *name, const struct advice_list *list,
			    struct assay_err *err);

/* What was found in a whole run, by rule: the surest and the most cases first. */
struct advice_summary {
	struct assay_report_advice *advice;
	size_t n;
};

/*
 * Judge every measured case of results[n] but those that only show what the harness costs or what a limit is.
 * The summary owns its texts but the cases' names, which are the results'.
 */
enum assay_code advice_summarise(const struct cli *cli, const struct assay_result *results,
				 size_t n, const struct ceilings *ceilings,
				 struct advice_summary *ret, struct assay_err *err);
void advice_summary_done(struct advice_summary *summary);
/* One event each. */
enum assay_code advice_summary_events(const struct cli *cli, const struct advice_summary *summary,
				      struct assay_err *err);

#endif
