/* SPDX-License-Identifier: MIT */
/* run_plan: `assay run --dry-run`: what would be measured, and how long it would take. */
#ifndef ASSAY_CLI_RUN_PLAN_H
#define ASSAY_CLI_RUN_PLAN_H

#include "cli/cli.h"
#include "cli/eta.h"
#include "cli/run_request.h"

/* Every case with its CPUs or why it is skipped: a table on stdout, and an event each with --json. */
enum assay_code run_plan_show(const struct cli *cli, const struct run_request *request,
			      const struct assay_plan *plan, const struct eta *eta,
			      struct assay_err *err);

#endif
