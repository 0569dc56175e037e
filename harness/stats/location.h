/* SPDX-License-Identifier: MIT */
/*
 * location: the Hodges-Lehmann estimates of a centre and of a shift, with the exact intervals that belong
 * to Wilcoxon's tests: a value lies inside exactly when the test does not reject it.
 */
#ifndef ASSAY_STATS_LOCATION_H
#define ASSAY_STATS_LOCATION_H

#include <stddef.h>

#include "harness/base/err.h"

struct assay_location {
	double estimate, lo, hi; /* in the unit of the data; NaN when undefined */
	size_t rank;     /* lo and hi are this far from both ends of the sorted averages; 1-based */
	double coverage; /* reached without ties; below the level when there are too few values */
};

/*
 * Centre of x[n]: the median of the n (n + 1) / 2 Walsh averages (x_i + x_j) / 2, i <= j, and two of
 * them as its interval [Hodges & Lehmann, Ann. Math. Stat. 1963; Hollander & Wolfe, Nonparametric
 * Statistical Methods, 2nd ed. 1999, 3.2 and 3.3]. rank is the smallest q with P(V <= q) >=
 * (1 - confidence) / 2, at least 1; with fewer than 6 values 95 % is out of reach, and coverage says what
 * is reached instead. No value, or one that is not finite, or confidence outside (0, 1): everything NaN,
 * rank 0. The averages are never stored: O(n log n) and one copy of x, beside
 * the distribution, which is exact up to ASSAY_SIGNED_RANK_EXACT values and normal beyond. ASSAY_ENOMEM.
 */
enum assay_code assay_hodges_lehmann(const double *x, size_t n, double confidence,
				     struct assay_location *ret, struct assay_err *err);

/*
 * How far x[n] lies above y[m]: the median of all differences x_i - y_j and two of them as its interval
 * [Hollander & Wolfe 4.2 and 4.3]. Otherwise as above, with the rank-sum distribution.
 */
enum assay_code assay_hodges_lehmann_shift(const double *x, size_t n, const double *y, size_t m,
					   double confidence, struct assay_location *ret,
					   struct assay_err *err);

#endif
