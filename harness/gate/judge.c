/* SPDX-License-Identifier: MIT */
/* judge: decision, estimate, causes and shares of one case. */
#include "harness/gate/judge.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "harness/stats/estimate.h"
#include "harness/stats/placement_share.h"

enum assay_code assay_gate_row_reason(struct assay_gate_row *row, struct assay_err *err,
				      const char *fmt, ...)
{
	char *text = NULL;
	va_list args;
	va_start(args, fmt);
	int length = vasprintf(&text, fmt, args);
	va_end(args);
	if (length < 0)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for a reason");
	free(row->reason);
	row->reason = text;
	return ASSAY_OK;
}

/* What the arrays of one trial's pairs are copied to, one column each. */
struct columns {
	double *d, *log_base, *log_cand, *level;
	unsigned *variant_base, *variant_cand;
	bool varied; /* more than one variant was drawn */
};

static void columns_done(struct columns *c)
{
	free(c->d);
	free(c->variant_base);
}

static enum assay_code columns_make(const struct assay_gate_trial *trial, struct columns *ret,
				    struct assay_err *err)
{
	size_t n = trial->n + 1;
	ret->d = calloc(4 * n, sizeof(*ret->d));
	ret->variant_base = calloc(2 * n, sizeof(*ret->variant_base));
	if (!ret->d || !ret->variant_base)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for a verdict");
	ret->log_base = ret->d + n;
	ret->log_cand = ret->d + 2 * n;
	ret->level = ret->d + 3 * n;
	ret->variant_cand = ret->variant_base + n;
	assay_gate_trial_differences(trial, 0, trial->n, ret->d);
	for (size_t i = 0; i < trial->n; i++) {
		const struct assay_gate_pair *pair = &trial->pairs[i];
		ret->log_base[i] = log(pair->base);
		ret->log_cand[i] = log(pair->cand);
		ret->variant_base[i] = pair->variant_base;
		ret->variant_cand[i] = pair->variant_cand;
		ret->varied |= pair->variant_base != trial->pairs[0].variant_base ||
			       pair->variant_cand != trial->pairs[0].variant_cand;
	}
	return ASSAY_OK;
}

/* Median of a side's levels; `level` is scratch. */
static double level_of(const double *logs, size_t n, double *level)
{
	size_t kept = 0;
	for (size_t i = 0; i < n; i++)
		if (!isnan(logs[i]))
			level[kept++] = exp(logs[i]);
	assay_sort(level, kept);
	return assay_median(level, kept);
}

static enum assay_decision decision_of(const struct assay_gate_trial *trial)
{
	if (trial->status == ASSAY_STATUS_SKIPPED)
		return trial->failed_side == ASSAY_GATE_BASE ? ASSAY_DECISION_SKIPPED
							     : ASSAY_DECISION_MISSING;
	if (trial->status != ASSAY_STATUS_OK)
		return ASSAY_DECISION_FAILED;
	switch (trial->state.verdict) {
	case ASSAY_GATE_OK:
		return ASSAY_DECISION_OK;
	case ASSAY_GATE_REGRESSED:
		return ASSAY_DECISION_REGRESSED;
	case ASSAY_GATE_IMPROVED:
		return ASSAY_DECISION_IMPROVED;
	case ASSAY_GATE_OPEN:
	case ASSAY_GATE_INCONCLUSIVE:
		break;
	}
	return ASSAY_DECISION_INCONCLUSIVE;
}

static enum assay_code find_causes(const struct assay_gate_trial *trial, const struct columns *c,
				   size_t from, struct assay_gate_row *row, struct assay_err *err)
{
	const struct assay_gate_evidence evidence = {
		.d = c->d + from,
		.log_a = c->log_base + from,
		.log_b = c->log_cand + from,
		.variant_a = c->varied ? c->variant_base + from : NULL,
		.variant_b = c->varied ? c->variant_cand + from : NULL,
		.n = trial->n - from,
		.preempted_share = row->preempted_share,
		.steal_share = row->steal_share,
	};
	enum assay_code rc = assay_gate_causes(&trial->policy, &evidence, &row->causes, err);
	if (rc != ASSAY_OK)
		return rc;
	if (trial->n == 0 && trial->cut_short)
		return assay_gate_row_reason(row, err, "the time was up before its turn");
	if (row->estimate.n == 0)
		return assay_gate_row_reason(row, err, "no pair of launches was usable");
	return assay_gate_row_reason(row, err, "%s", ""); /* the causes say it */
}

/* The side that placement disturbs more. */
static enum assay_code find_placement(const struct assay_gate_trial *trial, const struct columns *c,
				      struct assay_gate_row *row, struct assay_err *err)
{
	struct assay_placement base, cand;
	enum assay_code rc = assay_placement_of(c->log_base, c->variant_base, trial->n, &base, err);
	if (rc == ASSAY_OK)
		rc = assay_placement_of(c->log_cand, c->variant_cand, trial->n, &cand, err);
	if (rc != ASSAY_OK)
		return rc;
	row->placement_share = fmax(base.share, cand.share); /* NaN only when both are */
	row->placement_sd = expm1(fmax(base.sd, cand.sd));
	return ASSAY_OK;
}

static enum assay_code say_failure(const struct assay_gate_trial *trial, struct assay_gate_row *row,
				   struct assay_err *err)
{
	return assay_gate_row_reason(row, err, "the %s: %s",
				     trial->failed_side == ASSAY_GATE_BASE ? "base" : "candidate",
				     trial->reason[0] ? trial->reason
						      : assay_status_name(trial->status));
}

enum assay_code assay_gate_judge(const struct assay_gate_trial *trial, size_t survivors,
				 struct assay_gate_row *row, struct assay_err *err)
{
	struct columns c = {0};
	size_t from = trial->n > trial->screening ? trial->screening : 0;
	row->decision = decision_of(trial);
	row->status = trial->status;
	row->better = trial->better;
	row->m0 = trial->policy.m0;
	row->m1 = trial->policy.m1;
	row->lost_pairs = trial->lost;
	if (trial->samples)
		row->preempted_share = (double)trial->preempted / (double)trial->samples;
	if (trial->ticks)
		row->steal_share = (double)trial->steal_ticks / (double)trial->ticks;
	if (trial->state.survived && trial->n > trial->screening) {
		row->p = trial->state.p_slower;
		row->adjusted_p = trial->state.adjusted_p_slower;
	}
	enum assay_code rc = columns_make(trial, &c, err);
	if (rc == ASSAY_OK)
		rc = assay_gate_estimate(&trial->policy, c.d + from, trial->n - from, survivors,
					 &row->estimate, err);
	if (rc == ASSAY_OK) {
		row->pairs = row->estimate.n;
		row->base = level_of(c.log_base, trial->n, c.level);
		row->cand = level_of(c.log_cand, trial->n, c.level);
	}
	if (rc == ASSAY_OK && c.varied)
		rc = find_placement(trial, &c, row, err);
	if (rc == ASSAY_OK && row->decision == ASSAY_DECISION_INCONCLUSIVE)
		rc = find_causes(trial, &c, from, row, err);
	else if (rc == ASSAY_OK && trial->status != ASSAY_STATUS_OK)
		rc = say_failure(trial, row, err);
	else if (rc == ASSAY_OK)
		rc = assay_gate_row_reason(row, err, "%s", "");
	columns_done(&c);
	return rc;
}
