/* SPDX-License-Identifier: MIT */
/*
 * comm_pattern: what ranks send when they are checked, and what must arrive. Whole numbers small enough that every
 * sum is exact in floats, in any order. Shared with the helper that links MPI; depends on nothing.
 */
#ifndef ASSAY_SUITES_SCALING_COMM_PATTERN_H
#define ASSAY_SUITES_SCALING_COMM_PATTERN_H

#include <stddef.h>
#include <stdint.h>

/* Element i of what `rank` sends: 0 to 1023. */
static inline float comm_sent(uint32_t seed, unsigned rank, size_t i)
{
	uint32_t x = (uint32_t)i * 2654435761u + rank * 40503u + seed;
	x ^= x >> 15;
	x *= 2246822519u;
	return (float)(x >> 22);
}

/* Element i of the sum over `ranks`. */
static inline float comm_summed(uint32_t seed, unsigned ranks, size_t i)
{
	float sum = 0;
	for (unsigned rank = 0; rank < ranks; rank++)
		sum += comm_sent(seed, rank, i);
	return sum;
}

#endif
