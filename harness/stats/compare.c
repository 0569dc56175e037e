/* SPDX-License-Identifier: MIT */
/* compare: launches are the replicates, ratios live on the log scale. */
#include "harness/stats/compare.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/stats/estimate.h"

const char *assay_verdict_name(enum assay_verdict verdict)
{
	static const char *const names[] = {
		[ASSAY_SAME] = "same",
		[ASSAY_FASTER] = "faster",
		[ASSAY_SLOWER] = "slower",
		[ASSAY_UNSURE] = "unsure",
	};
	return names[verdict];
}

double assay_drift_allowance(char grade)
{
	switch (grade) {
	case 'A':
		return 0.01;
	case 'B':
		return 0.02;
	case 'D':
		return 0.08;
	default:
		return 0.04;
	}
}

/* Samples of one launch that count: the clean ones, or all but the rejected when hardly any is clean. */
static size_t clean_samples(const struct assay_samples *samples, size_t from, size_t to,
			    unsigned unwanted, double *ret)
{
	size_t n = 0;
	for (size_t i = from; i < to; i++)
		if (!(samples->flags && (samples->flags[i] & unwanted)) &&
		    !isnan(samples->values[i]))
			ret[n++] = samples->values[i];
	return n;
}

size_t assay_launch_medians(const struct assay_samples *samples, double *medians, double *scratch)
{
	size_t n = 0, from = 0;
	for (size_t i = 0; i < samples->launches; i++) {
		size_t to = samples->launch_end[i];
		size_t kept = clean_samples(
			samples, from, to, ASSAY_SAMPLE_REJECTED | ASSAY_SAMPLE_PREEMPTED, scratch);
		if (kept < 2)
			kept = clean_samples(samples, from, to, ASSAY_SAMPLE_REJECTED, scratch);
		if (kept) {
			assay_sort(scratch, kept);
			medians[n++] = assay_median(scratch, kept);
		}
		from = to;
	}
	return n;
}

/* Logarithms of the launch medians; NULL in *ret when out of memory, *ret_n = 0 when undefined. */
static enum assay_code log_medians(const struct assay_samples *samples, double **ret, size_t *ret_n,
				   struct assay_err *err)
{
	double *medians = malloc((samples->launches + samples->n + 1) * sizeof(*medians));
	if (!medians)
		return assay_fail(err, ASSAY_ENOMEM, "no memory to compare %zu samples",
				  samples->n);
	*ret = medians;
	*ret_n = assay_launch_medians(samples, medians, medians + samples->launches);
	for (size_t i = 0; i < *ret_n; i++)
		medians[i] = log(medians[i]);
	return ASSAY_OK;
}

/* Half the interval of the median within the launches, on the log scale; infinite where it reaches down to 0. */
static double half_interval(const struct assay_estimate *estimate)
{
	double up = log(estimate->hi / estimate->median);
	double down = log(estimate->median / estimate->lo);
	double half = fmax(up, down); /* ignores a NaN on one side */
	return isnan(half) ? 0 : half;
}

struct difference {
	double estimate, half; /* log(b / a) and half its interval, before widening */
	bool replicated;       /* from three or more launches on each side */
};

static struct difference difference(const struct assay_side *a, const double *log_a, size_t na,
				    const struct assay_side *b, const double *log_b, size_t nb,
				    double confidence)
{
	if (na >= ASSAY_COMPARE_LAUNCHES && nb >= ASSAY_COMPARE_LAUNCHES) {
		struct assay_interval welch = assay_welch(log_a, na, log_b, nb, confidence);
		return (struct difference){welch.estimate, welch.hi - welch.estimate, true};
	}
	return (struct difference){
		.estimate = log(b->estimate->median / a->estimate->median),
		.half = hypot(half_interval(a->estimate), half_interval(b->estimate)),
	};
}

static void decide(const struct difference *d, enum assay_better better,
		   const struct assay_compare_policy *policy, struct assay_comparison *ret)
{
	double margin = log1p(policy->margin), allowance = log1p(policy->allowance);
	double half = d->half + allowance, size = fabs(d->estimate);
	ret->ratio = exp(d->estimate);
	ret->lo = exp(d->estimate - half);
	ret->hi = exp(d->estimate + half);
	double near = margin + allowance;
	if (d->replicated && size > margin && size > half)
		ret->verdict =
			(d->estimate > 0) == (better == ASSAY_HIGHER) ? ASSAY_FASTER : ASSAY_SLOWER;
	else if (d->half <= near && size <= near + (d->replicated ? 0 : d->half))
		ret->verdict = ASSAY_SAME;
	else if (!d->replicated)
		snprintf(ret->reason, sizeof(ret->reason), "needs %d launches on each side",
			 ASSAY_COMPARE_LAUNCHES);
	else if (d->half > near)
		snprintf(ret->reason, sizeof(ret->reason), "launches differ too much");
	else
		snprintf(ret->reason, sizeof(ret->reason), "could be drift between the runs");
}

enum assay_code assay_compare(const struct assay_side *a, const struct assay_side *b,
			      enum assay_better better, const struct assay_compare_policy *policy,
			      struct assay_comparison *ret, struct assay_err *err)
{
	ASSAY_AUTO_FREE double *log_a = NULL;
	ASSAY_AUTO_FREE double *log_b = NULL;
	size_t na = 0, nb = 0;
	*ret = (struct assay_comparison){ASSAY_UNSURE, NAN, NAN, NAN};
	enum assay_code code = log_medians(a->samples, &log_a, &na, err);
	if (code == ASSAY_OK)
		code = log_medians(b->samples, &log_b, &nb, err);
	if (code != ASSAY_OK)
		return code;
	ret->launches_a = na;
	ret->launches_b = nb;
	double x = a->estimate->median, y = b->estimate->median;
	if (x == y &&
	    !(x > 0)) { /* 0 misses against 0 misses has no ratio, but no difference either */
		ret->verdict = ASSAY_SAME;
		return ASSAY_OK;
	}
	struct difference d = difference(a, log_a, na, b, log_b, nb, policy->confidence);
	if (!(x > 0) || !(y > 0) || !isfinite(d.estimate)) {
		snprintf(ret->reason, sizeof(ret->reason), "no ratio, a value is zero or missing");
		return ASSAY_OK;
	}
	decide(&d, better, policy, ret);
	return ASSAY_OK;
}
