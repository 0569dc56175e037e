/* SPDX-License-Identifier: MIT */
/*
 * zipf: rejection-inversion for monotone discrete distributions [Hoermann & Derflinger, "Rejection-
 * inversion to generate variates from monotone discrete distributions", ACM TOMACS 6(3), 1996].
 */
#include "suites/cache/zipf.h"

#include <math.h>

/* (exp(t) - 1) / t and log(1 + t) / t, continuous through t = 0: skew 1 is not a special case. */
static double expm1_over(double t)
{
	return fabs(t) > 1e-8 ? expm1(t) / t : 1 + t / 2;
}

static double log1p_over(double t)
{
	return fabs(t) > 1e-8 ? log1p(t) / t : 1 - t / 2;
}

/* The density x^-skew, its integral from 1 to x, and the inverse of that integral. */
static double density(const struct zipf *zipf, double x)
{
	return exp(-zipf->skew * log(x));
}

static double area(const struct zipf *zipf, double x)
{
	double log_x = log(x);
	return log_x * expm1_over((1 - zipf->skew) * log_x);
}

static double area_inverse(const struct zipf *zipf, double y)
{
	double t = y * (1 - zipf->skew);
	if (t < -1) /* only by rounding, at the far end of a skew above 1 */
		t = -1;
	return exp(y * log1p_over(t));
}

void zipf_init(struct zipf *zipf, uint64_t n, double skew)
{
	*zipf = (struct zipf){.skew = skew, .n = (double)n};
	zipf->area_first = area(zipf, 1.5) - 1;
	zipf->area_all = area(zipf, zipf->n + 0.5);
	zipf->sure = 2 - area_inverse(zipf, area(zipf, 2.5) - density(zipf, 2));
}

uint64_t zipf_next(const struct zipf *zipf, struct assay_rng *rng)
{
	for (;;) {
		double u =
			zipf->area_all + assay_rng_unit(rng) * (zipf->area_first - zipf->area_all);
		double x = area_inverse(zipf, u);
		double rank = floor(x + 0.5);
		if (rank < 1)
			rank = 1;
		else if (rank > zipf->n)
			rank = zipf->n;
		if (rank - x <= zipf->sure || u >= area(zipf, rank + 0.5) - density(zipf, rank))
			return (uint64_t)rank;
	}
}
