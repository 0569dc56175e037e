/* SPDX-License-Identifier: MIT */
/* order: ranks found by halving the binomial distribution. */
#include "harness/stats/order.h"

#include <math.h>

#include "harness/stats/distribution.h"

/* The largest rank with P(Bin(n, p) <= rank - 1) <= tail; 0 when there is none. */
static size_t inner_rank(size_t n, double p, double tail)
{
	size_t rank = 0, above = n + 1;
	while (above - rank > 1) {
		size_t middle = rank + (above - rank) / 2;
		if (assay_at_most(assay_binomial_cdf(n, p, middle - 1), tail))
			rank = middle;
		else
			above = middle;
	}
	return rank;
}

struct assay_order_interval assay_order_interval(const double *sorted, size_t n, double p,
						 double confidence)
{
	struct assay_order_interval none = {0, 0, NAN, NAN, NAN};
	double tail = (1 - confidence) / 2;
	if (!(p > 0 && p < 1) || !(tail > 0 && tail < 0.5))
		return none;
	size_t r = inner_rank(n, p, tail), from_above = inner_rank(n, 1 - p, tail);
	if (!r || !from_above)
		return none;
	return (struct assay_order_interval){
		.lower_rank = r,
		.upper_rank = n + 1 - from_above,
		.lo = sorted[r - 1],
		.hi = sorted[n - from_above],
		.coverage = 1 - assay_binomial_cdf(n, p, r - 1) -
			    assay_binomial_cdf(n, 1 - p, from_above - 1),
	};
}
