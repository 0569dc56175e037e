/* SPDX-License-Identifier: MIT */
/* run: measuring as `assay run` does, for other verbs. */
#ifndef ASSAY_CLI_RUN_H
#define ASSAY_CLI_RUN_H

#include <stdint.h>

#include "cli/cli.h"

extern const struct cli_verb cli_verb_run;

/*
 * Measure and store what `assay run WORD...` would, with the same progress and notes on stderr, but print
 * nothing on stdout. *ret_run is the run's id in cli->db; *ret_exit the exit code the verb would end with,
 * CLI_INTERRUPTED and CLI_TERMINATED among them. Not thread-safe: handles signals.
 */
enum assay_code run_measure(struct cli *cli, int n_words, char **words, int64_t *ret_run,
			    int *ret_exit, struct assay_err *err);

#endif
