/* SPDX-License-Identifier: MIT */
/*
 * lru_mutex: chained hash table and intrusive LRU list under one mutex, the usual design and the
 * yardstick of this suite. Written to be hard to beat at what it is: 32-bit links, one allocation,
 * load factor 1, no work under the lock that could be done outside.
 */
#include <pthread.h>
#include <stdlib.h>

#include "suites/cache/cache.h"

/* Made of 4-byte fields, so that no padding is charged to the budget. Node 0 is the list's end. */
struct node {
	uint32_t newer;
	uint32_t older;
	uint32_t chain; /* next node of the same bucket, 0: none */
	uint32_t key[2];
	uint32_t value[];
};

struct cache {
	pthread_mutex_t lock;
	char *nodes;
	uint32_t *buckets; /* heads of chains, as many as nodes */
	size_t stride;
	size_t value_bytes;
	size_t footprint_bytes;
	uint32_t capacity;
	uint32_t used;
};

static struct node *node_at(const struct cache *c, uint32_t i)
{
	return (struct node *)(void *)(c->nodes + i * c->stride);
}

static uint32_t *bucket_of(const struct cache *c, uint64_t key)
{
	unsigned __int128 product =
		(unsigned __int128)(key ^ 0x2d358dccaa6c78a5u) * 0x8bb84b93962eacc9u;
	uint32_t hash = (uint32_t)((uint64_t)product >> 32 ^ (uint64_t)(product >> 64));
	return &c->buckets[(uint64_t)hash * c->capacity >> 32];
}

static uint64_t key_of(const struct node *node)
{
	uint64_t key;
	memcpy(&key, node->key, sizeof(key));
	return key;
}

static uint32_t find(const struct cache *c, uint64_t key)
{
	uint32_t i = *bucket_of(c, key);
	while (i && key_of(node_at(c, i)) != key)
		i = node_at(c, i)->chain;
	return i;
}

static void list_remove(struct cache *c, const struct node *node)
{
	node_at(c, node->newer)->older = node->older;
	node_at(c, node->older)->newer = node->newer;
}

static void list_put_newest(struct cache *c, uint32_t i)
{
	struct node *end = node_at(c, 0), *node = node_at(c, i);
	node->newer = 0;
	node->older = end->older;
	node_at(c, end->older)->newer = i;
	end->older = i;
}

static void make_newest(struct cache *c, uint32_t i)
{
	struct node *node = node_at(c, i);
	if (!node->newer)
		return;
	list_remove(c, node);
	list_put_newest(c, i);
}

/* A node that is in no list and no chain: a fresh one, or the least recently used. */
static uint32_t node_take(struct cache *c)
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

static void insert(struct cache *c, uint64_t key, const uint64_t *value)
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

static bool lru_get(struct cache *c, uint64_t key, uint64_t *value)
{
	pthread_mutex_lock(&c->lock);
	uint32_t i = find(c, key);
	if (i) {
		make_newest(c, i);
		memcpy(value, node_at(c, i)->value, c->value_bytes);
	}
	pthread_mutex_unlock(&c->lock);
	return i != 0;
}

static void lru_put(struct cache *c, uint64_t key, const uint64_t *value)
{
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

static void lru_destroy(struct cache *c)
{
	if (!c)
		return;
	pthread_mutex_destroy(&c->lock);
	free(c->nodes);
	free(c->buckets);
	free(c);
}

static enum assay_code lru_create(const struct cache_config *config, struct cache **ret,
				  struct assay_err *err)
{
	size_t value_bytes = config->value_words * sizeof(uint64_t);
	size_t stride = sizeof(struct node) + value_bytes;
	size_t fixed = sizeof(struct cache) + stride;
	size_t capacity = config->budget_bytes < fixed
				  ? 0
				  : (config->budget_bytes - fixed) / (stride + sizeof(uint32_t));
	if (capacity == 0 || capacity >= UINT32_MAX)
		return assay_fail(err, ASSAY_EUSAGE,
				  "lru_mutex: a budget of %zu bytes holds %zu values of %zu bytes",
				  config->budget_bytes, capacity, value_bytes);
	struct cache *c = calloc(1, sizeof(*c));
	if (!c)
		return assay_fail(err, ASSAY_ENOMEM, "lru_mutex: out of memory");
	pthread_mutex_init(&c->lock, NULL);
	c->capacity = (uint32_t)capacity;
	c->stride = stride;
	c->value_bytes = value_bytes;
	c->nodes = calloc(capacity + 1, stride);
	c->buckets = calloc(capacity, sizeof(*c->buckets));
	c->footprint_bytes = fixed + capacity * (stride + sizeof(*c->buckets));
	if (!c->nodes || !c->buckets) {
		lru_destroy(c);
		return assay_fail(err, ASSAY_ENOMEM, "lru_mutex: no memory for %zu bytes",
				  config->budget_bytes);
	}
	*ret = c;
	return ASSAY_OK;
}

static size_t lru_capacity(const struct cache *c)
{
	return c->capacity;
}

static size_t lru_footprint_bytes(const struct cache *c)
{
	return c->footprint_bytes;
}

static const struct cache_ops ops = {
	.create = lru_create,
	.get = lru_get,
	.put = lru_put,
	.capacity = lru_capacity,
	.footprint_bytes = lru_footprint_bytes,
	.destroy = lru_destroy,
};

const struct assay_subject assay_subject_cache_lru_mutex = {
	.brief = "chained hash table and LRU list under one pthread mutex",
	.ops = &ops,
};
