/* SPDX-License-Identifier: MIT */
/* parts_check: the oracles of checksums, codecs and expiry. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "harness/base/rng.h"
#include "suites/cache/parts.h"

enum { SUM_BYTES = 1000, FLIPS = 2000, CODEC_BYTES = 20000, ENTRIES = 300, STEPS = 3000 };

enum assay_code checksum_check(const struct checksum_ops *ops, uint64_t seed, struct assay_err *err)
{
	unsigned char bytes[SUM_BYTES + 8];
	struct assay_rng rng;
	assay_rng_init(&rng, seed);
	for (size_t i = 0; i < SUM_BYTES; i++)
		bytes[i] = (unsigned char)(assay_rng_next(&rng) >> 56);
	for (size_t n = 1; n <= SUM_BYTES; n = n * 3 / 2 + 1) {
		uint64_t sum = ops->sum(bytes, n);
		unsigned char moved[SUM_BYTES + 8];
		memcpy(moved + n % 8, bytes, n);
		if (ops->sum(moved + n % 8, n) != sum)
			return assay_fail(err, ASSAY_ECHECK,
					  "the same %zu bytes elsewhere have another sum", n);
		for (int flip = 0; flip < FLIPS / 10; flip++) {
			uint64_t bit = assay_rng_below(&rng, 8 * n);
			bytes[bit / 8] ^= (unsigned char)(1u << bit % 8);
			bool same = ops->sum(bytes, n) == sum;
			bytes[bit / 8] ^= (unsigned char)(1u << bit % 8);
			if (same)
				return assay_fail(err, ASSAY_ECHECK,
						  "flipped bit %" PRIu64
						  " of %zu bytes changes no sum",
						  bit, n);
		}
	}
	return ASSAY_OK;
}

void codec_data_fill(enum codec_data kind, uint64_t seed, void *to, size_t n)
{
	static const char *const words[] = {"cache ", "get ",  "value ", "the ",   "key ", "of ",
					    "a ",     "miss ", "hit ",   "evict ", "and ", "42 "};
	unsigned char *bytes = to;
	struct assay_rng rng;
	assay_rng_init(&rng, seed);
	memset(to, 0, n);
	for (size_t at = 0, i = 0; at < n && kind != CODEC_ZEROS; i++) {
		double number = 20 + 3 * sin((double)i / 50) + 0.001 * assay_rng_unit(&rng);
		uint64_t noise = assay_rng_next(&rng);
		const char *word = words[noise % ASSAY_COUNT_OF(words)];
		const void *part = kind == CODEC_TEXT     ? (const void *)word
				   : kind == CODEC_FLOATS ? (const void *)&number
							  : (const void *)&noise;
		size_t length = kind == CODEC_TEXT ? strlen(word) : sizeof(number);
		length = length < n - at ? length : n - at;
		memcpy(bytes + at, part, length);
		at += length;
	}
}

static enum assay_code round_trip(const struct codec_ops *ops, enum codec_data kind, uint64_t seed,
				  size_t n, unsigned char *room, struct assay_err *err)
{
	unsigned char *data = room, *back = data + CODEC_BYTES, *packed = back + CODEC_BYTES;
	codec_data_fill(kind, seed, data, n);
	size_t packed_n = ops->compress(data, n, packed, ops->bound(n));
	if (!packed_n || packed_n > ops->bound(n))
		return assay_fail(err, ASSAY_ECHECK, "%zu bytes of kind %d became %zu", n,
				  (int)kind, packed_n);
	memset(back, 0xee, n);
	if (!ops->decompress(packed, packed_n, back, n) || memcmp(back, data, n) != 0)
		return assay_fail(err, ASSAY_ECHECK, "%zu bytes of kind %d do not come back", n,
				  (int)kind);
	if (ops->decompress(packed, packed_n - 1, back, n) && memcmp(back, data, n) == 0)
		return assay_fail(err, ASSAY_ECHECK, "one byte less than %zu is taken as well",
				  packed_n);
	return ASSAY_OK;
}

enum assay_code codec_check(const struct codec_ops *ops, uint64_t seed, struct assay_err *err)
{
	unsigned char *room = malloc(2 * CODEC_BYTES + ops->bound(CODEC_BYTES));
	if (!room)
		return assay_fail(err, ASSAY_ENOMEM, "no memory for the oracle");
	enum assay_code rc = ASSAY_OK;
	for (int kind = 0; rc == ASSAY_OK && kind < CODEC_DATA_COUNT; kind++)
		for (size_t n = 8; rc == ASSAY_OK && n <= CODEC_BYTES; n = n * 5 / 2)
			rc = round_trip(ops, (enum codec_data)kind, seed + n, n, room, err);
	free(room);
	return rc;
}

/* The plain reference: a deadline per entry, UINT64_MAX while it waits for none. */
struct plain {
	uint64_t deadline[ENTRIES];
	uint64_t now;
	unsigned wrong, expired;
};

static void expired(void *context, uint32_t entry)
{
	struct plain *p = context;
	p->wrong += entry >= ENTRIES || p->deadline[entry] > p->now;
	if (entry < ENTRIES)
		p->deadline[entry] = UINT64_MAX;
	p->expired++;
}

/* Nobody whose time has come may still wait. */
static bool all_expired(const struct plain *p)
{
	for (uint32_t i = 0; i < ENTRIES; i++)
		if (p->deadline[i] <= p->now)
			return false;
	return true;
}

static void add_or_cancel(const struct expiry_ops *ops, struct expiry *expiry, struct plain *p,
			  struct assay_rng *rng)
{
	uint32_t entry = (uint32_t)assay_rng_below(rng, ENTRIES);
	if (p->deadline[entry] != UINT64_MAX) {
		ops->cancel(expiry, entry);
		p->deadline[entry] = UINT64_MAX;
		return;
	}
	/* near and far, so that every level of a wheel is used */
	uint64_t ahead = UINT64_C(1) << assay_rng_below(rng, 24);
	p->deadline[entry] = p->now + 1 + assay_rng_below(rng, ahead);
	ops->add(expiry, entry, p->deadline[entry]);
}

enum assay_code expiry_check(const struct expiry_ops *ops, uint64_t seed, struct assay_err *err)
{
	struct plain p = {0};
	struct assay_rng rng;
	assay_rng_init(&rng, seed);
	memset(p.deadline, 0xff, sizeof(p.deadline));
	struct expiry *expiry = ops->create(ENTRIES);
	if (!expiry)
		return assay_fail(err, ASSAY_ENOMEM, "no memory for the oracle");
	bool good = true;
	for (int step = 0; good && step < STEPS; step++) {
		for (uint64_t i = assay_rng_below(&rng, 8); i; i--)
			add_or_cancel(ops, expiry, &p, &rng);
		uint64_t most = UINT64_C(1) << assay_rng_below(&rng, step % 50 ? 8 : 20);
		/* every other step a single tick: who is late by one is seen */
		p.now += step % 2 ? 1 : assay_rng_below(&rng, most);
		ops->advance(expiry, p.now, expired, &p);
		good = p.wrong == 0 && all_expired(&p);
	}
	ops->destroy(expiry);
	if (!good)
		return assay_fail(
			err, ASSAY_ECHECK,
			p.wrong ? "an entry expired before its time, or that waits for none"
				: "an entry whose time has come still waits");
	return p.expired > ENTRIES
		       ? ASSAY_OK
		       : assay_fail(err, ASSAY_ECHECK, "only %u entries expired", p.expired);
}
