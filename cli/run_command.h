/* SPDX-License-Identifier: MIT */
/* run_command: the commands and Google Benchmark executables of one `assay run`. */
#ifndef ASSAY_CLI_RUN_COMMAND_H
#define ASSAY_CLI_RUN_COMMAND_H

#include "cli/run_request.h"
#include "harness/store/store.h"

/*
 * Read `-- CMD ::: CMD` and `--gbench EXE [PATTERN...]` with the options that go with them into
 * descriptions in q->programs; q's axes are the parameters. Nothing when neither is given.
 * ASSAY_EUSAGE: an option without a command, a program that does not exist, nothing to measure.
 */
enum assay_code run_command_read(const struct cli_args *args, struct run_request *q,
				 struct assay_err *err);

/*
 * Read `-- BASE ::: CANDIDATE`, exactly two commands that take the same parameters, q's axes; each
 * description is malloc'd. ASSAY_EUSAGE for any other number.
 */
enum assay_code run_command_pair(const struct cli_args *args, const struct run_request *q,
				 char *ret[2], struct assay_err *err);

/* The plan of a run of commands: each case and what is run for it. */
enum assay_code run_command_plan(const struct assay_plan *plan, FILE *out, struct assay_err *err);
/* One JSON event per case that says what is run for it. */
enum assay_code run_command_events(const struct assay_plan *plan, FILE *out, struct assay_err *err);

/* What to know about the figures of Google Benchmark executables, where there is something. */
void run_command_remarks(const struct assay_result_list *results, FILE *out);

/* What came of commands: a table with their command lines, and how they compare. */
enum assay_code run_command_report(const struct assay_plan *plan,
				   const struct assay_result_list *results, FILE *out,
				   struct assay_err *err);

#endif
