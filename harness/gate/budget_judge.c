/* SPDX-License-Identifier: MIT */
/* budget_judge: a bound beside what was measured. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/str.h"
#include "harness/gate/budget.h"
#include "harness/stats/compare.h"
#include "harness/stats/estimate.h"

#define CONFIDENCE 0.95
enum { ENOUGH_LAUNCHES = 6 }; /* of which the outermost two hold the median with 96.9 % */

const char *assay_bound_verdict_name(enum assay_bound_verdict verdict)
{
	static const char *const names[ASSAY_BOUND_VERDICTS] = {
		[ASSAY_BOUND_MET] = "met",
		[ASSAY_BOUND_MISSED] = "missed",
		[ASSAY_BOUND_UNDECIDED] = "undecided",
		[ASSAY_BOUND_SKIPPED] = "skipped",
		[ASSAY_BOUND_FAILED] = "failed",
		[ASSAY_BOUND_VANISHED] = "vanished",
	};
	return names[verdict];
}

/* All that a run has to say of one series. */
struct reading {
	const struct assay_result
		*result; /* of the metric; or of the case, when it was not measured */
	bool case_found;
	char metrics[160]; /* what the case has instead */
};

static bool is_metric(const struct assay_bound_side *side, const struct assay_result *r)
{
	return side->metric ? strcmp(side->metric, r->metric.name) == 0 : r->primary;
}

static struct reading find(const struct assay_bound_side *side, const struct assay_result *results,
			   size_t n)
{
	struct reading found = {0};
	size_t used = 0;
	for (size_t i = 0; i < n; i++) {
		const struct assay_result *r = &results[i];
		if (strcmp(r->name, side->series) != 0)
			continue;
		found.case_found = true;
		if (is_metric(side, r) || !assay_status_measured(r->status))
			found.result = r;
		if (is_metric(side, r))
			return found;
		if (used < sizeof(found.metrics))
			used += (size_t)snprintf(found.metrics + used, sizeof(found.metrics) - used,
						 "%s%s", used ? ", " : "", r->metric.name);
	}
	return found;
}

/* Fills in the outcome and returns false when this side has no figure. */
static bool usable(const struct assay_bound_side *side, const struct reading *reading,
		   struct assay_bound_outcome *out)
{
	const struct assay_result *r = reading->result;
	if (!r) {
		if (out->verdict == ASSAY_BOUND_FAILED)
			return false;
		out->verdict = ASSAY_BOUND_VANISHED;
		if (reading->case_found)
			snprintf(out->reason, sizeof(out->reason),
				 "no metric '%s'; the case has %s",
				 side->metric ? side->metric : "primary", reading->metrics);
		else
			snprintf(out->reason, sizeof(out->reason), "nothing measured it");
		return false;
	}
	if (assay_status_measured(r->status)) {
		if (r->status == ASSAY_STATUS_UNSTABLE && !*out->reason)
			snprintf(out->reason, sizeof(out->reason), "unstable: %.250s", r->reason);
		return true;
	}
	bool skipped = r->status == ASSAY_STATUS_SKIPPED;
	if (skipped && (out->verdict == ASSAY_BOUND_FAILED || out->verdict == ASSAY_BOUND_VANISHED))
		return false;
	out->verdict = skipped ? ASSAY_BOUND_SKIPPED : ASSAY_BOUND_FAILED;
	snprintf(out->reason, sizeof(out->reason), "%s%s%.250s",
		 skipped ? "" : assay_status_name(r->status), skipped || !*r->reason ? "" : ": ",
		 r->reason);
	return false;
}

static double allowance(const struct assay_result *a, const struct assay_result *b)
{
	return fmax(assay_drift_allowance(a->noise), assay_drift_allowance(b->noise));
}

/*
 * The interval of the median over launches, which are what vary: of six or more by order statistics, at 95 %.
 * Fewer do not reach that, and what the estimate has, all of their medians, has to do. Less than three say
 * nothing of how much they vary.
 */
static enum assay_code interval(const struct assay_result *r, double *lo, double *hi,
				size_t *launches, struct assay_err *err)
{
	const struct assay_samples *s = &r->samples;
	double median = r->estimate.median;
	ASSAY_AUTO_FREE double *medians = calloc(s->launches + s->n + 1, sizeof(*medians));
	if (!medians)
		return assay_fail(err, ASSAY_ENOMEM, "no memory to judge %zu samples", s->n);
	*launches = assay_launch_medians(s, medians, medians + s->launches);
	*lo = r->estimate.lo;
	*hi = r->estimate.hi;
	if (*launches >= ENOUGH_LAUNCHES) {
		assay_sort(medians, *launches);
		assay_median_interval(medians, *launches, CONFIDENCE, lo, hi);
		*lo = fmin(*lo, median); /* of all samples, as tables show it */
		*hi = fmax(*hi, median);
	} else if (*launches < ASSAY_COMPARE_LAUNCHES) {
		double widening = allowance(r, r) * fabs(median);
		*lo -= widening;
		*hi += widening;
	}
	return ASSAY_OK;
}

static enum assay_code measure_one(const struct assay_bound *bound, const struct assay_result *r,
				   struct assay_bound_outcome *out, struct assay_err *err)
{
	struct assay_unit metric;
	bool inverse;
	enum assay_code code = assay_unit_parse(r->metric.unit, &metric, err);
	if (code != ASSAY_OK)
		return code;
	if (!assay_unit_fits(&metric, &bound->unit, &inverse))
		return assay_fail(err, ASSAY_EUSAGE, "%s of %.100s is in %s; '%s' does not fit",
				  r->metric.name, r->name,
				  *r->metric.unit ? r->metric.unit : "numbers",
				  *bound->unit.text ? bound->unit.text : "a bare number");
	double lo, hi;
	code = interval(r, &lo, &hi, &out->launches, err);
	if (code != ASSAY_OK)
		return code;
	out->value = assay_unit_convert(&metric, &bound->unit, r->estimate.median * metric.factor);
	out->lo = assay_unit_convert(&metric, &bound->unit, lo * metric.factor);
	out->hi = assay_unit_convert(&metric, &bound->unit, hi * metric.factor);
	if (inverse) {
		double swap = out->lo;
		out->lo = out->hi;
		out->hi = swap;
	}
	return ASSAY_OK;
}

static enum assay_code measure_ratio(const struct assay_result *over,
				     const struct assay_result *under,
				     struct assay_bound_outcome *out, struct assay_err *err)
{
	struct assay_unit unit_over, unit_under;
	bool inverse;
	enum assay_code code = assay_unit_parse(over->metric.unit, &unit_over, err);
	if (code == ASSAY_OK)
		code = assay_unit_parse(under->metric.unit, &unit_under, err);
	if (code != ASSAY_OK)
		return code;
	if (!assay_unit_fits(&unit_over, &unit_under, &inverse) || inverse)
		return assay_fail(err, ASSAY_EUSAGE, "%s and %s have no ratio", over->metric.unit,
				  under->metric.unit);
	struct assay_side a = {&under->samples, &under->estimate},
			  b = {&over->samples, &over->estimate};
	bool replicated = under->samples.launches >= ASSAY_COMPARE_LAUNCHES &&
			  over->samples.launches >= ASSAY_COMPARE_LAUNCHES;
	const struct assay_compare_policy policy = {
		.confidence = CONFIDENCE, .allowance = replicated ? 0 : allowance(over, under)};
	struct assay_comparison c;
	code = assay_compare(&a, &b, over->metric.better, &policy, &c, err);
	if (code != ASSAY_OK)
		return code;
	double factor = unit_over.factor / unit_under.factor;
	out->value = c.ratio * factor;
	out->lo = c.lo * factor;
	out->hi = c.hi * factor;
	out->launches = c.launches_a < c.launches_b ? c.launches_a : c.launches_b;
	if (isnan(c.ratio))
		snprintf(out->reason, sizeof(out->reason), "no ratio, a value is zero or missing");
	return ASSAY_OK;
}

static void decide(const struct assay_bound *bound, struct assay_bound_outcome *out)
{
	double limit = bound->limit, far = bound->far;
	double rounding =
		1e-9 * limit; /* a fifth of exact counts is a fifth, whatever log and exp say */
	bool holds = bound->at_least ? out->lo >= limit - rounding : out->hi <= limit + rounding;
	bool breaks = bound->at_least ? out->hi < limit - rounding : out->lo > limit + rounding;
	out->verdict = holds    ? ASSAY_BOUND_MET
		       : breaks ? ASSAY_BOUND_MISSED
				: ASSAY_BOUND_UNDECIDED;
	out->exceeded = holds && (bound->at_least ? out->lo > far : out->hi < far);
	if (out->verdict == ASSAY_BOUND_UNDECIDED && !*out->reason)
		snprintf(
			out->reason, sizeof(out->reason), "%s",
			isnan(out->value) ? "no sample counts"
			: out->launches < ASSAY_COMPARE_LAUNCHES
				? "the bound lies inside the interval, widened for want of launches"
				: "the bound lies inside the interval");
}

enum assay_code assay_bound_judge(const struct assay_bound *bound,
				  const struct assay_result *results, size_t n,
				  struct assay_bound_outcome *ret, struct assay_err *err)
{
	*ret = (struct assay_bound_outcome){.value = NAN, .lo = NAN, .hi = NAN};
	struct reading over = find(&bound->over, results, n), under = {0};
	bool measured = usable(&bound->over, &over, ret);
	if (bound->under.series) {
		under = find(&bound->under, results, n);
		measured = usable(&bound->under, &under, ret) && measured;
	}
	if (!measured)
		return ASSAY_OK;
	enum assay_code code = bound->under.series
				       ? measure_ratio(over.result, under.result, ret, err)
				       : measure_one(bound, over.result, ret, err);
	if (code == ASSAY_OK)
		decide(bound, ret);
	return code;
}
