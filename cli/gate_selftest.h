/* SPDX-License-Identifier: MIT */
/* gate_selftest: `assay gate --self-test`: how often the gate is wrong on this very machine. */
#ifndef ASSAY_CLI_GATE_SELFTEST_H
#define ASSAY_CLI_GATE_SELFTEST_H

#include "cli/gate.h"

/*
 * Launch this build again and again for about a minute (--max-time), then replay what came of it as gates without
 * and with a change, beside the rule of Google Benchmark's compare.py on the same launches. Prints a table, or
 * with --json a document (with -v, the recording as well). The gate has its request and policy.
 */
enum assay_code gate_selftest(struct gate *gate, struct assay_err *err);

/* The cases that are recorded when no pattern says otherwise; NULL-terminated. */
extern const char *const gate_selftest_patterns[];

#endif
