/* SPDX-License-Identifier: MIT */
/* experience: shards of entries under a lock, with sums of priorities in a heap-ordered tree. */
#include "suites/scaling/experience.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "harness/base/attr.h"

enum { SHARDS_MOST = 64 };

struct entry {
	uint64_t words[REPLAY_WORDS];
};

struct shard {
	_Alignas(ASSAY_CACHE_LINE) pthread_mutex_t lock;
	uint64_t added; /* to this shard */
	struct entry *entries;
	uint64_t *numbers; /* of what lies in each place */
	uint64_t *sums;    /* sums[1] is the whole, sums[leaves + i] the priority of place i */
	/* What others look at to choose a shard; written under the lock. */
	_Alignas(ASSAY_CACHE_LINE) _Atomic uint64_t total;
};

struct replay {
	unsigned n_shards;
	bool prioritised;
	size_t places; /* of one shard */
	size_t leaves; /* the next power of two */
	_Alignas(ASSAY_CACHE_LINE) _Atomic uint64_t added;
	struct shard shards[];
};

static void set_leaf(struct replay *r, struct shard *s, size_t place, uint64_t priority)
{
	size_t i = r->leaves + place;
	s->sums[i] = priority;
	for (i /= 2; i >= 1; i /= 2)
		s->sums[i] = s->sums[2 * i] + s->sums[2 * i + 1];
	atomic_store_explicit(&s->total, s->sums[1], memory_order_relaxed);
}

/* The place whose share of the sum holds `at`, below sums[1]. */
static size_t find_leaf(const struct replay *r, const struct shard *s, uint64_t at)
{
	size_t i = 1;
	while (i < r->leaves) {
		i *= 2;
		if (at >= s->sums[i])
			at -= s->sums[i++];
	}
	return i - r->leaves;
}

static enum assay_code shard_init(struct replay *r, struct shard *s, struct assay_err *err)
{
	pthread_mutex_init(&s->lock, NULL);
	size_t bytes = r->places * sizeof(*s->entries);
	s->entries = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (s->entries == MAP_FAILED)
		s->entries = NULL;
	s->numbers = calloc(r->places, sizeof(*s->numbers));
	s->sums = calloc(2 * r->leaves, sizeof(*s->sums));
	if (!s->entries || !s->numbers || !s->sums)
		return assay_fail(err, ASSAY_ENOMEM, "no memory for %zu entries", r->places);
	return ASSAY_OK;
}

void replay_free(struct replay *r)
{
	if (!r)
		return;
	for (unsigned i = 0; i < r->n_shards; i++) {
		struct shard *s = &r->shards[i];
		if (s->entries)
			munmap(s->entries, r->places * sizeof(*s->entries));
		free(s->numbers);
		free(s->sums);
		pthread_mutex_destroy(&s->lock);
	}
	free(r);
}

enum assay_code replay_new(size_t capacity, unsigned shards, bool prioritised, struct replay **ret,
			   struct assay_err *err)
{
	if (shards == 0 || shards > SHARDS_MOST || capacity < shards || capacity > UINT32_MAX)
		return assay_fail(err, ASSAY_EUSAGE, "%zu entries in %u shards; 1 to %d shards",
				  capacity, shards, SHARDS_MOST);
	struct replay *r = NULL;
	size_t bytes = sizeof(*r) + shards * sizeof(r->shards[0]);
	if (posix_memalign((void **)&r, ASSAY_CACHE_LINE, bytes) != 0)
		return assay_fail(err, ASSAY_ENOMEM, "no memory for %u shards", shards);
	memset(r, 0, bytes);
	r->prioritised = prioritised;
	r->places = capacity / shards;
	r->leaves = 1;
	while (r->leaves < r->places)
		r->leaves *= 2;
	enum assay_code code = ASSAY_OK;
	for (; r->n_shards < shards && code == ASSAY_OK; r->n_shards++)
		code = shard_init(r, &r->shards[r->n_shards], err);
	if (code == ASSAY_OK)
		*ret = r;
	else
		replay_free(r);
	return code;
}

uint64_t replay_add(struct replay *r, const uint64_t words[REPLAY_WORDS], uint32_t priority)
{
	uint64_t number = atomic_fetch_add_explicit(&r->added, 1, memory_order_relaxed);
	struct shard *s = &r->shards[number % r->n_shards];
	pthread_mutex_lock(&s->lock);
	size_t place = s->added++ % r->places;
	memcpy(s->entries[place].words, words, sizeof(s->entries[place]));
	s->numbers[place] = number;
	set_leaf(r, s, place, r->prioritised ? priority : 1);
	pthread_mutex_unlock(&s->lock);
	return number;
}

/* A shard by its share of all sums; they move while we look, so one that is empty may be met. */
static struct shard *choose(struct replay *r, struct assay_rng *rng)
{
	uint64_t totals[SHARDS_MOST], sum = 0;
	for (unsigned i = 0; i < r->n_shards; i++)
		sum += totals[i] = atomic_load_explicit(&r->shards[i].total, memory_order_relaxed);
	if (sum == 0)
		return NULL;
	uint64_t at = assay_rng_below(rng, sum);
	unsigned i = 0;
	while (at >= totals[i])
		at -= totals[i++];
	return &r->shards[i];
}

size_t replay_draw(struct replay *r, struct assay_rng *rng, size_t n, struct replay_draw *draws)
{
	for (size_t i = 0; i < n; i++) {
		struct shard *s = choose(r, rng);
		if (!s)
			return i;
		pthread_mutex_lock(&s->lock);
		size_t place = find_leaf(r, s, assay_rng_below(rng, s->sums[1]));
		memcpy(draws[i].words, s->entries[place].words, sizeof(draws[i].words));
		draws[i].number = s->numbers[place];
		draws[i].place = (uint32_t)place;
		pthread_mutex_unlock(&s->lock);
	}
	return n;
}

void replay_set_priority(struct replay *r, const struct replay_draw *draw, uint32_t priority)
{
	struct shard *s = &r->shards[draw->number % r->n_shards];
	if (!r->prioritised)
		return;
	pthread_mutex_lock(&s->lock);
	if (s->numbers[draw->place] == draw->number)
		set_leaf(r, s, draw->place, priority);
	pthread_mutex_unlock(&s->lock);
}

uint64_t replay_added(const struct replay *r)
{
	return atomic_load_explicit(&r->added, memory_order_relaxed);
}

bool replay_consistent(const struct replay *r)
{
	for (unsigned k = 0; k < r->n_shards; k++) {
		const struct shard *s = &r->shards[k];
		for (size_t i = 1; i < r->leaves; i++)
			if (s->sums[i] != s->sums[2 * i] + s->sums[2 * i + 1])
				return false;
		if (atomic_load(&s->total) != s->sums[1])
			return false;
	}
	return true;
}
