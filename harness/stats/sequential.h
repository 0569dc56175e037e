/* SPDX-License-Identifier: MIT */
/*
 * sequential: how much of a level each of several looks at growing data may spend. A spending function says
 * what is spent by information fraction t in [0, 1], from 0 at 0 to alpha at 1 [Lan & DeMets, Biometrika
 * 1983]. Testing each look at its own increment is valid by Bonferroni whatever the test, without
 * the joint distribution of the looks; it costs little power when looks are few.
 */
#ifndef ASSAY_STATS_SEQUENTIAL_H
#define ASSAY_STATS_SEQUENTIAL_H

#include <stddef.h>

enum assay_spending {
	ASSAY_SPEND_OBRIEN_FLEMING, /* 2 - 2 Phi(z(alpha / 2) / sqrt t): hardly anything early */
	ASSAY_SPEND_POCOCK,         /* alpha log(1 + (e - 1) t): about the same at each look */
	ASSAY_SPEND_LINEAR,         /* alpha t [Kim & DeMets, Biometrika 1987, with rho = 1] */
	ASSAY_SPEND_SQUARE,         /* alpha t^2 [the same, rho = 2] */
};

/* Level spent by fraction t; t is clamped to [0, 1]. alpha in (0, 1), else NaN. */
double assay_spent(enum assay_spending spending, double alpha, double t);

/*
 * What each of n looks may spend, to ret[n], when look i has sizes[i] observations and the last has all.
 * Sizes must ascend, the first above 0; else all NaN. The sum is alpha.
 */
void assay_spending_plan(enum assay_spending spending, double alpha, const size_t *sizes, size_t n,
			 double *ret);

/*
 * One p-value for all looks so far: the smallest p[i] / share[i], at most 1, where share[i] is the
 * part of the level that look i spends and all shares sum to at most 1. It is at most a with
 * probability at most a, at whichever look one stops (Bonferroni). A NaN p is a look that was not
 * taken; a share of 0 cannot reject. 1 for n = 0.
 */
double assay_spending_p(const double *p, const double *share, size_t n);

#endif
