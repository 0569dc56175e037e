/* SPDX-License-Identifier: MIT */
/* trend: is a series rising or falling, and how fast, whatever the shape of its noise. */
#ifndef ASSAY_STATS_TREND_H
#define ASSAY_STATS_TREND_H

#include <stddef.h>

#include "harness/base/err.h"

struct assay_line {
	double slope, intercept; /* y per x; NaN when undefined */
	double lo, hi;           /* interval of the slope */
};

/*
 * Theil-Sen line through (x, y)[n]: the median slope of all pairs with different x, with Sen's interval,
 * normal with tie correction [Sen, JASA 1968]; the intercept leads it through both medians. Fewer than two
 * different x, a value that is not finite, or confidence outside (0, 1): all NaN. O(n^2 log n) and n^2 / 2
 * doubles: for thousands of points take every few. ASSAY_ENOMEM.
 */
enum assay_code assay_theil_sen(const double *x, const double *y, size_t n, double confidence,
				struct assay_line *ret, struct assay_err *err);

struct assay_trend_test {
	double s;        /* rising pairs minus falling ones; an integer */
	double variance; /* of s without trend, corrected for ties */
	double z, p_two_sided;
};

/*
 * Mann-Kendall test of "no trend in y[n]" with continuity correction [Mann, Econometrica 1945; Kendall, Rank
 * Correlation Methods, 1975, 4.3]. The normal approximation is fair from 10 points on. Constant, or fewer
 * than two values: s = 0, p = 1. A NaN: all NaN. O(n^2). ASSAY_ENOMEM.
 */
enum assay_code assay_mann_kendall(const double *y, size_t n, struct assay_trend_test *ret,
				   struct assay_err *err);

#endif
