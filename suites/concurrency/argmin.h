/* SPDX-License-Identifier: MIT */
/*
 * argmin: which of n keys is the smallest, kept up to date in O(log n) a change: a tournament tree
 * [Knuth, The Art of Computer Programming vol. 3, 5.4.1]. Ties go to the lower number.
 */
#ifndef ASSAY_SUITES_CONCURRENCY_ARGMIN_H
#define ASSAY_SUITES_CONCURRENCY_ARGMIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

struct argmin {
	uint64_t *key;    /* [leaves], UINT64_MAX beyond n */
	uint32_t *winner; /* [leaves]: node k is the better of nodes 2k and 2k + 1; 1 is the root */
	size_t leaves;    /* a power of two, at least 2 */
};

static inline uint32_t argmin_node(const struct argmin *t, size_t node)
{
	return node < t->leaves ? t->winner[node] : (uint32_t)(node - t->leaves);
}

static inline void argmin_play(struct argmin *t, size_t node)
{
	uint32_t left = argmin_node(t, 2 * node), right = argmin_node(t, 2 * node + 1);
	t->winner[node] = t->key[right] < t->key[left] ? right : left;
}

/* False: no memory. Free with argmin_done(). */
static inline bool argmin_init(struct argmin *t, size_t n)
{
	t->leaves = 2;
	while (t->leaves < n)
		t->leaves *= 2;
	t->key = malloc(t->leaves * sizeof(*t->key));
	t->winner = calloc(t->leaves, sizeof(*t->winner));
	if (!t->key || !t->winner)
		return false;
	for (size_t i = 0; i < t->leaves; i++)
		t->key[i] = UINT64_MAX;
	for (size_t node = t->leaves; node-- > 1;)
		argmin_play(t, node);
	return true;
}

static inline void argmin_done(struct argmin *t)
{
	free(t->key);
	free(t->winner);
}

static inline uint32_t argmin_first(const struct argmin *t)
{
	return t->winner[1];
}

static inline void argmin_set(struct argmin *t, size_t i, uint64_t key)
{
	t->key[i] = key;
	for (size_t node = (t->leaves + i) / 2; node > 0; node /= 2)
		argmin_play(t, node);
}

#endif
