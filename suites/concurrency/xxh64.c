/* SPDX-License-Identifier: MIT */
/* xxh64: four lanes of 8 bytes, then what is left, then an avalanche. */
#include "suites/concurrency/xxh64.h"

static const uint64_t P1 = 0x9e3779b185ebca87u, P2 = 0xc2b2ae3d27d4eb4fu, P3 = 0x165667b19e3779f9u,
		      P4 = 0x85ebca77c2b2ae63u, P5 = 0x27d4eb2f165667c5u;

static uint64_t rotate(uint64_t x, unsigned by)
{
	return x << by | x >> (64 - by);
}

/* `bytes` bytes as a little-endian number, wherever they lie. */
static uint64_t load(const uint8_t *at, unsigned bytes)
{
	uint64_t value = 0;
	for (unsigned i = bytes; i-- > 0;)
		value = value << 8 | at[i];
	return value;
}

static uint64_t mix(uint64_t lane, uint64_t word)
{
	return rotate(lane + word * P2, 31) * P1;
}

static uint64_t long_start(const uint8_t **at, const uint8_t *end, uint64_t seed)
{
	uint64_t lane[4] = {seed + P1 + P2, seed + P2, seed, seed - P1};
	for (; end - *at >= 32; *at += 32)
		for (int i = 0; i < 4; i++)
			lane[i] = mix(lane[i], load(*at + 8 * i, 8));
	uint64_t h =
		rotate(lane[0], 1) + rotate(lane[1], 7) + rotate(lane[2], 12) + rotate(lane[3], 18);
	for (int i = 0; i < 4; i++)
		h = (h ^ mix(0, lane[i])) * P1 + P4;
	return h;
}

uint64_t xxh64(const void *data, size_t size, uint64_t seed)
{
	const uint8_t *at = data, *end = at + size;
	uint64_t h = size >= 32 ? long_start(&at, end, seed) : seed + P5;
	h += size;
	for (; end - at >= 8; at += 8)
		h = rotate(h ^ mix(0, load(at, 8)), 27) * P1 + P4;
	if (end - at >= 4) {
		h = rotate(h ^ load(at, 4) * P1, 23) * P2 + P3;
		at += 4;
	}
	for (; at < end; at++)
		h = rotate(h ^ *at * P5, 11) * P1;
	h = (h ^ h >> 33) * P2;
	h = (h ^ h >> 29) * P3;
	return h ^ h >> 32;
}
