/* SPDX-License-Identifier: MIT */
/* counts: exact comparison of simulated counts. */
#include "harness/gate/counts.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "harness/base/attr.h"

const char *assay_counts_decision_name(enum assay_counts_decision decision)
{
	static const char *const names[ASSAY_COUNTS_DECISIONS] = {
		[ASSAY_COUNTS_SAME] = "same",
		[ASSAY_COUNTS_CHANGED] = "changed",
		[ASSAY_COUNTS_IMPROVED] = "improved",
		[ASSAY_COUNTS_REGRESSED] = "regressed",
		[ASSAY_COUNTS_NOT_DETERMINISTIC] = "not deterministic",
		[ASSAY_COUNTS_SKIPPED] = "skipped",
		[ASSAY_COUNTS_FAILED] = "failed",
	};
	return names[decision];
}

static const struct {
	enum assay_replay_event event;
	bool gated;
} table[] = {
	{ASSAY_REPLAY_INSTRUCTIONS, true},    {ASSAY_REPLAY_DATA_READS, true},
	{ASSAY_REPLAY_DATA_WRITES, true},     {ASSAY_REPLAY_CONDITIONAL_MISSES, true},
	{ASSAY_REPLAY_INDIRECT_MISSES, true}, {ASSAY_REPLAY_L1D_MISSES, false},
	{ASSAY_REPLAY_CACHE_MISSES, false},
};

static double per_op(const struct assay_replayed *replay, enum assay_replay_event event)
{
	return replay->counts[event].value;
}

/* Does an event that went from `from` to `to` matter? See assay_counts_decide(). */
static bool matters(enum assay_replay_event event, double from, double to, double instructions,
		    double limit)
{
	double by = fabs(to - from);
	/* counts per operation are quotients: half a per cent of them may come out a rounding below */
	return by > 0 && by >= limit * from * (1 - 1e-12) &&
	       (event == ASSAY_REPLAY_INSTRUCTIONS || by > limit / 10 * instructions);
}

/* The closest that two values of one side and two of the other come: 0 when their ranges overlap. */
static double gap(const double a[2], const double b[2])
{
	if (fmin(b[0], b[1]) > fmax(a[0], a[1]))
		return fmin(b[0], b[1]) - fmax(a[0], a[1]);
	if (fmax(b[0], b[1]) < fmin(a[0], a[1]))
		return fmax(b[0], b[1]) - fmin(a[0], a[1]);
	return 0;
}

static struct assay_counts_row compare(size_t i, const struct assay_replayed base[2],
				       const struct assay_replayed cand[2], double limit)
{
	enum assay_replay_event event = table[i].event;
	const double b[2] = {per_op(&base[0], event), per_op(&base[1], event)};
	const double c[2] = {per_op(&cand[0], event), per_op(&cand[1], event)};
	const double by = gap(b, c);
	struct assay_counts_row row = {
		.event = event,
		.gated = table[i].gated,
		.base = b[0],
		.cand = c[0],
		.change = by == 0    ? 0
			  : b[0] > 0 ? by / b[0]
				     : INFINITY,
		.decision = by == 0 ? ASSAY_COUNTS_SAME : ASSAY_COUNTS_CHANGED,
	};
	double instructions = per_op(&base[0], ASSAY_REPLAY_INSTRUCTIONS);
	if (matters(event, b[0], b[0] + by, instructions, limit))
		row.decision = by > 0 ? ASSAY_COUNTS_REGRESSED : ASSAY_COUNTS_IMPROVED;
	return row;
}

/* The first side that could not be replayed, or whose two replays differ, decides for the case. */
static bool unfit(const char *who, const struct assay_replayed side[2],
		  struct assay_counts_case *ret)
{
	for (size_t r = 0; r < 2; r++) {
		if (side[r].status == ASSAY_STATUS_OK)
			continue;
		bool skipped = side[r].status == ASSAY_STATUS_SKIPPED;
		ret->decision = skipped ? ASSAY_COUNTS_SKIPPED : ASSAY_COUNTS_FAILED;
		ret->status = side[r].status;
		snprintf(ret->reason, sizeof(ret->reason), "%s: %.500s", who, side[r].reason);
		return true;
	}
	double instructions = per_op(&side[0], ASSAY_REPLAY_INSTRUCTIONS);
	for (size_t i = 0; i < ASSAY_COUNT_OF(table); i++) {
		double first = per_op(&side[0], table[i].event);
		double second = per_op(&side[1], table[i].event);
		if (!table[i].gated || !matters(table[i].event, first, second, instructions,
						ASSAY_COUNTS_REPEAT_LIMIT))
			continue;
		ret->decision = ASSAY_COUNTS_NOT_DETERMINISTIC;
		snprintf(ret->reason, sizeof(ret->reason),
			 "not deterministic: two replays of the %s took %.6g and %.6g %s per "
			 "operation; does it depend on time, or on chance that is not seeded?",
			 who, first, second, assay_replay_event_name(table[i].event));
		return true;
	}
	return false;
}

/* "instructions +1.2 %": what is worse, else what is better, else what changed, the worst first. */
static void explain(struct assay_counts_case *ret)
{
	const struct assay_counts_row *worst = NULL;
	for (size_t i = 0; i < ret->n; i++) {
		const struct assay_counts_row *row = &ret->rows[i];
		if (row->gated && row->decision == ret->decision &&
		    (!worst || fabs(row->change) > fabs(worst->change)))
			worst = row;
	}
	if (!worst || ret->decision == ASSAY_COUNTS_SAME)
		return;
	const char *event = assay_replay_event_name(worst->event);
	if (isinf(worst->change))
		snprintf(ret->reason, sizeof(ret->reason), "%s from none to %.4g per operation",
			 event, worst->cand);
	else
		snprintf(ret->reason, sizeof(ret->reason), "%s %+.3g %%", event,
			 100 * worst->change);
}

void assay_counts_decide(const struct assay_replayed base[2], const struct assay_replayed cand[2],
			 double limit, struct assay_counts_case *ret)
{
	*ret = (struct assay_counts_case){0};
	if (unfit("base", base, ret) || unfit("candidate", cand, ret))
		return;
	ret->operations = base[0].operations;
	if (cand[0].operations != base[0].operations) {
		ret->decision = ASSAY_COUNTS_FAILED;
		ret->status = ASSAY_STATUS_FAILED;
		snprintf(ret->reason, sizeof(ret->reason),
			 "the sides ran batches of different sizes: does max_ops differ?");
		return;
	}
	bool has[ASSAY_COUNTS_DECISIONS] = {false};
	for (size_t i = 0; i < ASSAY_COUNT_OF(table); i++) {
		struct assay_counts_row row = compare(i, base, cand, limit);
		has[row.decision] |= row.gated;
		ret->rows[ret->n++] = row;
	}
	ret->decision = has[ASSAY_COUNTS_REGRESSED]  ? ASSAY_COUNTS_REGRESSED
			: has[ASSAY_COUNTS_IMPROVED] ? ASSAY_COUNTS_IMPROVED
			: has[ASSAY_COUNTS_CHANGED]  ? ASSAY_COUNTS_CHANGED
						     : ASSAY_COUNTS_SAME;
	explain(ret);
}

static enum assay_code replay_twice(struct assay_replay side, struct assay_replayed ret[2],
				    struct assay_err *err)
{
	enum assay_code rc = assay_replay_case(&side, &ret[0], err);
	if (rc != ASSAY_OK || ret[0].status != ASSAY_STATUS_OK)
		return rc;
	side.operations = ret[0].operations;
	return assay_replay_case(&side, &ret[1], err);
}

enum assay_code assay_counts_compare(const struct assay_replay *base,
				     const struct assay_replay *cand, double limit,
				     struct assay_counts_case *ret, struct assay_err *err)
{
	if (!(limit >= 0 && limit < 1))
		return assay_fail(err, ASSAY_EUSAGE,
				  "a limit for counts is a ratio such as 0.005, not %g", limit);
	struct assay_replayed sides[2][2] = {0};
	enum assay_code rc = replay_twice(*base, sides[0], err);
	struct assay_replay other = *cand;
	other.operations = sides[0][0].operations;
	if (rc == ASSAY_OK && sides[0][0].status == ASSAY_STATUS_OK)
		rc = replay_twice(other, sides[1], err);
	if (rc == ASSAY_OK)
		assay_counts_decide(sides[0], sides[1], limit, ret);
	return rc;
}
