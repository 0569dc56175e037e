/* SPDX-License-Identifier: MIT */
/*
 * rng: seeded random numbers for schedules and workloads; never for secrets.
 * xoshiro256** 1.0 [Blackman & Vigna, "Scrambled linear pseudorandom number generators", ACM TOMS
 * 2021], seeded through splitmix64. Same seed, same sequence, on every machine.
 */
#ifndef ASSAY_BASE_RNG_H
#define ASSAY_BASE_RNG_H

#include <stddef.h>
#include <stdint.h>

struct assay_rng {
	uint64_t s[4];
};

static inline uint64_t assay_splitmix(uint64_t *state)
{
	uint64_t z = (*state += 0x9e3779b97f4a7c15u);
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

static inline void assay_rng_init(struct assay_rng *rng, uint64_t seed)
{
	for (int i = 0; i < 4; i++)
		rng->s[i] = assay_splitmix(&seed);
}

static inline uint64_t assay_rng_next(struct assay_rng *rng)
{
	uint64_t *s = rng->s;
	uint64_t x = s[1] * 5;
	uint64_t result = ((x << 7) | (x >> 57)) * 9;
	uint64_t t = s[1] << 17;
	s[2] ^= s[0];
	s[3] ^= s[1];
	s[1] ^= s[2];
	s[0] ^= s[3];
	s[2] ^= t;
	s[3] = (s[3] << 45) | (s[3] >> 19);
	return result;
}

/* Uniform in [0, bound), bound > 0, without modulo bias [Lemire, ACM TOMACS 2019]. */
static inline uint64_t assay_rng_below(struct assay_rng *rng, uint64_t bound)
{
	for (;;) {
		unsigned __int128 product = (unsigned __int128)assay_rng_next(rng) * bound;
		uint64_t low = (uint64_t)product;
		if (low >= bound || low >= -bound % bound)
			return (uint64_t)(product >> 64);
	}
}

/* Uniform in [0, 1), 53 bits. */
static inline double assay_rng_unit(struct assay_rng *rng)
{
	return (double)(assay_rng_next(rng) >> 11) * 0x1p-53;
}

/* Fisher-Yates over order[n]. */
void assay_rng_shuffle(struct assay_rng *rng, uint32_t *order, size_t n);

/* 8 bytes from the kernel, for a run's default seed; falls back to the clock. */
uint64_t assay_random_seed(void);

/* A time-ordered 16-byte UUID (version 7, RFC 9562). */
void assay_uuid(uint8_t uuid[16]);

#endif
