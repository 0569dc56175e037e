/* SPDX-License-Identifier: MIT */
/* resample: bootstrap intervals of any statistic. Same seed, same interval, on every machine. */
#ifndef ASSAY_STATS_RESAMPLE_H
#define ASSAY_STATS_RESAMPLE_H

#include <stddef.h>
#include <stdint.h>

#include "harness/base/err.h"

struct assay_bootstrap_plan {
	uint64_t seed;
	size_t resamples;  /* 2000 or more for an interval [Efron & Tibshirani 1993, 14.3] */
	double confidence; /* in (0, 1) */
};

/* Statistic of x[n], n >= 1, which it may reorder; NaN when undefined. Must depend on nothing else. */
typedef double assay_statistic(double *x, size_t n, void *context);

struct assay_bootstrap {
	double estimate, standard_error; /* NaN when undefined */
	double lo, hi;                   /* the interval */
	double percentile_lo, percentile_hi;
	size_t resamples; /* on which the statistic was defined */
};

/*
 * Interval of a statistic of x[n], independent values, n >= 2: bias-corrected and accelerated, BCa [Efron,
 * JASA 1987; Efron & Tibshirani, An Introduction to the Bootstrap, 1993, 14.3], beside the percentile
 * interval. Where BCa is undefined (every resample falls on one side, or the statistic never varies)
 * it is the percentile interval. Resamples on which the statistic is NaN are left out; when that is
 * more than half of them, or n < 2, or the statistic of x is NaN, the intervals are NaN. Below 10 values
 * it is a poor guide: order statistics are safer. Calls the statistic resamples + n + 1 times.
 * ASSAY_EUSAGE: no resamples, or confidence outside (0, 1); ASSAY_ENOMEM. Thread-safe if the statistic is.
 */
enum assay_code assay_bootstrap(const double *x, size_t n, assay_statistic *statistic,
				void *context, const struct assay_bootstrap_plan *plan,
				struct assay_bootstrap *ret, struct assay_err *err);

/*
 * The same for samples in groups that vary among each other, such as the launches of a process:
 * whole groups are drawn, each with its samples as they are, which comes closer to the true variance
 * than drawing within them too [Davison & Hinkley, Bootstrap Methods, 1997, 3.8]. Group i ends before
 * x[group_end[i]]. Percentile interval in both places of *ret. Fewer than two groups: NaN.
 */
enum assay_code assay_bootstrap_groups(const double *x, const uint32_t *group_end, size_t groups,
				       assay_statistic *statistic, void *context,
				       const struct assay_bootstrap_plan *plan,
				       struct assay_bootstrap *ret, struct assay_err *err);

#endif
