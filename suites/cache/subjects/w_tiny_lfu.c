/* SPDX-License-Identifier: MIT */
/*
 * w_tiny_lfu: an LRU window before a segmented LRU, admission by a sketch of frequencies, in 16 parts
 * with a mutex each. What it wins in hits it pays in look-ups, since each one moves its entry.
 *
 * Source: Einziger, Friedman, Manes, "TinyLFU: a highly efficient cache admission policy", ACM TOS
 * 2017. The window is a hundredth, main one to four; the sketch is a count-min of four 4-bit counters
 * a key, up to sixteen counters per entry, of which a request raises only the lowest, halved every ten
 * times the capacity in requests.
 */
#include <pthread.h>
#include <stdlib.h>

#include "suites/cache/cache.h"
#include "suites/cache/hash.h"

enum { PARTS_MAX = 16, WINDOW = 0, LOWER, UPPER, LISTS, COUNT_MAX = 15 };

/* Made of 4-byte fields, so that no padding is charged. The last LISTS nodes are heads of lists. */
struct node {
	uint32_t newer, older;
	uint32_t chain; /* next of the same bucket; NOBODY: none */
	uint32_t list;
	uint32_t key[2];
	uint32_t value[];
};
#define NOBODY UINT32_MAX

struct part {
	_Alignas(ASSAY_CACHE_LINE) pthread_mutex_t lock;
	char *nodes;
	uint32_t *buckets;
	uint64_t *sketch;
	uint32_t sketch_mask; /* words - 1 */
	uint32_t used, n[LISTS];
	uint64_t counted; /* requests since the last halving */
};

struct cache {
	struct part *parts;
	uint32_t n_parts, per_part, window, upper;
	size_t stride, value_bytes, footprint_bytes;
};

static struct node *node_at(const struct cache *c, const struct part *part, uint32_t i)
{
	return (struct node *)(void *)(part->nodes + i * c->stride);
}

static uint64_t key_of(const struct node *node)
{
	uint64_t key;
	memcpy(&key, node->key, sizeof(key));
	return key;
}

static uint32_t head_of(const struct cache *c, unsigned list)
{
	return c->per_part + list;
}

/* Counter `row` of a hash: a word of the sketch and a nibble in it. */
static uint64_t *counter(const struct part *part, uint64_t hash, unsigned row, unsigned *ret_shift)
{
	uint64_t mixed = (hash + row) * 0x9e3779b97f4a7c15u;
	*ret_shift = (unsigned)(mixed >> 60) * 4;
	return &part->sketch[mixed >> 24 & part->sketch_mask];
}

static unsigned frequency(const struct part *part, uint64_t hash)
{
	unsigned least = COUNT_MAX;
	for (unsigned row = 0; row < 4; row++) {
		unsigned shift;
		const uint64_t *word = counter(part, hash, row, &shift);
		unsigned count = (unsigned)(*word >> shift) & COUNT_MAX;
		least = count < least ? count : least;
	}
	return least;
}

static void count_request(const struct cache *c, struct part *part, uint64_t hash)
{
	unsigned least = frequency(part, hash);
	for (unsigned row = 0; row < 4 && least < COUNT_MAX; row++) {
		unsigned shift;
		uint64_t *word = counter(part, hash, row, &shift);
		if ((*word >> shift & COUNT_MAX) == least)
			*word += UINT64_C(1) << shift;
	}
	if (++part->counted < 10 * (uint64_t)c->per_part)
		return;
	part->counted = 0;
	for (uint32_t w = 0; w <= part->sketch_mask; w++)
		part->sketch[w] = part->sketch[w] >> 1 & 0x7777777777777777u;
}

static void leave(const struct cache *c, struct part *part, uint32_t i)
{
	struct node *node = node_at(c, part, i);
	node_at(c, part, node->newer)->older = node->older;
	node_at(c, part, node->older)->newer = node->newer;
	part->n[node->list]--;
}

static void enter(const struct cache *c, struct part *part, unsigned list, uint32_t i)
{
	uint32_t at = head_of(c, list);
	struct node *head = node_at(c, part, at), *node = node_at(c, part, i);
	node->list = list;
	node->newer = at;
	node->older = head->older;
	node_at(c, part, head->older)->newer = i;
	head->older = i;
	part->n[list]++;
}

static uint32_t oldest(const struct cache *c, const struct part *part, unsigned list)
{
	return node_at(c, part, head_of(c, list))->newer;
}

static uint32_t *bucket_of(const struct cache *c, const struct part *part, uint64_t hash)
{
	return &part->buckets[cache_hash_below(hash, c->per_part)];
}

static uint32_t find(const struct cache *c, const struct part *part, uint64_t hash, uint64_t key)
{
	uint32_t i = *bucket_of(c, part, hash);
	while (i != NOBODY && key_of(node_at(c, part, i)) != key)
		i = node_at(c, part, i)->chain;
	return i;
}

static void touch(const struct cache *c, struct part *part, uint32_t i)
{
	unsigned list = node_at(c, part, i)->list;
	leave(c, part, i);
	enter(c, part, list == WINDOW ? WINDOW : UPPER, i);
	if (part->n[UPPER] > c->upper) {
		uint32_t demoted = oldest(c, part, UPPER);
		leave(c, part, demoted);
		enter(c, part, LOWER, demoted);
	}
}

static void unlink_node(const struct cache *c, struct part *part, uint32_t i)
{
	struct node *node = node_at(c, part, i);
	uint32_t *link = bucket_of(c, part, cache_hash(key_of(node)));
	while (*link != i)
		link = &node_at(c, part, *link)->chain;
	*link = node->chain;
}

/* A full part: of the window's oldest and main's, the one asked for less often has to go. */
static uint32_t duel(const struct cache *c, struct part *part)
{
	if (part->n[WINDOW] == 0 || part->n[LOWER] + part->n[UPPER] == 0)
		return oldest(c, part, part->n[WINDOW] ? WINDOW : part->n[LOWER] ? LOWER : UPPER);
	uint32_t candidate = oldest(c, part, WINDOW);
	uint32_t victim = oldest(c, part, part->n[LOWER] ? LOWER : UPPER);
	uint64_t candidate_hash = cache_hash(key_of(node_at(c, part, candidate)));
	uint64_t victim_hash = cache_hash(key_of(node_at(c, part, victim)));
	if (frequency(part, candidate_hash) <= frequency(part, victim_hash))
		return candidate;
	leave(c, part, candidate);
	enter(c, part, LOWER, candidate);
	return victim;
}

/* A node for a new entry. The window overflows into main while there is room, into duels after. */
static uint32_t node_take(const struct cache *c, struct part *part)
{
	if (part->used < c->per_part) {
		if (part->n[WINDOW] >= c->window) {
			uint32_t moved = oldest(c, part, WINDOW);
			leave(c, part, moved);
			enter(c, part, LOWER, moved);
		}
		return part->used++;
	}
	uint32_t i = duel(c, part);
	unlink_node(c, part, i);
	leave(c, part, i);
	return i;
}

static struct part *part_of(const struct cache *c, uint64_t hash)
{
	return &c->parts[hash >> 32 & (c->n_parts - 1)];
}

static bool tiny_get(struct cache *c, uint64_t key, uint64_t *value)
{
	uint64_t hash = cache_hash(key);
	struct part *part = part_of(c, hash);
	pthread_mutex_lock(&part->lock);
	count_request(c, part, hash);
	uint32_t i = find(c, part, hash, key);
	if (i != NOBODY) {
		memcpy(value, node_at(c, part, i)->value, c->value_bytes);
		touch(c, part, i);
	}
	pthread_mutex_unlock(&part->lock);
	return i != NOBODY;
}

static void tiny_put(struct cache *c, uint64_t key, const uint64_t *value)
{
	uint64_t hash = cache_hash(key);
	struct part *part = part_of(c, hash);
	pthread_mutex_lock(&part->lock);
	uint32_t i = find(c, part, hash, key);
	if (i != NOBODY) {
		touch(c, part, i);
	} else {
		i = node_take(c, part);
		struct node *node = node_at(c, part, i);
		uint32_t *bucket = bucket_of(c, part, hash);
		memcpy(node->key, &key, sizeof(key));
		node->chain = *bucket;
		*bucket = i;
		enter(c, part, WINDOW, i);
	}
	memcpy(node_at(c, part, i)->value, value, c->value_bytes);
	pthread_mutex_unlock(&part->lock);
}

static void tiny_destroy(struct cache *c)
{
	if (!c)
		return;
	for (uint32_t p = 0; c->parts && p < c->n_parts; p++) {
		pthread_mutex_destroy(&c->parts[p].lock);
		free(c->parts[p].nodes);
		free(c->parts[p].buckets);
		free(c->parts[p].sketch);
	}
	free(c->parts);
	free(c);
}

/* A word of sixteen counters an entry, rounded down to a power of two of words. */
static size_t sketch_words(size_t capacity)
{
	size_t words = 1;
	while (2 * words <= capacity)
		words *= 2;
	return words;
}

static bool part_init(const struct cache *c, struct part *part)
{
	pthread_mutex_init(&part->lock, NULL);
	size_t words = sketch_words(c->per_part);
	part->nodes = calloc((size_t)c->per_part + LISTS, c->stride);
	part->buckets = malloc(c->per_part * sizeof(*part->buckets));
	part->sketch = calloc(words, sizeof(*part->sketch));
	part->sketch_mask = (uint32_t)(words - 1);
	if (!part->nodes || !part->buckets || !part->sketch)
		return false;
	memset(part->buckets, 0xff, c->per_part * sizeof(*part->buckets));
	for (unsigned list = 0; list < LISTS; list++) {
		struct node *head = node_at(c, part, head_of(c, list));
		head->newer = head->older = head_of(c, list);
	}
	return true;
}

static size_t bytes_for(size_t capacity, uint32_t n_parts, size_t stride)
{
	size_t part = sizeof(struct part) + (capacity + LISTS) * stride +
		      capacity * sizeof(uint32_t) + sketch_words(capacity) * sizeof(uint64_t);
	return sizeof(struct cache) + n_parts * part;
}

static enum assay_code tiny_create(const struct cache_config *config, struct cache **ret,
				   struct assay_err *err)
{
	size_t value_bytes = config->value_words * sizeof(uint64_t);
	size_t stride = sizeof(struct node) + value_bytes, budget = config->budget_bytes;
	uint32_t n_parts = cache_parts(budget / (stride + 8), PARTS_MAX);
	size_t capacity = budget / n_parts / (stride + sizeof(uint32_t));
	while (capacity && bytes_for(capacity, n_parts, stride) > budget)
		capacity -= capacity / 64 + 1;
	if (!capacity || capacity >= UINT32_MAX - LISTS)
		return assay_fail(err, ASSAY_EUSAGE,
				  "w_tiny_lfu: a budget of %zu bytes holds %zu values of %zu bytes",
				  budget, capacity, value_bytes);
	struct cache *c = calloc(1, sizeof(*c));
	struct part *parts = aligned_alloc(_Alignof(struct part), n_parts * sizeof(*parts));
	uint32_t n = (uint32_t)capacity, window = n / 100 ? n / 100 : 1;
	bool made = c && parts;
	if (made) {
		memset(parts, 0, n_parts * sizeof(*parts));
		*c = (struct cache){.parts = parts,
				    .n_parts = n_parts,
				    .per_part = n,
				    .window = window,
				    .upper = (n - window) / 5 * 4,
				    .stride = stride,
				    .value_bytes = value_bytes,
				    .footprint_bytes = bytes_for(n, n_parts, stride)};
	} else {
		free(parts);
	}
	for (uint32_t p = 0; made && p < n_parts; p++)
		made = part_init(c, &c->parts[p]);
	if (!made) {
		tiny_destroy(c);
		return assay_fail(err, ASSAY_ENOMEM, "w_tiny_lfu: no memory for %zu bytes", budget);
	}
	*ret = c;
	return ASSAY_OK;
}

static size_t tiny_capacity(const struct cache *c)
{
	return (size_t)c->n_parts * c->per_part;
}

static size_t tiny_footprint_bytes(const struct cache *c)
{
	return c->footprint_bytes;
}

static const struct cache_ops ops = {
	.create = tiny_create,
	.get = tiny_get,
	.put = tiny_put,
	.capacity = tiny_capacity,
	.footprint_bytes = tiny_footprint_bytes,
	.destroy = tiny_destroy,
};

const struct assay_subject assay_subject_cache_w_tiny_lfu = {
	.brief = "LRU window, segmented LRU, admission by sketched frequency, 16 mutexes",
	.ops = &ops,
};
