/* SPDX-License-Identifier: MIT */
/* estimate: order statistics, intervals and comparisons. Pure functions over double arrays. */
#ifndef ASSAY_STATS_ESTIMATE_H
#define ASSAY_STATS_ESTIMATE_H

#include <stddef.h>

/* Sort x[n] ascending in place; NaN not allowed. */
void assay_sort(double *x, size_t n);

/* Quantile p in [0,1] of sorted x[n], type 7 of Hyndman & Fan 1996 (R's default). NaN when n = 0. */
double assay_quantile(const double *sorted, size_t n, double p);

/* Median of sorted x[n]; NaN when n = 0. */
double assay_median(const double *sorted, size_t n);

/*
 * Distribution-free interval of the median of sorted x[n]: the narrowest symmetric pair of order
 * statistics that covers it with at least `confidence` [David & Nagaraja 2003, 7.1]. With too few
 * samples for the confidence: min and max. NaN when n = 0.
 */
void assay_median_interval(const double *sorted, size_t n, double confidence, double *ret_lo,
			   double *ret_hi);

/* Median absolute deviation around the median of sorted x[n], not scaled. scratch[n]. */
double assay_mad(const double *sorted, size_t n, double *scratch);

double assay_mean(const double *x, size_t n);
/* Sample standard deviation (n - 1); 0 for n < 2. Two-pass. */
double assay_sd(const double *x, size_t n);

/* Quantile of Student's t with `df` > 0 degrees of freedom (may be fractional), p in (0,1). */
double assay_t_quantile(double p, double df);

/*
 * Interval of mean(b) - mean(a) without assuming equal variances [Welch 1947]. Needs na, nb >= 2;
 * else lo = -inf, hi = inf.
 */
struct assay_interval {
	double estimate, lo, hi;
};
struct assay_interval assay_welch(const double *a, size_t na, const double *b, size_t nb,
				  double confidence);

#endif
