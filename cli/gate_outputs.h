/* SPDX-License-Identifier: MIT */
/* gate_outputs: what of a gate is written where, as the options of `assay gate` say. */
#ifndef ASSAY_CLI_GATE_OUTPUTS_H
#define ASSAY_CLI_GATE_OUTPUTS_H

#include "cli/cli.h"
#include "harness/gate/verdict.h"

/* Rows of the verb's table of options; --strict is among them because the outputs depend on it. */
#define GATE_OUTPUT_OPTIONS                                                            \
	{"all", 0, NULL, "also show every series that is no worse"},                   \
		{"strict", 0, NULL, "what cannot be decided fails: exit 4"},           \
		{"junit", 0, "FILE", "write JUnit XML as well"},                       \
		{"sarif", 0, "FILE", "write SARIF 2.1.0 as well, for code scanning"},  \
		{"markdown", 0, "FILE", "write a comment for a pull request as well"}, \
		{"github", 0, NULL,                                                    \
		 "print annotations; the default where GITHUB_ACTIONS is true"},

/*
 * Before anything is measured: could all of it be written? ASSAY_EIO names the file that could not,
 * ASSAY_EUSAGE outputs that exclude each other.
 */
enum assay_code gate_outputs_check(const struct cli *cli, const struct cli_args *args,
				   struct assay_err *err);

/*
 * Write all that was asked for: text on stdout unless --json has it, --json, files, annotations. One
 * that fails does not keep the others from being written; the first failure is returned.
 */
enum assay_code gate_outputs_write(const struct cli *cli, const struct cli_args *args,
				   const struct assay_gate_report *report, struct assay_err *err);

#endif
