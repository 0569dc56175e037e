/* SPDX-License-Identifier: MIT */
/* judge: from the pairs of one case to its row in the report. */
#ifndef ASSAY_GATE_JUDGE_H
#define ASSAY_GATE_JUDGE_H

#include "harness/gate/session.h"
#include "harness/gate/verdict.h"

/*
 * Fill in everything of *row that the pairs tell: decision and its reason, levels, estimate, p,
 * causes, shares. Names, metric and location are the caller's. An estimate comes from the fresh pairs
 * where there are any, because those of the screen chose the survivors. `survivors` as in
 * assay_gate_estimate(). ASSAY_ENOMEM.
 */
enum assay_code assay_gate_judge(const struct assay_gate_trial *trial, size_t survivors,
				 struct assay_gate_row *row, struct assay_err *err);

/* Replace the row's reason, formatted. ASSAY_ENOMEM. */
enum assay_code assay_gate_row_reason(struct assay_gate_row *row, struct assay_err *err,
				      const char *fmt, ...) ASSAY_PRINTF(3, 4);

#endif
