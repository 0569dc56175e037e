/* SPDX-License-Identifier: MIT */
/*
 * fifo: a chained hash table whose look-ups take no lock, evicting by CLOCK or S3-FIFO.
 *
 * A hit only counts, in a byte beside the entries, up to 1 (CLOCK) or 3 (S3-FIFO); all that moves does
 * so on a put, under the mutex of one of 16 parts. Each entry has a sequence lock (see set_assoc for
 * the orders). A reader may follow a link of an entry that is being reused into another chain: it then
 * finds the key or misses, never another value, and after HOPS_MAX links it misses. An entry is
 * reused by the very put that evicted it, so no old value outlives the lock under which it left.
 *
 * Ghosts of S3-FIFO are 32 bits of hash in a table as long as the cache, each kept until another
 * falls on its place: about as long as a queue of that length would.
 */
#include "suites/cache/fifo.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "harness/base/clock.h"
#include "suites/cache/hash.h"

enum { PARTS_MAX = 16, HOPS_MAX = 64, TRIES_MAX = 64, SMALL_SHARE = 10, PROMOTE_HITS = 2 };

struct entry {
	_Atomic uint32_t sequence; /* odd while being written */
	_Atomic uint32_t chain;    /* next of the same bucket, 0: none */
	_Atomic uint64_t words[];  /* the key, then the value */
};

/* A queue linked through `behind`, oldest first. Entry 0 is nobody. */
struct queue {
	uint32_t oldest, newest, n;
};

struct part {
	_Alignas(ASSAY_CACHE_LINE) pthread_mutex_t lock; /* puts */
	char *entries;
	_Atomic uint32_t *buckets;
	_Atomic uint8_t *hits;
	uint32_t *behind; /* next newer one in its queue */
	uint32_t *ghosts;
	struct queue small, main;
	uint32_t used;
};

struct cache {
	struct part *parts;
	uint32_t n_parts, per_part;
	size_t stride, value_words, footprint_bytes;
	enum cache_fifo_policy policy;
	uint8_t hits_max;
};

static inline struct entry *entry_at(const struct cache *c, const struct part *part, uint32_t i)
{
	return (struct entry *)(void *)(part->entries + i * c->stride);
}

static inline struct part *part_of(const struct cache *c, uint64_t hash)
{
	return &c->parts[hash >> 32 & (c->n_parts - 1)];
}

static inline _Atomic uint32_t *bucket_of(const struct cache *c, const struct part *part,
					  uint64_t hash)
{
	return &part->buckets[cache_hash_below(hash, c->per_part)];
}

static inline void count_hit(const struct cache *c, struct part *part, uint32_t i)
{
	/* relaxed, and lost when two count at once: a hint */
	uint8_t hits = atomic_load_explicit(&part->hits[i], memory_order_relaxed);
	if (hits < c->hits_max)
		atomic_store_explicit(&part->hits[i], (uint8_t)(hits + 1), memory_order_relaxed);
}

enum found { MISSED, FOUND, DISTURBED };

static inline enum found look(const struct cache *c, const struct part *part, uint64_t hash,
			      uint64_t key, uint64_t *value, uint32_t *ret)
{
	/* acquire, here and below: an entry is read as it was when its link was stored, or newer */
	uint32_t i = atomic_load_explicit(bucket_of(c, part, hash), memory_order_acquire);
	for (unsigned hops = 0; i && hops < HOPS_MAX; hops++) {
		struct entry *e = entry_at(c, part, i);
		uint32_t sequence = atomic_load_explicit(&e->sequence, memory_order_acquire);
		if (atomic_load_explicit(&e->words[0], memory_order_acquire) == key) {
			for (size_t w = 0; w < c->value_words; w++)
				value[w] = atomic_load_explicit(&e->words[1 + w],
								memory_order_acquire);
			if (sequence & 1 ||
			    atomic_load_explicit(&e->sequence, memory_order_relaxed) != sequence)
				return DISTURBED;
			*ret = i;
			return sequence ? FOUND : MISSED; /* 0: never written */
		}
		i = atomic_load_explicit(&e->chain, memory_order_acquire);
	}
	return MISSED;
}

bool cache_fifo_get(struct cache *c, uint64_t key, uint64_t *value)
{
	uint64_t hash = cache_hash(key);
	struct part *part = part_of(c, hash);
	uint32_t i = 0;
	enum found found = look(c, part, hash, key, value, &i);
	for (unsigned tries = 0; found == DISTURBED && tries < TRIES_MAX; tries++) {
		assay_cpu_relax();
		found = look(c, part, hash, key, value, &i);
	}
	if (found == DISTURBED) { /* the writer lost its processor: wait for it */
		pthread_mutex_lock(&part->lock);
		found = look(c, part, hash, key, value, &i);
		pthread_mutex_unlock(&part->lock);
	}
	if (found != FOUND)
		return false;
	count_hit(c, part, i);
	return true;
}

static void push(struct part *part, struct queue *q, uint32_t i)
{
	part->behind[i] = 0;
	if (q->n++)
		part->behind[q->newest] = i;
	else
		q->oldest = i;
	q->newest = i;
}

static uint32_t pop(struct part *part, struct queue *q)
{
	uint32_t i = q->oldest;
	q->oldest = part->behind[i];
	q->n--;
	return i;
}

static uint8_t hits_of(struct part *part, uint32_t i)
{
	return atomic_load_explicit(&part->hits[i], memory_order_relaxed);
}

static void set_hits(struct part *part, uint32_t i, unsigned hits)
{
	atomic_store_explicit(&part->hits[i], (uint8_t)hits, memory_order_relaxed);
}

/* The oldest that was not hit; others go round again with one hit less. Readers may keep hitting. */
static uint32_t evict_main(struct part *part)
{
	uint32_t rounds = 4 * part->main.n;
	for (;;) {
		uint32_t i = pop(part, &part->main);
		uint8_t hits = hits_of(part, i);
		if (!hits || rounds-- == 0)
			return i;
		set_hits(part, i, hits - 1u);
		push(part, &part->main, i);
	}
}

static uint64_t key_of(const struct cache *c, const struct part *part, uint32_t i)
{
	return atomic_load_explicit(&entry_at(c, part, i)->words[0], memory_order_relaxed);
}

static uint32_t *ghost_place(const struct cache *c, struct part *part, uint64_t hash)
{
	/* other bits than those that chose part and bucket */
	return &part->ghosts[(hash >> 36) % c->per_part];
}

static uint32_t evict(struct cache *c, struct part *part)
{
	uint32_t small_share = c->per_part / SMALL_SHARE;
	while (part->small.n && part->main.n <= c->per_part - small_share) {
		uint32_t i = pop(part, &part->small);
		if (hits_of(part, i) < PROMOTE_HITS) {
			uint64_t hash = cache_hash(key_of(c, part, i));
			*ghost_place(c, part, hash) = (uint32_t)hash | 1;
			return i;
		}
		set_hits(part, i, 0);
		push(part, &part->main, i);
	}
	return evict_main(part);
}

static void unlink_entry(struct cache *c, struct part *part, uint32_t i)
{
	uint64_t hash = cache_hash(key_of(c, part, i));
	_Atomic uint32_t *link = bucket_of(c, part, hash);
	uint32_t at;
	while ((at = atomic_load_explicit(link, memory_order_relaxed)) != i)
		link = &entry_at(c, part, at)->chain;
	uint32_t next = atomic_load_explicit(&entry_at(c, part, i)->chain, memory_order_relaxed);
	atomic_store_explicit(link, next, memory_order_release);
}

static bool take_ghost(struct cache *c, struct part *part, uint64_t hash)
{
	if (c->policy != CACHE_S3_FIFO)
		return true; /* CLOCK has the main queue only */
	uint32_t *place = ghost_place(c, part, hash);
	if (*place != ((uint32_t)hash | 1))
		return false;
	*place = 0;
	return true;
}

/* Fill entry i; release on every word, so that who sees one sees the odd sequence before it. */
static void write_entry(const struct cache *c, struct entry *e, uint64_t key, const uint64_t *value)
{
	uint32_t sequence = atomic_load_explicit(&e->sequence, memory_order_relaxed);
	atomic_store_explicit(&e->sequence, sequence + 1, memory_order_relaxed);
	atomic_store_explicit(&e->words[0], key, memory_order_release);
	for (size_t w = 0; w < c->value_words; w++)
		atomic_store_explicit(&e->words[1 + w], value[w], memory_order_release);
	sequence += sequence + 2 == 0 ? 4 : 2; /* 0 stays the mark of what was never written */
	atomic_store_explicit(&e->sequence, sequence, memory_order_release);
}

static void insert(struct cache *c, struct part *part, uint64_t hash, uint64_t key,
		   const uint64_t *value)
{
	bool to_main = take_ghost(c, part, hash);
	uint32_t i;
	if (part->used < c->per_part) {
		i = ++part->used;
	} else {
		i = evict(c, part);
		unlink_entry(c, part, i);
	}
	struct entry *e = entry_at(c, part, i);
	_Atomic uint32_t *bucket = bucket_of(c, part, hash);
	write_entry(c, e, key, value);
	set_hits(part, i, 0);
	atomic_store_explicit(&e->chain, atomic_load_explicit(bucket, memory_order_relaxed),
			      memory_order_release);
	atomic_store_explicit(bucket, i, memory_order_release);
	push(part, to_main ? &part->main : &part->small, i);
}

void cache_fifo_put(struct cache *c, uint64_t key, const uint64_t *value)
{
	uint64_t hash = cache_hash(key);
	struct part *part = part_of(c, hash);
	pthread_mutex_lock(&part->lock);
	uint32_t i = atomic_load_explicit(bucket_of(c, part, hash), memory_order_relaxed);
	while (i && key_of(c, part, i) != key)
		i = atomic_load_explicit(&entry_at(c, part, i)->chain, memory_order_relaxed);
	if (i) {
		write_entry(c, entry_at(c, part, i), key, value);
		count_hit(c, part, i);
	} else {
		insert(c, part, hash, key, value);
	}
	pthread_mutex_unlock(&part->lock);
}

void cache_fifo_destroy(struct cache *c)
{
	if (!c)
		return;
	for (uint32_t p = 0; c->parts && p < c->n_parts; p++) {
		struct part *part = &c->parts[p];
		pthread_mutex_destroy(&part->lock);
		free(part->entries);
		free(part->buckets);
		free(part->hits);
		free(part->behind);
		free(part->ghosts);
	}
	free(c->parts);
	free(c);
}

static bool part_init(const struct cache *c, struct part *part)
{
	size_t n = (size_t)c->per_part + 1;
	pthread_mutex_init(&part->lock, NULL);
	part->entries = calloc(n, c->stride);
	part->buckets = calloc(c->per_part, sizeof(*part->buckets));
	part->hits = calloc(n, sizeof(*part->hits));
	part->behind = calloc(n, sizeof(*part->behind));
	part->ghosts = calloc(c->per_part, sizeof(*part->ghosts));
	return part->entries && part->buckets && part->hits && part->behind && part->ghosts;
}

enum assay_code cache_fifo_create(const struct cache_config *config, enum cache_fifo_policy policy,
				  struct cache **ret, struct assay_err *err)
{
	size_t stride = sizeof(struct entry) + (1 + config->value_words) * sizeof(uint64_t);
	size_t entry = stride + 3 * sizeof(uint32_t) + 1, budget = config->budget_bytes;
	uint32_t n = cache_parts(budget / entry, PARTS_MAX);
	size_t fixed = sizeof(struct cache) + n * (sizeof(struct part) + stride + 5);
	size_t capacity = budget < fixed ? 0 : (budget - fixed) / n / entry;
	if (capacity == 0 || capacity >= UINT32_MAX)
		return assay_fail(err, ASSAY_EUSAGE,
				  "a budget of %zu bytes holds %zu values of %zu", budget, capacity,
				  config->value_words * sizeof(uint64_t));
	struct cache *c = calloc(1, sizeof(*c));
	struct part *parts = aligned_alloc(_Alignof(struct part), n * sizeof(*parts));
	if (c && parts) {
		memset(parts, 0, n * sizeof(*parts));
		*c = (struct cache){.parts = parts,
				    .n_parts = n,
				    .per_part = (uint32_t)capacity,
				    .stride = stride,
				    .value_words = config->value_words,
				    .footprint_bytes = fixed + n * capacity * entry,
				    .policy = policy,
				    .hits_max = policy == CACHE_CLOCK ? 1 : 3};
	} else {
		free(parts);
	}
	bool made = c && c->parts;
	for (uint32_t p = 0; made && p < n; p++)
		made = part_init(c, &c->parts[p]);
	if (!made) {
		cache_fifo_destroy(c);
		return assay_fail(err, ASSAY_ENOMEM, "no memory for %zu bytes", budget);
	}
	*ret = c;
	return ASSAY_OK;
}

size_t cache_fifo_capacity(const struct cache *c)
{
	return (size_t)c->n_parts * c->per_part;
}

size_t cache_fifo_footprint_bytes(const struct cache *c)
{
	return c->footprint_bytes;
}
