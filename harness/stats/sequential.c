/* SPDX-License-Identifier: MIT */
/* sequential: spending functions in closed form. */
#include "harness/stats/sequential.h"

#include <math.h>

#include "harness/stats/distribution.h"

double assay_spent(enum assay_spending spending, double alpha, double t)
{
	if (!(alpha > 0 && alpha < 1) || isnan(t))
		return NAN;
	if (t <= 0)
		return 0;
	t = fmin(t, 1);
	switch (spending) {
	case ASSAY_SPEND_OBRIEN_FLEMING:
		return 2 * assay_normal_cdf(assay_normal_quantile(alpha / 2) / sqrt(t));
	case ASSAY_SPEND_POCOCK:
		return alpha * log1p((M_E - 1) * t);
	case ASSAY_SPEND_LINEAR:
		return alpha * t;
	case ASSAY_SPEND_SQUARE:
		return alpha * t * t;
	}
	return NAN;
}

void assay_spending_plan(enum assay_spending spending, double alpha, const size_t *sizes, size_t n,
			 double *ret)
{
	double before = 0;
	for (size_t i = 0; i < n; i++) {
		if (sizes[i] <= (i ? sizes[i - 1] : 0)) {
			for (size_t j = 0; j < n; j++)
				ret[j] = NAN;
			return;
		}
		double t = (double)sizes[i] / (double)sizes[n - 1];
		double spent = assay_spent(spending, alpha, t);
		ret[i] = spent - before;
		before = spent;
	}
}

double assay_spending_p(const double *p, const double *share, size_t n)
{
	double smallest = 1;
	for (size_t i = 0; i < n; i++)
		if (!isnan(p[i]) && share[i] > 0)
			smallest = fmin(smallest, p[i] / share[i]);
	return smallest;
}
