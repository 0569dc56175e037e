/* SPDX-License-Identifier: MIT */
/* summarise: from samples to an estimate, saying which samples were used and how far to trust it. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/engine/collect.h"
#include "harness/stats/estimate.h"

#define CONFIDENCE      0.95
#define DRIFT_RATIO     0.05
#define CLEAN_SHARE_MIN (1.0 / 3)
enum { CLEAN_MIN = 5, DRIFT_MIN_SAMPLES = 12 };

/* Does sample i count? Rejected ones never, preempted ones only where clean ones are too few. */
static bool counts(const struct assay_samples *s, size_t i, bool use_preempted)
{
	if (s->flags[i] & ASSAY_SAMPLE_REJECTED)
		return false;
	return use_preempted || !(s->flags[i] & ASSAY_SAMPLE_PREEMPTED);
}

static size_t select_range(const struct assay_samples *s, size_t from, size_t to,
			   bool use_preempted, double *ret)
{
	size_t n = 0;
	for (size_t i = from; i < to; i++)
		if (counts(s, i, use_preempted))
			ret[n++] = s->values[i];
	return n;
}

/* Widen the interval to what the launches disagree about: start-up and layout vary between them. */
static void cover_launches(const struct assay_samples *s, bool use_preempted, double *scratch,
			   struct assay_estimate *e)
{
	if (s->launches < 2)
		return;
	size_t from = 0;
	for (size_t l = 0; l < s->launches; l++) {
		size_t n = select_range(s, from, s->launch_end[l], use_preempted, scratch);
		from = s->launch_end[l];
		if (!n)
			continue;
		assay_sort(scratch, n);
		double median = assay_median(scratch, n);
		e->lo = fmin(e->lo, median);
		e->hi = fmax(e->hi, median);
	}
}

static double median_of(const struct assay_samples *s, size_t from, size_t to, bool use_preempted,
			double *scratch)
{
	size_t n = select_range(s, from, to, use_preempted, scratch);
	assay_sort(scratch, n);
	return assay_median(scratch, n);
}

/* Do most launches end at another level than they began? First against last third of each. */
static double worst_drift(const struct assay_samples *s, bool use_preempted, double *scratch)
{
	size_t from = 0, drifting = 0;
	double worst = 0;
	for (size_t l = 0; l < s->launches; l++) {
		size_t to = s->launch_end[l], n = to - from;
		if (n >= DRIFT_MIN_SAMPLES) {
			double a = median_of(s, from, from + n / 3, use_preempted, scratch);
			double b = median_of(s, to - n / 3, to, use_preempted, scratch);
			double drift = fabs(b / a - 1);
			drifting += drift > DRIFT_RATIO;
			worst = drift > worst ? drift : worst;
		}
		from = to;
	}
	return 2 * drifting > s->launches ? worst : 0;
}

static void fill_estimate(double *x, size_t n, double *scratch, struct assay_estimate *e)
{
	assay_sort(x, n);
	e->n = n;
	e->median = assay_median(x, n);
	assay_median_interval(x, n, CONFIDENCE, &e->lo, &e->hi);
	e->min = n ? x[0] : NAN;
	e->max = n ? x[n - 1] : NAN;
	e->mean = n ? assay_mean(x, n) : NAN;
	e->sd = n ? assay_sd(x, n) : NAN;
	e->mad = n ? assay_mad(x, n, scratch) : NAN;
	e->p50 = assay_quantile(x, n, 0.5);
	e->p90 = assay_quantile(x, n, 0.9);
	e->p99 = assay_quantile(x, n, 0.99);
	e->p999 = assay_quantile(x, n, 0.999);
}

static void judge_stability(const struct assay_samples *s, double drift, struct assay_summary *ret)
{
	const struct assay_estimate *e = &ret->estimate;
	double half = (e->hi - e->lo) / 2 / fabs(e->median);
	if (s->n && !e->n) {
		ret->unstable = true;
		snprintf(ret->reason, sizeof(ret->reason),
			 "none of %zu windows had all threads running side by side", s->n);
	} else if (e->n > 1 && half > ASSAY_UNSTABLE_HALF_WIDTH) {
		ret->unstable = true;
		snprintf(ret->reason, sizeof(ret->reason),
			 "the median is known to ±%.0f %% only (%zu samples)",
			 100 * assay_plus_minus(e->median, e->lo, e->hi), e->n);
	} else if (drift > 2 * DRIFT_RATIO) {
		ret->unstable = true;
		snprintf(ret->reason, sizeof(ret->reason),
			 "still drifting: the last third differs from the first by %.0f %%",
			 100 * drift);
	}
}

enum assay_code assay_summarise(const struct assay_samples *samples, struct assay_summary *ret,
				struct assay_err *err)
{
	*ret = (struct assay_summary){0};
	ASSAY_AUTO_FREE double *x = calloc(samples->n + 1, sizeof(*x));
	ASSAY_AUTO_FREE double *scratch = calloc(samples->n + 1, sizeof(*scratch));
	if (!x || !scratch)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for a summary");
	bool use_preempted = false;
	size_t n = select_range(samples, 0, samples->n, false, x);
	size_t valid = select_range(samples, 0, samples->n, true, scratch);
	if (valid > n && (n < CLEAN_MIN || (double)n < CLEAN_SHARE_MIN * (double)valid)) {
		use_preempted = true;
		n = select_range(samples, 0, samples->n, true, x);
		ret->flags |= ASSAY_RESULT_PREEMPTED_USED;
	}
	fill_estimate(x, n, scratch, &ret->estimate);
	if (n)
		cover_launches(samples, use_preempted, scratch, &ret->estimate);
	double drift = n ? worst_drift(samples, use_preempted, scratch) : 0;
	if (drift > 0)
		ret->flags |= ASSAY_RESULT_DRIFT;
	judge_stability(samples, drift, ret);
	return ASSAY_OK;
}
