/* SPDX-License-Identifier: MIT */
/* run_output: what `assay run` shows while it runs, on stderr and as JSON Lines. */
#ifndef ASSAY_CLI_RUN_OUTPUT_H
#define ASSAY_CLI_RUN_OUTPUT_H

#include "cli/cli.h"
#include "cli/eta.h"
#include "harness/engine/engine.h"

struct run_output {
	const struct cli *cli;
	struct eta *eta; /* borrowed, and told of each launch */
	int64_t run;     /* id in the store */
	size_t cases_done, cases_total;
	size_t by_status[ASSAY_STATUS_UNSTABLE + 1]; /* cases */
	bool line_open;                              /* a redrawn line stands on the terminal */
	uint64_t heartbeat_ns; /* of the run's time: when a plain line was last due */
};

/* A finished result: one plain line per case where stderr is no terminal, one JSON event. */
enum assay_code run_output_result(struct run_output *output, const struct assay_result *result,
				  struct assay_err *err);
/*
 * Between launches: redraw the line with the time left; where stderr is no terminal, say it every
 * CLI_HEARTBEAT_NS.
 */
void run_output_progress(struct run_output *output, const struct assay_progress *progress);
/* End the redrawn line, if there is one. */
void run_output_clear(struct run_output *output);

#endif
