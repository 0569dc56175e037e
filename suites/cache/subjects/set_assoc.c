/* SPDX-License-Identifier: MIT */
/*
 * set_assoc: 8-way set-associative table, one sequence lock per set, SIEVE eviction within the set.
 *
 * A key can live in the 8 ways of one set only, so a get reads one header and one entry and follows
 * no links. Readers write nothing that others read but the visited bit of an entry that is not
 * marked yet: threads that hit the same hot key share its lines instead of passing them around.
 *
 * Sources: SIEVE [Zhang et al., "SIEVE is simpler than LRU", NSDI 2024], here exact within each set;
 * sequence locks in C11 [Boehm, "Can seqlocks get along with programming language memory models?",
 * MSPC 2012]. Boehm's fences are replaced by orders on the accesses themselves: every word of an
 * entry is stored with release and loaded with acquire. A reader that sees a word of a new entry
 * then also sees the odd sequence stored before it, and tries again. On x86-64 both are plain moves.
 */
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "harness/base/clock.h"
#include "suites/cache/cache.h"
#include "suites/cache/hash.h"

#define WAYS   8
#define ONES   0x0101010101010101u
#define LOW_7  0x7f7f7f7f7f7f7f7fu
#define NIBBLE 4

struct set {
	_Atomic uint32_t sequence; /* odd while a writer is at work */
	uint32_t order;            /* ways by age, oldest in the lowest nibble; writers only */
	_Atomic uint64_t tags;     /* one byte of hash per way, 0: empty */
	_Atomic uint8_t visited;   /* one bit per way: hit since it was last looked at */
	uint8_t hand;              /* place in `order` where the next search starts; writers only */
	uint8_t used;              /* ways filled; writers only */
	uint8_t unused[5];
	_Atomic uint64_t words[]; /* WAYS entries: the key, then the value */
};

struct cache {
	char *sets;
	uint64_t n_sets;
	size_t stride;
	size_t value_words;
	size_t footprint_bytes;
};

/* Where a key belongs: its set, and its tag repeated in all eight bytes. */
struct place {
	struct set *set;
	uint64_t tags;
};

static inline struct place place_of(const struct cache *c, uint64_t key)
{
	uint64_t hash = cache_hash(key);
	uint64_t index = (hash >> 32) * c->n_sets >> 32;
	uint64_t tag = hash & 0xff;
	tag += tag == 0; /* 0 means empty */
	return (struct place){(struct set *)(void *)(c->sets + index * c->stride), tag * ONES};
}

/* The top bit of each byte that is equal in both; exact, no false positives from carries. */
static inline uint64_t equal_bytes(uint64_t a, uint64_t b)
{
	uint64_t x = a ^ b;
	return ~(((x & LOW_7) + LOW_7) | x | LOW_7);
}

static inline _Atomic uint64_t *entry_of(const struct cache *c, struct set *set, unsigned way)
{
	return set->words + way * (1 + c->value_words);
}

/* The way that holds `key`, or WAYS. For a reader a hint until the sequence is checked again. */
static inline unsigned find(const struct cache *c, struct place at, uint64_t key)
{
	/* acquire: not after the second look at the sequence */
	uint64_t tags = atomic_load_explicit(&at.set->tags, memory_order_acquire);
	for (uint64_t match = equal_bytes(tags, at.tags); match; match &= match - 1) {
		unsigned way = (unsigned)__builtin_ctzll(match) / 8;
		if (atomic_load_explicit(entry_of(c, at.set, way), memory_order_acquire) == key)
			return way;
	}
	return WAYS;
}

/* Wait a little; let others run when the one waited for seems to have lost its processor. */
static inline void back_off(unsigned *waits)
{
	if (++*waits % 128 == 0)
		sched_yield();
	else
		assay_cpu_relax();
}

static inline uint32_t read_begin(struct set *set)
{
	unsigned waits = 0;
	for (;;) {
		/* acquire: entries are read after this, as they were when it was stored */
		uint32_t sequence = atomic_load_explicit(&set->sequence, memory_order_acquire);
		if (!(sequence & 1))
			return sequence;
		back_off(&waits);
	}
}

static inline void mark_visited(struct set *set, unsigned way)
{
	uint8_t bit = (uint8_t)(1u << way);
	/* relaxed: a hint; when the entry has just been replaced, the new one gets the mark */
	if (!(atomic_load_explicit(&set->visited, memory_order_relaxed) & bit))
		atomic_fetch_or_explicit(&set->visited, bit, memory_order_relaxed);
}

static bool set_assoc_get(struct cache *c, uint64_t key, uint64_t *value)
{
	struct place at = place_of(c, key);
	uint32_t sequence;
	unsigned way;
	do {
		sequence = read_begin(at.set);
		way = find(c, at, key);
		if (way == WAYS)
			continue;
		const _Atomic uint64_t *entry = entry_of(c, at.set, way) + 1;
		for (size_t i = 0; i < c->value_words; i++)
			value[i] = atomic_load_explicit(&entry[i], memory_order_acquire);
		/* relaxed: the acquire loads above cannot move below it */
	} while (atomic_load_explicit(&at.set->sequence, memory_order_relaxed) != sequence);
	if (way == WAYS)
		return false;
	mark_visited(at.set, way);
	return true;
}

static void write_begin(struct set *set)
{
	unsigned waits = 0;
	for (;;) {
		uint32_t sequence = atomic_load_explicit(&set->sequence, memory_order_relaxed);
		/* acquire: what the last writer left is seen */
		if (!(sequence & 1) && atomic_compare_exchange_weak_explicit(
					       &set->sequence, &sequence, sequence + 1,
					       memory_order_acquire, memory_order_relaxed))
			return;
		back_off(&waits);
	}
}

static void write_end(struct set *set)
{
	uint32_t sequence = atomic_load_explicit(&set->sequence, memory_order_relaxed);
	/* release: whoever sees the even number sees the entry whole */
	atomic_store_explicit(&set->sequence, sequence + 1, memory_order_release);
}

/*
 * SIEVE: from the hand towards newer entries, spare each visited one once, take the first that is
 * not. Survivors keep their place; the way taken becomes the newest, the hand stays where it was.
 */
static unsigned evict(struct set *set)
{
	unsigned place = set->hand;
	uint8_t visited = atomic_load_explicit(&set->visited, memory_order_relaxed);
	uint8_t spared = 0;
	unsigned way = set->order >> (NIBBLE * place) & 0xf;
	while ((visited & ~spared) >> way & 1) {
		spared |= (uint8_t)(1u << way);
		place = (place + 1) % WAYS;
		way = set->order >> (NIBBLE * place) & 0xf;
	}
	uint32_t older = set->order & ((1u << (NIBBLE * place)) - 1);
	uint32_t newer = (uint32_t)((uint64_t)set->order >> (NIBBLE * (place + 1)));
	set->order = older | newer << (NIBBLE * place) | way << (NIBBLE * (WAYS - 1));
	set->hand = (uint8_t)((place + 1 == WAYS) ? 0 : place);
	/* the new entry starts unmarked; and-not, for readers may be marking others right now */
	spared |= (uint8_t)(1u << way);
	if (visited & spared)
		atomic_fetch_and_explicit(&set->visited, (uint8_t)~spared, memory_order_relaxed);
	return way;
}

static unsigned way_take(struct set *set)
{
	if (set->used == WAYS)
		return evict(set);
	unsigned way = set->used++;
	set->order |= way << (NIBBLE * way);
	return way;
}

static void set_assoc_put(struct cache *c, uint64_t key, const uint64_t *value)
{
	struct place at = place_of(c, key);
	write_begin(at.set);
	unsigned way = find(c, at, key);
	if (way == WAYS) {
		way = way_take(at.set);
		uint64_t byte = (uint64_t)0xff << (8 * way);
		uint64_t tags = atomic_load_explicit(&at.set->tags, memory_order_relaxed);
		/* release, here and below: whoever sees it sees the odd sequence too */
		atomic_store_explicit(&at.set->tags, (tags & ~byte) | (at.tags & byte),
				      memory_order_release);
		atomic_store_explicit(entry_of(c, at.set, way), key, memory_order_release);
	} else {
		mark_visited(at.set, way);
	}
	_Atomic uint64_t *entry = entry_of(c, at.set, way) + 1;
	for (size_t i = 0; i < c->value_words; i++)
		atomic_store_explicit(&entry[i], value[i], memory_order_release);
	write_end(at.set);
}

static void set_assoc_destroy(struct cache *c)
{
	if (!c)
		return;
	free(c->sets);
	free(c);
}

static enum assay_code set_assoc_create(const struct cache_config *config, struct cache **ret,
					struct assay_err *err)
{
	size_t stride = sizeof(struct set) + WAYS * (1 + config->value_words) * sizeof(uint64_t);
	size_t fixed = sizeof(struct cache);
	size_t n_sets = config->budget_bytes < fixed ? 0 : (config->budget_bytes - fixed) / stride;
	if (n_sets == 0 || n_sets > UINT32_MAX)
		return assay_fail(err, ASSAY_EUSAGE,
				  "set_assoc: a budget of %zu bytes holds %zu sets of %zu bytes",
				  config->budget_bytes, n_sets, stride);
	struct cache *c = calloc(1, sizeof(*c));
	if (!c)
		return assay_fail(err, ASSAY_ENOMEM, "set_assoc: out of memory");
	c->n_sets = n_sets;
	c->stride = stride;
	c->value_words = config->value_words;
	c->footprint_bytes = fixed + n_sets * stride;
	c->sets = calloc(n_sets, stride);
	if (!c->sets) {
		set_assoc_destroy(c);
		return assay_fail(err, ASSAY_ENOMEM, "set_assoc: no memory for %zu bytes",
				  config->budget_bytes);
	}
	*ret = c;
	return ASSAY_OK;
}

static size_t set_assoc_capacity(const struct cache *c)
{
	return c->n_sets * WAYS;
}

static size_t set_assoc_footprint_bytes(const struct cache *c)
{
	return c->footprint_bytes;
}

static const struct cache_ops ops = {
	.create = set_assoc_create,
	.get = set_assoc_get,
	.put = set_assoc_put,
	.capacity = set_assoc_capacity,
	.footprint_bytes = set_assoc_footprint_bytes,
	.destroy = set_assoc_destroy,
};

const struct assay_subject assay_subject_cache_set_assoc = {
	.brief = "8-way set-associative table, a seqlock per set, SIEVE eviction",
	.ops = &ops,
};
