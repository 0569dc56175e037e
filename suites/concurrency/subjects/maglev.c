/* SPDX-License-Identifier: MIT */
/* maglev: consistent hashing by a lookup table; see maglev.h. */
#include "suites/concurrency/maglev.h"

#include <stdio.h>
#include <stdlib.h>

#include "suites/concurrency/xxh64.h"

enum { RETRIES = 64 };

/* A backend's own order of preference over the entries: offset, then steps of skip. */
struct claimant {
	uint64_t at, skip;
	double weight, target;
};

static bool is_prime(uint32_t n)
{
	for (uint32_t i = 2; (uint64_t)i * i <= n; i++)
		if (n % i == 0)
			return false;
	return n > 1;
}

static void make_claimant(const struct backend *be, size_t i, uint32_t size, struct claimant *ret)
{
	char number[24];
	snprintf(number, sizeof(number), "%zu", i);
	const char *name = be->is.name ? be->is.name : number;
	ret->at = xxh64(name, strlen(name), 0) % size;
	ret->skip = xxh64(name, strlen(name), 1) % (size - 1) + 1;
	ret->weight = be->share;
}

static uint32_t claim(struct claimant *c, const uint32_t *table, uint32_t size)
{
	while (table[c->at] != UINT32_MAX)
		c->at = (c->at + c->skip) % size;
	return (uint32_t)c->at;
}

/* Each takes its next free entry in turn, the lighter ones not in every round. */
static void fill(struct claimant *claimants, size_t n, uint32_t *table, uint32_t size)
{
	double most = 0;
	uint32_t filled = 0;
	memset(table, 0xff, size * sizeof(*table));
	for (size_t i = 0; i < n; i++)
		most = claimants[i].weight > most ? claimants[i].weight : most;
	for (uint32_t round = 1; filled < size; round++)
		for (size_t i = 0; i < n && filled < size; i++) {
			struct claimant *c = &claimants[i];
			if (round * c->weight < c->target)
				continue;
			c->target += most;
			table[claim(c, table, size)] = (uint32_t)i;
			filled++;
		}
}

static enum assay_code init(struct balancer *b, struct assay_err *err)
{
	if (!is_prime(b->table) || b->table < b->n)
		return assay_fail(err, ASSAY_EUSAGE,
				  "a table of %u entries: a prime, at least the %zu backends",
				  b->table, b->n);
	ASSAY_AUTO_FREE struct claimant *claimants = calloc(b->n, sizeof(*claimants));
	b->own = malloc(b->table * sizeof(uint32_t));
	if (!claimants || !b->own)
		return assay_fail(err, ASSAY_ENOMEM, "no memory for a table of %u", b->table);
	for (size_t i = 0; i < b->n; i++)
		make_claimant(&b->backends[i], i, b->table, &claimants[i]);
	fill(claimants, b->n, b->own, b->table);
	return ASSAY_OK;
}

uint32_t maglev_entry(const struct balancer *b, uint32_t i)
{
	return ((const uint32_t *)b->own)[i];
}

uint64_t maglev_retry(uint64_t key, uint32_t n)
{
	return n ? key ^ (UINT64_MAX - n + 1) : key;
}

/* One that is shut passes its keys on, each key to a place of its own. */
static int pick(struct balancer *b, uint64_t key, uint64_t now_ns)
{
	for (uint32_t n = 0; n < RETRIES; n++) {
		uint32_t i = maglev_entry(b, (uint32_t)(maglev_retry(key, n) % b->table));
		if (b->backends[i].open)
			return (int)i;
	}
	return (int)b->open[key % b->n_open];
}

const struct balancer_policy maglev_policy = {.init = init, .pick = pick, .keyed = true};

const struct assay_subject assay_subject_concurrency_maglev = {
	.interface = BALANCER_INTERFACE,
	.brief = "consistent hashing by a table",
	.ops = &maglev_policy,
};
