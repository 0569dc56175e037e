/* SPDX-License-Identifier: MIT */
/*
 * estimate: summaries of one sample, and the difference of the means of two. Pure: any thread may call; arrays
 * are read only but for assay_sort() and scratch; results have the unit of the data.
 */
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

/* Mean of x[n] by compensated summation [Kahan, CACM 1965]; NaN when n = 0, or for a NaN among them. */
double assay_mean(const double *x, size_t n);
/*
 * Sample standard deviation (n - 1) in two passes [Chan, Golub & LeVeque, Am. Stat. 1983]; 0 for n < 2 and
 * for equal values; NaN for a NaN among them.
 */
double assay_sd(const double *x, size_t n);

/*
 * Interval of mean(b) - mean(a) without assuming equal variances [Welch 1947]. Needs na, nb >= 2;
 * else lo = -inf, hi = inf.
 */
struct assay_interval {
	double estimate, lo, hi;
};
struct assay_interval assay_welch(const double *a, size_t na, const double *b, size_t nb,
				  double confidence);

/*
 * Test of equal means without assuming equal variances [Welch 1947]; p_greater: mean x > mean y. All
 * NaN when a sample has fewer than two values or neither varies: nothing to measure the difference by.
 */
struct assay_t_test {
	double t, df, p_two_sided, p_greater, p_less;
};
struct assay_t_test assay_welch_test(const double *x, size_t nx, const double *y, size_t ny);

#endif
