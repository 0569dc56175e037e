/* SPDX-License-Identifier: MIT */
/*
 * ranks: Wilcoxon's two tests, exact also with ties.
 *
 * The null distribution is built by dynamic programming over the mid-ranks that are there, as
 * probabilities in double: only additions of positive numbers, so that the smallest tail is as accurate as the
 * rest [Pagano & Tritchler, JASA 1983, name the recursion]. Beyond the sizes below the normal
 * approximation with tie and continuity correction takes over [Lehmann, Nonparametrics, 1975, ch. 1 and 3].
 */
#ifndef ASSAY_STATS_RANKS_H
#define ASSAY_STATS_RANKS_H

#include <stdbool.h>
#include <stddef.h>

#include "harness/base/err.h"

enum {
	ASSAY_SIGNED_RANK_EXACT = 200, /* values up to which the signed-rank test is exact */
	ASSAY_RANK_SUM_EXACT = 100,    /* values of both samples together, for the rank-sum test */
};

struct assay_rank_test {
	double statistic; /* V or W; a multiple of 1/2 */
	size_t n_used;    /* values that took part */
	double p_two_sided, p_greater, p_less;
	bool exact;
};

/* One value of a sample that is being ranked. */
struct assay_ranked {
	double value;
	size_t index;
};

/*
 * Mid-ranks of x[n] (1-based; equal values share the mean of their ranks) to ranks[n]. scratch[n].
 * Returns the sum of t^3 - t over groups of t equal values, which tie corrections need. No NaN.
 * O(n log n).
 */
double assay_mid_ranks(const double *x, size_t n, double *ranks, struct assay_ranked *scratch);

/*
 * Signed-rank test of "x[n] is symmetric about centre" [Wilcoxon, Biometrics 1945]. Values equal to
 * centre are dropped; statistic V is the sum of the mid-ranks of |x - centre| where x > centre. p_greater is
 * P(V >= v): small when x lies above. p_two_sided is twice the smaller of the two, at most 1. Nothing
 * left: V = 0 and every p is 1. A NaN: all NaN; infinities are just the largest. Exact in O(n^3);
 * allocates: ASSAY_ENOMEM.
 */
enum assay_code assay_signed_rank(const double *x, size_t n, double centre,
				  struct assay_rank_test *ret, struct assay_err *err);

/* The same about each of centres[count], to ret[count]: the null distribution is built once where it can be. */
enum assay_code assay_signed_ranks(const double *x, size_t n, const double *centres, size_t count,
				   struct assay_rank_test *ret, struct assay_err *err);

/* Where a null distribution on the integers from 0 reaches a probability. */
struct assay_rank_quantile {
	size_t q;     /* the smallest integer from 1 with P(V <= q) >= p, but for rounding */
	double below; /* P(V <= q - 1) */
};

/*
 * Quantile of V without ties, n values. Exact as the test is; p outside (0, 1) gives q = 0, below = 0.
 * ASSAY_ENOMEM.
 */
enum assay_code assay_signed_rank_quantile(size_t n, double p, struct assay_rank_quantile *ret,
					   struct assay_err *err);

/*
 * Rank-sum test of "x[n] and y[m] come from one distribution" [Wilcoxon 1945; Mann & Whitney 1947].
 * Statistic W counts the pairs with x > y, and half of the equal ones. p_greater is P(W >= w): small
 * when x lies above. A sample without values: W = 0, every p is 1. NaN: all NaN; infinities are just
 * the largest. Exact in O((n + m)^3 min(n, m)); allocates: ASSAY_ENOMEM.
 */
enum assay_code assay_rank_sum(const double *x, size_t n, const double *y, size_t m,
			       struct assay_rank_test *ret, struct assay_err *err);

/* Quantile of W without ties; as assay_signed_rank_quantile(). */
enum assay_code assay_rank_sum_quantile(size_t n, size_t m, double p,
					struct assay_rank_quantile *ret, struct assay_err *err);

#endif
