/* SPDX-License-Identifier: MIT */
/* batch: `assay run --launcher slurm`: hand a script to SLURM, wait for its bundles, merge them. */
#ifndef ASSAY_CLI_BATCH_H
#define ASSAY_CLI_BATCH_H

#include "cli/cli.h"

/* Is this run to be a batch job? */
bool batch_wanted(const struct cli *cli, const struct cli_args *args);

/*
 * Submit, wait, merge into cli->db and show. With --dry-run print the script. ASSAY_EENV: SLURM does not take the job, or
 * the job ended without a result. When interrupted the job is cancelled.
 */
enum assay_code batch_run(struct cli *cli, const struct cli_args *args, int *ret_exit,
			  struct assay_err *err);

#endif
