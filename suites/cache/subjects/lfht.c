/* SPDX-License-Identifier: MIT */
/*
 * lfht: liburcu's lock-free resizable hash table, a peer. Look-ups take no lock and write nothing. The
 * table itself never evicts; here its nodes also stand in rings, and a put into a full ring removes
 * the oldest (FIFO). Puts take one of 16 locks, freed nodes wait for a grace period, and those that
 * wait are on top of the budget. Flavour: urcu-bp, whose readers register themselves.
 */
#include "suites/cache/cache.h"

#ifdef ASSAY_HAVE_URCU
#if !ASSAY_SANITIZED
#define _LGPL_SOURCE /* read-side primitives inline, as its fast users have them */
#endif               /* whose registry is aligned less than its type says */
#include <pthread.h>
#include <stdlib.h>
#include <urcu-bp.h>
#include <urcu/rculfhash.h>

#include "suites/cache/anywhere.h"
#include "suites/cache/hash.h"

enum { PARTS_MAX = 16, HEAP_OVERHEAD_BYTES = 16, BUCKET_BYTES = 2 * sizeof(struct cds_lfht_node) };

struct node {
	struct cds_lfht_node in_table;
	struct rcu_head head;
	uint64_t key;
	uint32_t place; /* in the ring of its part */
	uint64_t value[];
};

struct part {
	_Alignas(ASSAY_CACHE_LINE) pthread_mutex_t lock; /* puts */
	struct node **ring;
	uint32_t next; /* place to use next: free, or the oldest */
};

struct cache {
	struct cds_lfht *table;
	struct part *parts;
	uint32_t n_parts, per_part;
	size_t value_words, footprint_bytes;
};

static int is_key(struct cds_lfht_node *in_table, const void *key)
{
	const struct node *node = caa_container_of(in_table, struct node, in_table);
	return node->key == *(const uint64_t *)key;
}

static struct node *find(struct cache *c, uint64_t hash, uint64_t key)
{
	struct cds_lfht_iter iter;
	cds_lfht_lookup(c->table, hash, is_key, &key, &iter);
	struct cds_lfht_node *found = cds_lfht_iter_get_node(&iter);
	return found ? caa_container_of(found, struct node, in_table) : NULL;
}

static bool lfht_get(struct cache *c, uint64_t key, uint64_t *value)
{
	rcu_read_lock();
	const struct node *node = find(c, cache_hash(key), key);
	if (node)
		memcpy(value, node->value, c->value_words * sizeof(*value));
	rcu_read_unlock();
	return node != NULL;
}

static void free_node(struct rcu_head *head)
{
	free(caa_container_of(head, struct node, head));
}

static void remove_node(struct cache *c, struct node *node)
{
	cds_lfht_del(c->table, &node->in_table);
	call_rcu(&node->head, free_node);
}

/* Under the lock of the part. A put that finds no memory only removes what it would have replaced. */
static void put(struct cache *c, struct part *part, uint64_t hash, uint64_t key,
		const uint64_t *value)
{
	struct node *old = find(c, hash, key);
	struct node *node = malloc(sizeof(*node) + c->value_words * sizeof(*value));
	uint32_t place = old ? old->place : part->next;
	if (!old && part->ring[place])
		remove_node(c, part->ring[place]);
	if (!old)
		part->next = (place + 1) % c->per_part;
	part->ring[place] = node;
	if (node) {
		cds_lfht_node_init(&node->in_table);
		node->key = key;
		node->place = place;
		memcpy(node->value, value, c->value_words * sizeof(*value));
		cds_lfht_add_replace(c->table, hash, is_key, &key, &node->in_table);
		if (old)
			call_rcu(&old->head, free_node);
	} else if (old) {
		remove_node(c, old);
	}
}

static void lfht_put(struct cache *c, uint64_t key, const uint64_t *value)
{
	uint64_t hash = cache_hash(key);
	struct part *part = &c->parts[hash >> 32 & (c->n_parts - 1)];
	pthread_mutex_lock(&part->lock);
	rcu_read_lock();
	put(c, part, hash, key, value);
	rcu_read_unlock();
	pthread_mutex_unlock(&part->lock);
}

static void lfht_destroy(struct cache *c)
{
	if (!c)
		return;
	rcu_read_lock();
	for (uint32_t p = 0; p < c->n_parts; p++)
		for (uint32_t i = 0; c->parts[p].ring && i < c->per_part; i++)
			if (c->parts[p].ring[i])
				remove_node(c, c->parts[p].ring[i]);
	rcu_read_unlock();
	rcu_barrier(); /* all callbacks have run: no node is left */
	if (c->table)
		cds_lfht_destroy(c->table, NULL);
	for (uint32_t p = 0; p < c->n_parts; p++) {
		pthread_mutex_destroy(&c->parts[p].lock);
		free(c->parts[p].ring);
	}
	free(c->parts);
	free(c);
}

/* Buckets are a power of two, at least one for two entries. */
static size_t buckets_for(size_t entries)
{
	size_t buckets = 1;
	while (2 * buckets < entries)
		buckets *= 2;
	return buckets;
}

static size_t bytes_for(size_t entries, size_t entry_bytes)
{
	return sizeof(struct cache) + cache_parts(entries, PARTS_MAX) * sizeof(struct part) +
	       entries * entry_bytes + buckets_for(entries) * BUCKET_BYTES;
}

static enum assay_code lfht_create(const struct cache_config *config, struct cache **ret,
				   struct assay_err *err)
{
	size_t entry = sizeof(struct node) + config->value_words * sizeof(uint64_t) +
		       sizeof(struct node *) + HEAP_OVERHEAD_BYTES;
	size_t entries = config->budget_bytes / entry;
	while (entries && bytes_for(entries, entry) > config->budget_bytes)
		entries -= entries / 64 + 1;
	if (!entries || entries > UINT32_MAX)
		return assay_fail(err, ASSAY_EUSAGE, "lfht: a budget of %zu bytes holds %zu values",
				  config->budget_bytes, entries);
	uint32_t n_parts = cache_parts(entries, PARTS_MAX);
	struct cache *c = calloc(1, sizeof(*c));
	struct part *parts = aligned_alloc(_Alignof(struct part), n_parts * sizeof(*parts));
	if (!c || !parts) {
		free(c);
		free(parts);
		return assay_fail(err, ASSAY_ENOMEM, "lfht: out of memory");
	}
	memset(parts, 0, n_parts * sizeof(*parts));
	c->parts = parts;
	c->n_parts = n_parts;
	c->per_part = (uint32_t)(entries / c->n_parts);
	c->value_words = config->value_words;
	c->footprint_bytes = bytes_for((size_t)c->per_part * c->n_parts, entry);
	size_t buckets = buckets_for(entries);
	bool made = true;
	for (uint32_t p = 0; p < c->n_parts; p++) {
		pthread_mutex_init(&c->parts[p].lock, NULL);
		c->parts[p].ring = calloc(c->per_part, sizeof(*c->parts[p].ring));
		made &= c->parts[p].ring != NULL;
	}
	struct anywhere anywhere = anywhere_begin();
	made &= get_default_call_rcu_data() != NULL; /* starts the thread that frees nodes */
	anywhere_end(&anywhere);
	c->table = cds_lfht_new(buckets, 1, buckets, CDS_LFHT_ACCOUNTING, NULL);
	if (!c->table || !made) {
		lfht_destroy(c);
		return assay_fail(err, ASSAY_ENOMEM, "lfht: no memory for %zu bytes",
				  config->budget_bytes);
	}
	*ret = c;
	return ASSAY_OK;
}

static size_t lfht_capacity(const struct cache *c)
{
	return (size_t)c->n_parts * c->per_part;
}

static size_t lfht_footprint_bytes(const struct cache *c)
{
	return c->footprint_bytes;
}

static const struct cache_ops ops = {
	.create = lfht_create,
	.get = lfht_get,
	.put = lfht_put,
	.capacity = lfht_capacity,
	.footprint_bytes = lfht_footprint_bytes,
	.destroy = lfht_destroy,
};
#else
static const struct cache_ops ops; /* never called: probe() says so */
#endif

static enum assay_code probe(struct assay_err *err)
{
#ifdef ASSAY_HAVE_URCU
	return ASSAY_OK;
#else
	return assay_fail(err, ASSAY_SKIP,
			  "built without liburcu; install liburcu-dev and build again");
#endif
}

const struct assay_subject assay_subject_cache_lfht = {
	.brief = "liburcu's lock-free hash table, oldest removed under 16 locks",
	.ops = &ops,
	.probe = probe,
};
