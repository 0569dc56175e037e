/* SPDX-License-Identifier: MIT */
/*
 * distribution: the distributions that tests and intervals are read from.
 *
 * All of harness/stats is pure: no input or output, no clock, no state outside the arguments, so every
 * function may be called from any thread. Arrays belong to the caller and are only read unless said
 * otherwise. A NaN among the arguments or the data makes the result NaN, unless said otherwise.
 */
#ifndef ASSAY_STATS_DISTRIBUTION_H
#define ASSAY_STATS_DISTRIBUTION_H

#include <stddef.h>

/* P(Z <= z) of the standard normal, relative error near 1e-15 in both tails. */
double assay_normal_cdf(double z);

/* The z with P(Z <= z) = p; infinite at 0 and 1, NaN outside. Halves an interval: about 4 us. */
double assay_normal_quantile(double p);

/*
 * P(T > t) of Student's t with df > 0 degrees of freedom (may be fractional) [Abramowitz & Stegun
 * 1964, 26.7.1, through the incomplete beta function 26.5.8]. Small tails keep their digits.
 */
double assay_t_tail(double t, double df); /* 8 digits up to 1e8 degrees of freedom, 3 at 1e12 */

/* Quantile of Student's t, p in (0, 1), df > 0; NaN outside. */
double assay_t_quantile(double p, double df);

/* P(Bin(n, p) <= k), p in [0, 1]. O(sqrt n) where it is neither near 0 nor near 1, else O(n). */
double assay_binomial_cdf(size_t n, double p, size_t k);

/*
 * Is probability <= limit, but for the rounding of both? Limits such as (1 - 0.95) / 2 and sums of
 * counts meet exactly in small samples, and which of them is a hair larger must not decide.
 */
static inline int assay_at_most(double probability, double limit)
{
	return probability <= limit * (1 + 1e-12);
}

#endif
