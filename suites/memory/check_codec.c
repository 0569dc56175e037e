/* SPDX-License-Identifier: MIT */
/*
 * check_codec: the oracle of codecs: what comes back is what went in, of every kind and awkward length, within
 * the room that was given; bytes that were cut short are refused; and bytes that were damaged are refused or give
 * something, but nothing is written or read out of bounds.
 */
#include <stdlib.h>

#include "harness/base/rng.h"
#include "suites/memory/data_kind.h"
#include "suites/memory/memory.h"

enum { MOST = 9000, GUARD = 32, GUARD_BYTE = 0xa7 };

struct buffers {
	unsigned char plain[MOST];
	unsigned char packed[MEMORY_CODEC_BOUND(MOST) + GUARD];
	unsigned char back[MOST + GUARD];
};

static bool guarded(const unsigned char *end)
{
	for (int i = 0; i < GUARD; i++)
		if (end[i] != GUARD_BYTE)
			return false;
	return true;
}

/* Room of exactly `n` before the guard. */
static bool expand(const struct codec *codec, struct buffers *b, size_t n, size_t bytes,
		   bool *ret_in)
{
	memset(b->back + n, GUARD_BYTE, GUARD);
	bool done = codec->expand(b->back, n, b->packed, bytes);
	*ret_in = guarded(b->back + n);
	return done;
}

static enum assay_code check_block(const struct codec *codec, struct buffers *b, size_t n,
				   struct assay_rng *rng, struct assay_err *err)
{
	bool in;
	size_t capacity = MEMORY_CODEC_BOUND(n);

	memset(b->packed + capacity, GUARD_BYTE, GUARD);
	size_t bytes = codec->compress(b->packed, capacity, b->plain, n);
	if (!guarded(b->packed + capacity))
		return assay_fail(err, ASSAY_ECHECK,
				  "compressing %zu bytes wrote beyond the room for %zu", n,
				  capacity);
	if (bytes == 0 || bytes > capacity)
		return assay_fail(err, ASSAY_ECHECK, "%zu bytes did not fit into %zu", n, capacity);
	if (!expand(codec, b, n, bytes, &in) || memcmp(b->back, b->plain, n) != 0)
		return assay_fail(err, ASSAY_ECHECK, "%zu bytes did not come back as they were", n);
	if (!in)
		return assay_fail(err, ASSAY_ECHECK, "expanding %zu bytes wrote beyond them", n);
	/* A byte less is not what gives n bytes. */
	if (expand(codec, b, n, bytes - 1, &in) || !in)
		return assay_fail(err, ASSAY_ECHECK,
				  "%zu bytes came of what was cut short, or more was written", n);
	/* Too little room is an answer, not an overrun. */
	size_t little = bytes / 2;
	memset(b->packed + little, GUARD_BYTE, GUARD);
	codec->compress(b->packed, little, b->plain, n);
	if (!guarded(b->packed + little))
		return assay_fail(err, ASSAY_ECHECK,
				  "compressing %zu bytes wrote beyond the room for %zu", n, little);
	/* Damage: anything may come of it but an access out of bounds. */
	bytes = codec->compress(b->packed, capacity, b->plain, n);
	for (int i = 0; i < 3 && bytes; i++)
		b->packed[assay_rng_below(rng, bytes)] ^=
			(unsigned char)(1 + assay_rng_below(rng, 255));
	expand(codec, b, n, bytes, &in);
	if (in)
		expand(codec, b, n, assay_rng_below(rng, bytes + 1), &in);
	return in ? ASSAY_OK
		  : assay_fail(err, ASSAY_ECHECK, "damaged bytes made it write beyond %zu", n);
}

enum assay_code memory_check_codec(const struct codec *codec, uint64_t seed, struct assay_err *err)
{
	static const size_t sizes[] = {1, 3, 16, 255, 256, 257, 511, 512, 4096, 4100, MOST};
	struct buffers *b = malloc(sizeof(*b));
	struct assay_rng rng;
	enum assay_code code = ASSAY_OK;

	if (!b)
		return assay_fail(err, ASSAY_ENOMEM, "no memory for the oracle of codecs");
	assay_rng_init(&rng, seed);
	for (int kind = DATA_FLOAT; kind <= DATA_RANDOM; kind++)
		for (size_t i = 0; code == ASSAY_OK && i < 2 * ASSAY_COUNT_OF(sizes); i++) {
			size_t n = i < ASSAY_COUNT_OF(sizes) ? sizes[i]
							     : 1 + assay_rng_below(&rng, MOST);
			data_fill((enum data_kind)kind, seed + i, b->plain, n);
			code = check_block(codec, b, n, &rng, err);
		}
	free(b);
	return assay_context(err, code, "seed %llu", (unsigned long long)seed);
}
