/* SPDX-License-Identifier: MIT */
/* gate_counts: `assay gate --counts`: what both sides execute, beside how long they take. */
#ifndef ASSAY_CLI_GATE_COUNTS_H
#define ASSAY_CLI_GATE_COUNTS_H

#include "cli/gate.h"
#include "harness/gate/launcher.h"

/*
 * Replay item on both sides and append a row of its counts to the report: of the event that decides, or of
 * instructions. names: the row of its times, by index. ASSAY_EINTR and ASSAY_ENOMEM; all else is the row's.
 */
enum assay_code gate_counts_add(struct gate *gate, const struct assay_gate_launcher *launcher,
				size_t item, size_t names, struct assay_err *err);

#endif
