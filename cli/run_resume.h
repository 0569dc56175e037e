/* SPDX-License-Identifier: MIT */
/* run_resume: which stored run `assay run --resume` goes on with, and which it does not. */
#ifndef ASSAY_CLI_RUN_RESUME_H
#define ASSAY_CLI_RUN_RESUME_H

#include "cli/cli.h"
#include "harness/machine/topology.h"
#include "harness/store/store.h"

/*
 * Can this run be gone on with, here and with these options? ASSAY_EUSAGE: it is complete, or a side of a gate, or what
 * is to be measured is asked for a second time; ASSAY_EENV: it was begun on another machine.
 */
enum assay_code run_resume_check(const struct cli_args *args, const struct assay_run_info *run,
				 const struct assay_topology *topology, struct assay_err *err);

#endif
