/* SPDX-License-Identifier: MIT */
/* unpaired: two intervals of one ratio, held against the margins. */
#include "harness/gate/unpaired.h"

#include <math.h>

#include "harness/gate/judge.h"

/* In the sense of worse. */
struct interval {
	double ratio, lo, hi;
};

static struct interval worse(const struct assay_comparison *c, enum assay_better better)
{
	if (better == ASSAY_HIGHER)
		return (struct interval){1 / c->ratio, 1 / c->hi, 1 / c->lo};
	return (struct interval){c->ratio, c->lo, c->hi};
}

static enum assay_decision decide(const struct assay_gate_unpaired *in, const struct interval *red,
				  const struct interval *ok)
{
	double known = 1 + in->policy.accepted;
	if (red->lo > known * (1 + in->policy.m0))
		return ASSAY_DECISION_REGRESSED;
	if (red->hi < 1 / (1 + in->policy.m0))
		return ASSAY_DECISION_IMPROVED;
	if (ok->hi < known * (1 + in->policy.m1))
		return ASSAY_DECISION_OK;
	return ASSAY_DECISION_INCONCLUSIVE;
}

static enum assay_code explain(const struct assay_gate_unpaired *in, const struct interval *red,
			       const struct assay_comparison *c, struct assay_gate_row *row,
			       struct assay_err *err)
{
	bool few = c->launches_a < ASSAY_COMPARE_LAUNCHES ||
		   c->launches_b < ASSAY_COMPARE_LAUNCHES || !isfinite(red->ratio);
	bool changed = row->decision == ASSAY_DECISION_REGRESSED ||
		       row->decision == ASSAY_DECISION_IMPROVED;
	if (few) {
		row->decision = ASSAY_DECISION_INCONCLUSIVE;
		return assay_gate_row_reason(row, err, "needs %d launches on each side",
					     ASSAY_COMPARE_LAUNCHES);
	}
	if (in->hardware && changed) {
		row->decision = ASSAY_DECISION_INCONCLUSIVE;
		return assay_gate_row_reason(row, err,
					     "the machines differ, which is no matter of the code");
	}
	if (row->decision != ASSAY_DECISION_INCONCLUSIVE)
		return assay_gate_row_reason(row, err, "%s", "");
	row->causes.n = 1;
	row->causes.found[0].cause = ASSAY_CAUSE_DRIFT;
	row->causes.found[0].strength = 1;
	return assay_gate_row_reason(
		row, err, "launches differ, and %.0f %% may be drift between the two runs",
		100 * in->allowance);
}

enum assay_code assay_gate_judge_unpaired(const struct assay_gate_unpaired *in,
					  struct assay_gate_row *row, struct assay_err *err)
{
	struct assay_compare_policy policy = {
		.margin = in->policy.m0,
		.confidence = 1 - 2 * in->policy.alpha / (double)(in->family ? in->family : 1),
		.allowance = in->allowance,
	};
	struct assay_comparison red, ok;
	enum assay_code rc = assay_compare(&in->base, &in->cand, in->better, &policy, &red, err);
	policy.confidence = 1 - 2 * in->policy.ok_level;
	policy.allowance = 0;
	if (rc == ASSAY_OK)
		rc = assay_compare(&in->base, &in->cand, in->better, &policy, &ok, err);
	if (rc != ASSAY_OK)
		return rc;
	struct interval worse_red = worse(&red, in->better), worse_ok = worse(&ok, in->better);
	row->better = in->better;
	row->base = in->base.estimate->median;
	row->cand = in->cand.estimate->median;
	row->m0 = in->policy.m0;
	row->m1 = in->policy.m1;
	row->estimate.ratio = worse_red.ratio;
	row->estimate.lo = worse_red.lo;
	row->estimate.hi = worse_red.hi;
	row->estimate.n = row->pairs =
		red.launches_a < red.launches_b ? red.launches_a : red.launches_b;
	row->decision = decide(in, &worse_red, &worse_ok);
	return explain(in, &worse_red, &red, row, err);
}
