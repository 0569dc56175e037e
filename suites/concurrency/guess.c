/* SPDX-License-Identifier: MIT */
/*
 * guess: for Markov, a table by the key's hash in which a newer key takes the place of an older one; of each
 * key the successor that came last, with a count: one that came by chance is not believed at once.
 */
#include "suites/concurrency/guess.h"

#include <stdbool.h>
#include <stdlib.h>

enum { KEYS_MAX = 1 << 20, BELIEVED = 2, SURE = 3 };

struct row {
	uint64_t key, after;
	uint32_t count; /* 0: empty */
};

struct guess {
	enum guess_rule rule;
	uint64_t last;
	int64_t stride;
	bool any, steady; /* there was a key; the stride has come twice */
	struct row *rows; /* [size], a power of two */
	size_t size;
};

enum assay_code guess_new(enum guess_rule rule, uint32_t keys, struct guess **ret,
			  struct assay_err *err)
{
	if (keys < 1 || keys > KEYS_MAX)
		return assay_fail(err, ASSAY_EUSAGE, "memory for %u keys: from 1 to %d", keys,
				  KEYS_MAX);
	struct guess *g = calloc(1, sizeof(*g));
	if (g) {
		g->rule = rule;
		for (g->size = 1; g->size < 4ul * keys;) /* few share a row */
			g->size *= 2;
		g->rows = rule == GUESS_MARKOV ? calloc(g->size, sizeof(*g->rows)) : NULL;
	}
	if (!g || (rule == GUESS_MARKOV && !g->rows)) {
		guess_free(g);
		return assay_fail(err, ASSAY_ENOMEM, "no memory for %u keys", keys);
	}
	*ret = g;
	return ASSAY_OK;
}

void guess_free(struct guess *g)
{
	if (!g)
		return;
	free(g->rows);
	free(g);
}

static struct row *row_of(const struct guess *g, uint64_t key)
{
	/* Fibonacci hashing: the high bits of the product */
	return &g->rows[(key * 0x9e3779b97f4a7c15u >> 32) & (g->size - 1)];
}

static void learn(struct guess *g, uint64_t key)
{
	struct row *row = row_of(g, g->last);
	if (row->count && row->key == g->last && row->after == key)
		row->count += row->count < SURE;
	else if (row->count > 1 && row->key == g->last)
		row->count--;
	else
		*row = (struct row){g->last, key, 1};
}

static unsigned follow(const struct guess *g, uint64_t key, uint64_t *ret, unsigned most)
{
	unsigned n = 0;
	while (n < most) {
		const struct row *row = row_of(g, n ? ret[n - 1] : key);
		if (row->count < BELIEVED || row->key != (n ? ret[n - 1] : key))
			break;
		ret[n++] = row->after;
	}
	return n;
}

static unsigned step(uint64_t key, int64_t stride, uint64_t *ret, unsigned most)
{
	for (unsigned i = 0; i < most; i++)
		ret[i] = key += (uint64_t)stride;
	return most;
}

unsigned guess_after(struct guess *g, uint64_t key, uint64_t *ret, unsigned most)
{
	int64_t stride = (int64_t)(key - g->last);
	unsigned n = 0;
	if (most > GUESS_MOST)
		most = GUESS_MOST;
	if (g->rule == GUESS_MARKOV && g->any)
		learn(g, key);
	g->steady = g->any && stride != 0 && stride == g->stride;
	if (g->rule == GUESS_NEXT)
		n = step(key, 1, ret, most);
	else if (g->rule == GUESS_STRIDE && g->steady)
		n = step(key, stride, ret, most);
	else if (g->rule == GUESS_MARKOV)
		n = follow(g, key, ret, most);
	g->stride = g->any ? stride : 0;
	g->last = key;
	g->any = true;
	return n;
}
