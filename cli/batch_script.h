/* SPDX-License-Identifier: MIT */
/* batch_script: the job that `assay run --launcher slurm` hands to SLURM, as a script that people can read. */
#ifndef ASSAY_CLI_BATCH_SCRIPT_H
#define ASSAY_CLI_BATCH_SCRIPT_H

#include <stdint.h>

#include "harness/base/str.h"
#include "harness/engine/argv.h"

struct batch_script {
	const char *program;            /* path of this program, on every node */
	const char *name;               /* of the job, the only one of that name */
	const char *folder;             /* shared; bundles go there as result-TASK.assay */
	const struct assay_argv *words; /* of the run inside, without launcher, ranks and db */
	unsigned ranks;
	unsigned tasks;   /* of the array; 1: no array */
	uint64_t time_ns; /* limit of the job */
	uint64_t warn_ns; /* asked to stop so long before it */
};

/* Append the script to `out`; every word from outside is quoted. */
void batch_script_write(const struct batch_script *script, struct assay_str *out);

#endif
