/* SPDX-License-Identifier: MIT */
/* order: distribution-free intervals of quantiles, between two order statistics. */
#ifndef ASSAY_STATS_ORDER_H
#define ASSAY_STATS_ORDER_H

#include <stddef.h>

struct assay_order_interval {
	size_t lower_rank, upper_rank; /* 1-based; both 0 when there is no such interval */
	double lo, hi;                 /* the values at these ranks; NaN when there is none */
	double coverage; /* reached for any continuous distribution; NaN when there is none */
};

/*
 * Interval of quantile p in (0, 1) of what sorted x[n] was drawn from, missing it with at most
 * (1 - confidence) / 2 on each side: the innermost ranks r and s with P(Bin(n, p) <= r - 1) and
 * P(Bin(n, p) >= s) at most that [David & Nagaraja, Order Statistics, 3rd ed. 2003, 7.1]. With
 * p = 1/2 it is symmetric, and exists from n = 6 for 95 %, n = 8 for 99 %. For discrete distributions
 * coverage is a lower bound. O(log n sqrt n). No NaN among the values.
 */
struct assay_order_interval assay_order_interval(const double *sorted, size_t n, double p,
						 double confidence);

#endif
