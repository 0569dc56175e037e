/* SPDX-License-Identifier: MIT */
/*
 * sim_curve: all LRU caches at once. A request hits in every cache larger than its stack distance: the
 * number of different objects asked for since the last request to the same one.
 *
 * The last request of each object is a mark on a line of moments, and the distance is the number of
 * marks behind it [Bennett & Kruskal, "LRU stack processing", IBM J. Res. Dev. 19(4), 1975]. Marks are
 * bits, a Fenwick tree counts those of whole words; when the line is full, marks are pushed together.
 */
#include <stdlib.h>

#include "suites/cache/sim_parts.h"

enum { WORD = 64 };

struct line {
	uint64_t *marks;
	uint32_t *tree;    /* Fenwick tree over the words, from 1 */
	uint32_t *objects; /* who asked at each moment */
	uint32_t *last;    /* moment of each object's mark, counted from 1; 0: none */
	uint32_t n_words;
	uint32_t now, n_marks;
};

static void tree_add(struct line *l, uint32_t word, uint32_t by)
{
	for (uint32_t i = word + 1; i <= l->n_words; i += i & -i)
		l->tree[i] += by;
}

/* Marks at moments up to and including `at`. */
static uint32_t marks_until(const struct line *l, uint32_t at)
{
	uint32_t n = (uint32_t)__builtin_popcountll(l->marks[at / WORD] << (WORD - 1 - at % WORD));
	for (uint32_t i = at / WORD; i; i &= i - 1)
		n += l->tree[i];
	return n;
}

static void mark(struct line *l, uint32_t at)
{
	l->marks[at / WORD] |= UINT64_C(1) << (at % WORD);
	tree_add(l, at / WORD, 1);
}

static void unmark(struct line *l, uint32_t at)
{
	l->marks[at / WORD] &= ~(UINT64_C(1) << (at % WORD));
	tree_add(l, at / WORD, UINT32_MAX); /* less one, modulo 2^32 */
}

/* Push all marks together at the beginning, in order. */
static void compact(struct line *l)
{
	uint32_t to = 0;
	for (uint32_t at = 0; at < l->now; at++) {
		if (!(l->marks[at / WORD] >> (at % WORD) & 1))
			continue;
		l->objects[to] = l->objects[at];
		l->last[l->objects[to]] = to + 1;
		to++;
	}
	memset(l->marks, 0, l->n_words * sizeof(*l->marks));
	memset(l->tree, 0, (l->n_words + 1) * sizeof(*l->tree));
	for (uint32_t at = 0; at < to; at++)
		mark(l, at);
	l->now = to;
}

/* The stack distance of a request, counted from 1; 0 for the first request of an object. */
static uint32_t request(struct line *l, uint32_t object)
{
	if (l->now == l->n_words * WORD)
		compact(l);
	uint32_t distance = 0, before = l->last[object];
	if (before) {
		distance = l->n_marks + 1 - marks_until(l, before - 1);
		unmark(l, before - 1);
	} else {
		l->n_marks++;
	}
	mark(l, l->now);
	l->objects[l->now] = object;
	l->last[object] = ++l->now;
	return distance;
}

enum assay_code sim_lru_curve(const struct trace *trace, uint32_t *misses, struct assay_err *err)
{
	/* twice the objects, so that pushing together costs each request no more than a few bits */
	uint32_t n_words = trace->n_objects / (WORD / 2) + 2;
	struct line l = {.n_words = n_words};
	l.marks = calloc(n_words, sizeof(*l.marks));
	l.tree = calloc((size_t)n_words + 1, sizeof(*l.tree));
	l.objects = malloc((size_t)n_words * WORD * sizeof(*l.objects));
	l.last = calloc(trace->n_objects, sizeof(*l.last));
	enum assay_code rc = ASSAY_OK;
	if (!l.marks || !l.tree || !l.objects || !l.last)
		rc = assay_fail(err, ASSAY_ENOMEM, "no memory for stack distances");
	memset(misses, 0, ((size_t)trace->n_objects + 1) * sizeof(*misses));
	for (uint32_t i = 0; rc == ASSAY_OK && i < trace->n; i++)
		misses[request(&l, trace->objects[i])]++;
	/* so far misses[d] is how many have distance d: those hit in caches of d and more */
	uint32_t hits = 0;
	misses[0] = trace->n;
	for (uint32_t c = 1; c <= trace->n_objects; c++) {
		hits += misses[c];
		misses[c] = trace->n - hits;
	}
	free(l.marks);
	free(l.tree);
	free(l.objects);
	free(l.last);
	return rc;
}
