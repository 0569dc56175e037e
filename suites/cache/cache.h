/* SPDX-License-Identifier: MIT */
/* cache: the interface that every cache under test fills in, and the values it is tested with. */
#ifndef ASSAY_SUITES_CACHE_CACHE_H
#define ASSAY_SUITES_CACHE_CACHE_H

#include "harness/bench.h"

/* Name of the interface of struct cache_ops, the suite's own. */
#define CACHE_INTERFACE "cache"

/* Longest value, so that callers can keep one on the stack. */
#define CACHE_VALUE_WORDS_MAX 8192

struct cache_config {
	size_t budget_bytes; /* for all that the cache allocates, metadata included */
	size_t value_words;  /* 8-byte words in every value, 1 to CACHE_VALUE_WORDS_MAX */
	unsigned threads;    /* how many will call at the same time, at most */
};

/* One cache; each subject has its own layout. */
struct cache;

/*
 * Keys are any 64-bit numbers, values are value_words words. get and put may be called from all
 * threads at once and are linearisable per key: a get yields the last value put for its key or
 * nothing, since any entry but the one put last may have been evicted.
 */
struct cache_ops {
	/* ASSAY_EUSAGE when the budget holds no entry. */
	enum assay_code (*create)(const struct cache_config *config, struct cache **ret,
				  struct assay_err *err);
	/* Copy the value of `key` to value[value_words]; false, and value undefined: not here. */
	bool (*get)(struct cache *cache, uint64_t key, uint64_t *value);
	/* Insert or replace; evicts when there is no room. */
	void (*put)(struct cache *cache, uint64_t key, const uint64_t *value);
	/* Most entries it can hold; 0: it never keeps one. */
	size_t (*capacity)(const struct cache *cache);
	/* Bytes it has allocated, constant from create on. */
	size_t (*footprint_bytes)(const struct cache *cache);
	/*
	 * Why it no longer works, such as a server that died; NULL while it does. Only subjects in another
	 * process have it: all others cannot break, and are checked with more operations.
	 */
	const char *(*error)(const struct cache *cache);
	void (*destroy)(struct cache *cache);
};

/*
 * The value of a key: words that differ between keys, between versions and between positions, so
 * that a value put together from two is seen in any single word.
 */
static inline uint64_t cache_value_base(uint64_t key, uint64_t version)
{
	return key * 0x9e3779b97f4a7c15u + version;
}

static inline void cache_value_fill(uint64_t *value, size_t words, uint64_t base)
{
	for (size_t i = 0; i < words; i++)
		value[i] = base + i * 0xd1342543de82ef95u;
}

static inline bool cache_value_is(const uint64_t *value, size_t words, uint64_t base)
{
	uint64_t differing = 0;
	for (size_t i = 0; i < words; i++)
		differing |= value[i] ^ (base + i * 0xd1342543de82ef95u);
	return differing == 0;
}

#endif
