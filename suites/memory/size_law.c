/* SPDX-License-Identifier: MIT */
/* size_law: drawing sizes. */
#include "suites/memory/size_law.h"

enum { SMALLEST = 8 };

/* By inversion of the cut distribution with shape 1. */
static size_t draw_pareto(size_t largest, struct assay_rng *rng)
{
	double share = 1 - (double)SMALLEST / (double)largest;

	return (size_t)(SMALLEST / (1 - share * assay_rng_unit(rng)));
}

/* Three of four from 16 to 128 in steps of 8; the rest one doubling up for each coin. */
static size_t draw_program(struct assay_rng *rng)
{
	uint64_t coins = assay_rng_next(rng) | (uint64_t)1 << 60;

	if ((coins & 3) != 0)
		return 16 + 8 * assay_rng_below(rng, 15);
	unsigned doublings = (unsigned)__builtin_ctzll(coins >> 2);
	return ((size_t)128 << doublings) + assay_rng_below(rng, (uint64_t)128 << doublings);
}

size_t size_draw(enum size_law law, size_t largest, struct assay_rng *rng)
{
	size_t size = SMALLEST;

	switch (law) {
	case LAW_UNIFORM:
		size += assay_rng_below(rng, largest - SMALLEST + 1);
		break;
	case LAW_PARETO:
		size = draw_pareto(largest, rng);
		break;
	case LAW_BIMODAL:
		size = assay_rng_below(rng, 10) ? 32 : largest;
		break;
	case LAW_PROGRAM:
		size = draw_program(rng);
		break;
	}
	return size < largest ? size : largest;
}
