/* SPDX-License-Identifier: MIT */
/* hash: 64 well-mixed bits of a key, by one multiplication; the same for all caches compared here. */
#ifndef ASSAY_SUITES_CACHE_HASH_H
#define ASSAY_SUITES_CACHE_HASH_H

#include <stdint.h>

/* Folded 128-bit product, as in wyhash [Wang Yi, 2019]. */
static inline uint64_t cache_hash(uint64_t key)
{
	unsigned __int128 product =
		(unsigned __int128)(key ^ 0x2d358dccaa6c78a5u) * 0x8bb84b93962eacc9u;
	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* The low half of a hash as a number below `n`, by multiplication instead of division. */
static inline uint32_t cache_hash_below(uint64_t hash, uint32_t n)
{
	return (uint32_t)((uint64_t)(uint32_t)hash * n >> 32);
}

/*
 * How many independent parts a cache of `entries` is divided into: a power of two, at most `most`, so
 * that each part has 64 entries or more and none overflows much while others have room.
 */
static inline unsigned cache_parts(uint64_t entries, unsigned most)
{
	unsigned parts = 1;
	while (parts < most && entries / (2 * parts) >= 64)
		parts *= 2;
	return parts;
}

#endif
