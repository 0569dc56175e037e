/* SPDX-License-Identifier: MIT */
/* rng: shuffling, seeds and identifiers. */
#include "harness/base/rng.h"

#include <string.h>
#include <sys/random.h>

#include "harness/base/clock.h"

void assay_rng_shuffle(struct assay_rng *rng, uint32_t *order, size_t n)
{
	for (size_t i = n; i > 1; i--) {
		size_t j = (size_t)assay_rng_below(rng, i);
		uint32_t t = order[i - 1];
		order[i - 1] = order[j];
		order[j] = t;
	}
}

uint64_t assay_random_seed(void)
{
	uint64_t seed;
	if (getrandom(&seed, sizeof(seed), 0) == (ssize_t)sizeof(seed))
		return seed;
	seed = assay_wall_ns() ^ assay_now_ns();
	return assay_splitmix(&seed);
}

void assay_uuid(uint8_t uuid[16])
{
	uint64_t ms = assay_wall_ns() / 1000000u;
	uint64_t random[2] = {assay_random_seed(), assay_random_seed()};
	memcpy(uuid, random, 16);
	for (int i = 0; i < 6; i++)
		uuid[i] = (uint8_t)(ms >> (8 * (5 - i)));
	uuid[6] = (uint8_t)((uuid[6] & 0x0f) | 0x70);
	uuid[8] = (uint8_t)((uuid[8] & 0x3f) | 0x80);
}
