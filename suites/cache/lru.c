/* SPDX-License-Identifier: MIT */
/*
 * lru: chained hash tables with intrusive LRU lists, each under a mutex: one is the usual design and
 * the yardstick of this suite, many the usual remedy. Written to be hard to beat at what it is:
 * 32-bit links, load factor 1, no work under the lock that could be done outside.
 */
#include "suites/cache/lru.h"

#include <pthread.h>
#include <stdlib.h>

#include "suites/cache/hash.h"

/* Made of 4-byte fields, so that no padding is charged to the budget. Node 0 is the list's end. */
struct node {
	uint32_t newer;
	uint32_t older;
	uint32_t chain; /* next node of the same bucket, 0: none */
	uint32_t key[2];
	uint32_t value[];
};

struct lru_part {
	_Alignas(ASSAY_CACHE_LINE) pthread_mutex_t lock;
	char *nodes;
	uint32_t *buckets; /* heads of chains, as many as nodes */
	size_t stride;
	size_t value_bytes;
	uint32_t capacity;
	uint32_t used;
};

struct cache {
	size_t footprint_bytes;
	uint32_t n_parts; /* a power of two */
	struct lru_part *parts;
};

static struct node *node_at(const struct lru_part *c, uint32_t i)
{
	return (struct node *)(void *)(c->nodes + i * c->stride);
}

static uint32_t *bucket_of(const struct lru_part *c, uint64_t key)
{
	return &c->buckets[cache_hash_below(cache_hash(key), c->capacity)];
}

static uint64_t key_of(const struct node *node)
{
	uint64_t key;
	memcpy(&key, node->key, sizeof(key));
	return key;
}

static uint32_t find(const struct lru_part *c, uint64_t key)
{
	uint32_t i = *bucket_of(c, key);
	while (i && key_of(node_at(c, i)) != key)
		i = node_at(c, i)->chain;
	return i;
}

static void list_remove(struct lru_part *c, const struct node *node)
{
	node_at(c, node->newer)->older = node->older;
	node_at(c, node->older)->newer = node->newer;
}

static void list_put_newest(struct lru_part *c, uint32_t i)
{
	struct node *end = node_at(c, 0), *node = node_at(c, i);
	node->newer = 0;
	node->older = end->older;
	node_at(c, end->older)->newer = i;
	end->older = i;
}

static void make_newest(struct lru_part *c, uint32_t i)
{
	struct node *node = node_at(c, i);
	if (!node->newer)
		return;
	list_remove(c, node);
	list_put_newest(c, i);
}

/* A node that is in no list and no chain: a fresh one, or the least recently used. */
static uint32_t node_take(struct lru_part *c)
{
	if (c->used < c->capacity)
		return ++c->used;
	uint32_t oldest = node_at(c, 0)->newer;
	struct node *node = node_at(c, oldest);
	uint32_t *link = bucket_of(c, key_of(node));
	while (*link != oldest)
		link = &node_at(c, *link)->chain;
	*link = node->chain;
	list_remove(c, node);
	return oldest;
}

static void insert(struct lru_part *c, uint64_t key, const uint64_t *value)
{
	uint32_t i = node_take(c);
	uint32_t *bucket = bucket_of(c, key);
	struct node *node = node_at(c, i);
	memcpy(node->key, &key, sizeof(key));
	memcpy(node->value, value, c->value_bytes);
	node->chain = *bucket;
	*bucket = i;
	list_put_newest(c, i);
}

/* The high half of the hash, which buckets do not use. */
static struct lru_part *part_of(const struct cache *c, uint64_t key)
{
	return &c->parts[(cache_hash(key) >> 32) & (c->n_parts - 1)];
}

bool cache_lru_get(struct cache *cache, uint64_t key, uint64_t *value)
{
	struct lru_part *c = part_of(cache, key);
	pthread_mutex_lock(&c->lock);
	uint32_t i = find(c, key);
	if (i) {
		make_newest(c, i);
		memcpy(value, node_at(c, i)->value, c->value_bytes);
	}
	pthread_mutex_unlock(&c->lock);
	return i != 0;
}

void cache_lru_put(struct cache *cache, uint64_t key, const uint64_t *value)
{
	struct lru_part *c = part_of(cache, key);
	pthread_mutex_lock(&c->lock);
	uint32_t i = find(c, key);
	if (i) {
		make_newest(c, i);
		memcpy(node_at(c, i)->value, value, c->value_bytes);
	} else {
		insert(c, key, value);
	}
	pthread_mutex_unlock(&c->lock);
}

void cache_lru_destroy(struct cache *c)
{
	if (!c)
		return;
	for (uint32_t i = 0; c->parts && i < c->n_parts; i++) {
		pthread_mutex_destroy(&c->parts[i].lock);
		free(c->parts[i].nodes);
		free(c->parts[i].buckets);
	}
	free(c->parts);
	free(c);
}

static bool part_init(struct lru_part *part, uint32_t capacity, size_t value_bytes)
{
	pthread_mutex_init(&part->lock, NULL);
	part->capacity = capacity;
	part->value_bytes = value_bytes;
	part->stride = sizeof(struct node) + value_bytes;
	part->nodes = calloc((size_t)capacity + 1, part->stride);
	part->buckets = calloc(capacity, sizeof(*part->buckets));
	return part->nodes && part->buckets;
}

enum assay_code cache_lru_create(const struct cache_config *config, unsigned most_parts,
				 struct cache **ret, struct assay_err *err)
{
	size_t value_bytes = config->value_words * sizeof(uint64_t);
	size_t stride = sizeof(struct node) + value_bytes, entry = stride + sizeof(uint32_t);
	unsigned n = cache_parts(config->budget_bytes / entry, most_parts);
	size_t fixed = sizeof(struct cache) + n * (sizeof(struct lru_part) + stride);
	size_t capacity =
		config->budget_bytes < fixed ? 0 : (config->budget_bytes - fixed) / n / entry;
	if (capacity == 0 || capacity >= UINT32_MAX)
		return assay_fail(err, ASSAY_EUSAGE,
				  "LRU: a budget of %zu bytes holds %zu values of %zu bytes",
				  config->budget_bytes, capacity, value_bytes);
	struct cache *c = calloc(1, sizeof(*c));
	bool made = c != NULL;
	if (c) {
		c->n_parts = n;
		c->footprint_bytes = fixed + n * capacity * entry;
		c->parts = aligned_alloc(ASSAY_CACHE_LINE, n * sizeof(*c->parts));
		made = c->parts != NULL;
		if (c->parts)
			memset(c->parts, 0, n * sizeof(*c->parts));
	}
	for (unsigned i = 0; c && c->parts && i < n; i++)
		made &= part_init(&c->parts[i], (uint32_t)capacity, value_bytes);
	if (!made) {
		cache_lru_destroy(c);
		return assay_fail(err, ASSAY_ENOMEM, "LRU: no memory for %zu bytes",
				  config->budget_bytes);
	}
	*ret = c;
	return ASSAY_OK;
}

size_t cache_lru_capacity(const struct cache *c)
{
	return (size_t)c->n_parts * c->parts[0].capacity;
}

size_t cache_lru_footprint_bytes(const struct cache *c)
{
	return c->footprint_bytes;
}
