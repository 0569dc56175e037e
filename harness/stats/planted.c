/* SPDX-License-Identifier: MIT */
/* planted: noises, and what is put on top of them. */
#include "harness/stats/planted.h"

#include <math.h>

#define PI 3.14159265358979323846

static double normal(struct assay_rng *rng)
{
	double u = assay_rng_unit(rng) + 1e-300, v = assay_rng_unit(rng);
	return sqrt(-2 * log(u)) * cos(2 * PI * v);
}

/* Normal over the root of a mean of three squares; its absolute value has the median 0.7649. */
static double student_3(struct assay_rng *rng)
{
	double z = normal(rng), a = normal(rng), b = normal(rng), c = normal(rng);
	return z / sqrt((a * a + b * b + c * c) / 3) * (0.67449 / 0.76489);
}

/* e^(N/2) around its median 1, where the median absolute deviation is 0.3293. */
static double skewed(struct assay_rng *rng)
{
	return (exp(0.5 * normal(rng)) - 1) * (0.67449 / 0.3293);
}

const char *assay_planted_name(enum assay_noise_kind kind)
{
	static const char *const names[] = {"normal", "skewed", "heavy",  "drift",
					    "wander", "step",   "bimodal"};
	return names[kind];
}

void assay_planted_noise(struct assay_rng *rng, enum assay_noise_kind kind, double *x, size_t n)
{
	double walk = 0;
	size_t step = n / 4 + (size_t)assay_rng_below(rng, n / 2 + 1);
	for (size_t i = 0; i < n; i++) {
		double level = 100;
		if (kind == ASSAY_PLANTED_DRIFT)
			level += 8 * (double)i / (double)n;
		if (kind == ASSAY_PLANTED_WANDER)
			level += walk += 0.3 * normal(rng);
		if (kind == ASSAY_PLANTED_STEP && i >= step)
			level += 8;
		if (kind == ASSAY_PLANTED_BIMODAL && assay_rng_below(rng, 4) == 0)
			level += 6;
		x[i] = level + (kind == ASSAY_PLANTED_HEAVY    ? student_3(rng)
				: kind == ASSAY_PLANTED_SKEWED ? skewed(rng)
							       : normal(rng));
	}
}

size_t assay_plant(struct assay_rng *rng, double *x, size_t n, size_t length, double size)
{
	size_t at = (size_t)assay_rng_below(rng, n - length + 1);
	for (size_t i = at; i < at + length; i++)
		x[i] += size;
	return at;
}
