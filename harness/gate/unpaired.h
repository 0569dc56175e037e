/* SPDX-License-Identifier: MIT */
/*
 * unpaired: a verdict from two runs that were not interleaved. What changed between them besides the code
 * (neighbours on the host, temperature) cannot be told from the code; an allowance stands for it, and
 * less can be decided than from pairs.
 */
#ifndef ASSAY_GATE_UNPAIRED_H
#define ASSAY_GATE_UNPAIRED_H

#include "harness/gate/verdict.h"
#include "harness/stats/compare.h"

struct assay_gate_unpaired {
	struct assay_side base, cand; /* three launches or more each, or it is INCONCLUSIVE */
	enum assay_better better;
	struct assay_gate_policy policy; /* the case's */
	double allowance;                /* see assay_drift_allowance() */
	size_t family;                   /* series that are judged together, at least 1 */
	bool hardware; /* different machines: a difference is none of the code's */
};

/*
 * Fill in decision, reason, levels, margins and estimate of *row. REGRESSED: the interval at the level alpha
 * over the family (Bonferroni), widened by the allowance, lies wholly beyond the lower margin.
 * IMPROVED: likewise on the other side. OK: the interval at the OK level, not widened, lies wholly
 * below the upper margin: a change smaller than upper margin and allowance together can hide. The
 * estimate's interval is the widened one of the first test. ASSAY_ENOMEM.
 */
enum assay_code assay_gate_judge_unpaired(const struct assay_gate_unpaired *in,
					  struct assay_gate_row *row, struct assay_err *err);

#endif
