/* SPDX-License-Identifier: MIT */
/*
 * check: the oracle of suites/cache. One thread drives a cache beside a plain array of what was put
 * last; then several threads drive one together, each key with one writer whose versions only grow.
 */
#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>

#include "harness/base/rng.h"
#include "suites/cache/cache.h"
#include "suites/cache/parts.h"
#include "suites/cache/store.h"

#define SEQUENTIAL_OPS 20000
#define THREADS        4
#define THREAD_OPS     15000
#define THREAD_KEYS    512
#define LARGE_WORDS    512
#define REMOTE_OPS     1500

/* A cache under test and the reference: version[k] is what was put last for key k, 0: nothing. */
struct trial {
	const struct cache_ops *ops;
	struct cache *cache;
	size_t words;
	uint64_t n_keys;
	uint64_t salt; /* makes keys of indices */
	uint64_t *version;
	uint64_t value[CACHE_VALUE_WORDS_MAX];
};

/* Index 0 is key 0: the value that empty memory looks like. */
static uint64_t key_of(uint64_t index, uint64_t salt)
{
	return index * (salt | 1);
}

static void put(struct trial *t, uint64_t index)
{
	uint64_t key = key_of(index, t->salt);
	cache_value_fill(t->value, t->words, cache_value_base(key, ++t->version[index]));
	t->ops->put(t->cache, key, t->value);
}

static enum assay_code get(struct trial *t, uint64_t index, bool *hit, struct assay_err *err)
{
	uint64_t key = key_of(index, t->salt), version = t->version[index];
	*hit = t->ops->get(t->cache, key, t->value);
	if (*hit && version == 0)
		return assay_fail(err, ASSAY_ECHECK, "get of key %" PRIx64 ", never put, is a hit",
				  key);
	if (*hit && !cache_value_is(t->value, t->words, cache_value_base(key, version)))
		return assay_fail(err, ASSAY_ECHECK,
				  "get of key %" PRIx64
				  " is not the value put last (version %" PRIu64 ")",
				  key, version);
	return ASSAY_OK;
}

/* What is put is there until something else is put, in any cache that keeps anything. */
static enum assay_code check_put_then_get(struct trial *t, uint64_t index, struct assay_err *err)
{
	bool hit;
	put(t, index);
	enum assay_code code = get(t, index, &hit, err);
	if (code == ASSAY_OK && !hit && t->ops->capacity(t->cache) > 0)
		return assay_fail(err, ASSAY_ECHECK,
				  "key %" PRIx64 " is missing right after its put",
				  key_of(index, t->salt));
	return code;
}

static enum assay_code check_residents(struct trial *t, struct assay_err *err)
{
	uint64_t residents = 0;
	for (uint64_t i = 0; i < t->n_keys; i++) {
		bool hit;
		enum assay_code code = get(t, i, &hit, err);
		if (code != ASSAY_OK)
			return code;
		residents += hit;
	}
	size_t capacity = t->ops->capacity(t->cache);
	if (residents > capacity)
		return assay_fail(err, ASSAY_ECHECK,
				  "%" PRIu64 " entries found in a cache that may hold %zu",
				  residents, capacity);
	return ASSAY_OK;
}

static enum assay_code drive(struct trial *t, struct assay_rng *rng, struct assay_err *err)
{
	for (int op = 0; op < SEQUENTIAL_OPS; op++) {
		/* half of all requests go to an eighth of the keys: hits, evictions and updates */
		uint64_t among = (assay_rng_next(rng) & 1) ? t->n_keys : t->n_keys / 8 + 1;
		uint64_t index = assay_rng_below(rng, among);
		enum assay_code code = ASSAY_OK;
		bool hit;
		if (assay_rng_below(rng, 3) == 0)
			code = check_put_then_get(t, index, err);
		else
			code = get(t, index, &hit, err);
		if (code != ASSAY_OK)
			return assay_context(err, code, "operation %d", op);
	}
	return check_residents(t, err);
}

static enum assay_code check_sequential(const struct cache_ops *ops, struct assay_rng *rng,
					size_t words, size_t budget_bytes, struct assay_err *err)
{
	struct cache_config config = {budget_bytes, words, 1};
	struct trial t = {.ops = ops, .words = words, .salt = assay_rng_next(rng)};
	enum assay_code code = ops->create(&config, &t.cache, err);
	if (code != ASSAY_OK)
		return code;
	t.n_keys = 3 * ops->capacity(t.cache) + 8;
	t.version = calloc(t.n_keys, sizeof(*t.version));
	if (ops->footprint_bytes(t.cache) > budget_bytes)
		code = assay_fail(err, ASSAY_ECHECK, "%zu bytes allocated under a budget of %zu",
				  ops->footprint_bytes(t.cache), budget_bytes);
	else if (!t.version)
		code = assay_fail(err, ASSAY_ENOMEM, "no memory for the reference");
	else
		code = drive(&t, rng, err);
	free(t.version);
	ops->destroy(t.cache);
	return assay_context(err, code, "%zu-byte values, budget of %zu bytes", 8 * words,
			     budget_bytes);
}

/* One of several threads on one cache. It alone puts the keys whose index is `me` modulo THREADS. */
struct driver {
	const struct cache_ops *ops;
	struct cache *cache;
	size_t words;
	uint64_t salt;
	unsigned me;
	int ops_left;
	struct assay_rng rng;
	uint64_t put[THREAD_KEYS];  /* version put last, of own keys */
	uint64_t seen[THREAD_KEYS]; /* newest version seen, of all keys */
	struct assay_err err;
};

/* The version that value[] claims, when it is a value of this key; UINT64_MAX when it is none. */
static uint64_t version_of(const struct driver *d, uint64_t key, const uint64_t *value)
{
	uint64_t version = value[0] - cache_value_base(key, 0);
	return cache_value_is(value, d->words, value[0]) ? version : UINT64_MAX;
}

static enum assay_code driver_get(struct driver *d, uint64_t index)
{
	uint64_t value[CACHE_VALUE_WORDS_MAX];
	uint64_t key = key_of(index, d->salt);
	if (!d->ops->get(d->cache, key, value))
		return ASSAY_OK;
	uint64_t version = version_of(d, key, value);
	if (version == 0 || version > THREAD_OPS)
		return assay_fail(&d->err, ASSAY_ECHECK,
				  "get of key %" PRIx64 " under contention is torn or another's",
				  key);
	if (version < d->seen[index])
		return assay_fail(&d->err, ASSAY_ECHECK,
				  "get of key %" PRIx64 " went back from version %" PRIu64
				  " to %" PRIu64,
				  key, d->seen[index], version);
	if (index % THREADS == d->me && version != d->put[index])
		return assay_fail(&d->err, ASSAY_ECHECK,
				  "key %" PRIx64 ": its writer put version %" PRIu64
				  " and got %" PRIu64,
				  key, d->put[index], version);
	d->seen[index] = version;
	return ASSAY_OK;
}

static void driver_put(struct driver *d, uint64_t index)
{
	uint64_t value[CACHE_VALUE_WORDS_MAX];
	uint64_t key = key_of(index, d->salt);
	cache_value_fill(value, d->words, cache_value_base(key, ++d->put[index]));
	d->ops->put(d->cache, key, value);
}

static void *drive_beside_others(void *argument)
{
	struct driver *d = argument;
	for (; d->ops_left > 0 && d->err.code == ASSAY_OK; d->ops_left--) {
		/* a few keys get most of the traffic, so that threads do meet */
		uint64_t among = (assay_rng_next(&d->rng) & 3) ? 4 * THREADS : THREAD_KEYS;
		uint64_t index = assay_rng_below(&d->rng, among);
		if (assay_rng_below(&d->rng, 4) == 0)
			driver_put(d, index - index % THREADS + d->me);
		else
			driver_get(d, index);
	}
	return NULL;
}

static enum assay_code run_drivers(struct driver *drivers, struct assay_err *err)
{
	pthread_t threads[THREADS];
	unsigned started = 0;
	while (started < THREADS &&
	       pthread_create(&threads[started], NULL, drive_beside_others, &drivers[started]) == 0)
		started++;
	for (unsigned i = 0; i < started; i++)
		pthread_join(threads[i], NULL);
	if (started < THREADS)
		return assay_fail(err, ASSAY_EENV, "only %u of %u threads could be started",
				  started, THREADS);
	for (unsigned i = 0; i < THREADS; i++)
		if (drivers[i].err.code != ASSAY_OK)
			return assay_fail(err, drivers[i].err.code, "thread %u of %u: %s", i,
					  THREADS, drivers[i].err.text);
	return ASSAY_OK;
}

static enum assay_code check_threads(const struct cache_ops *ops, struct assay_rng *rng,
				     size_t words, struct assay_err *err)
{
	/* room for about half of the keys, so that eviction and reuse happen under readers */
	struct cache_config config = {THREAD_KEYS / 2 * (words * 8 + 32), words, THREADS};
	struct cache *cache;
	enum assay_code code = ops->create(&config, &cache, err);
	if (code != ASSAY_OK)
		return code;
	struct driver *drivers = calloc(THREADS, sizeof(*drivers));
	if (!drivers)
		code = assay_fail(err, ASSAY_ENOMEM, "no memory for %u drivers", THREADS);
	uint64_t salt = assay_rng_next(rng);
	for (unsigned i = 0; drivers && i < THREADS; i++) {
		drivers[i].ops = ops;
		drivers[i].cache = cache;
		drivers[i].words = words;
		drivers[i].salt = salt;
		drivers[i].me = i;
		/* Fewer of large values, of which most of the time somebody is in the middle. */
		drivers[i].ops_left = words < LARGE_WORDS ? THREAD_OPS : THREAD_OPS / 4;
		assay_rng_init(&drivers[i].rng, assay_rng_next(rng));
	}
	if (drivers)
		code = run_drivers(drivers, err);
	free(drivers);
	ops->destroy(cache);
	return code;
}

/*
 * A cache in another process: what is put is there, whole, and the last version; each operation takes
 * 10 us and more, so there are fewer. How much it holds is its own affair.
 */
static enum assay_code check_remote(const struct cache_ops *ops, struct assay_rng *rng,
				    struct assay_err *err)
{
	struct cache_config config = {8u << 20, 5, 1};
	struct trial t = {.ops = ops, .words = 5, .salt = assay_rng_next(rng), .n_keys = 200};
	enum assay_code code = ops->create(&config, &t.cache, err);
	if (code != ASSAY_OK)
		return code;
	t.version = calloc(t.n_keys, sizeof(*t.version));
	if (!t.version)
		code = assay_fail(err, ASSAY_ENOMEM, "no memory for the reference");
	for (int op = 0; code == ASSAY_OK && op < REMOTE_OPS; op++) {
		uint64_t index = assay_rng_below(rng, t.n_keys);
		bool hit;
		code = op % 3 ? get(&t, index, &hit, err) : check_put_then_get(&t, index, err);
	}
	const char *error = ops->error(t.cache);
	if (error) /* a get that failed looks like a miss: this is the reason */
		code = assay_fail(err, ASSAY_ECHECK, "%s", error);
	free(t.version);
	ops->destroy(t.cache);
	return code;
}

static enum assay_code check_cache(const struct assay_subject *subject, uint64_t seed,
				   struct assay_err *err)
{
	static const struct {
		size_t words, budget_bytes;
	} trials[] = {{1, 1024}, {2, 4096}, {2, 65536}, {5, 8192}, {32, 32768}, {1024, 1 << 18}};
	const struct cache_ops *ops = subject->ops;
	struct assay_rng rng;
	assay_rng_init(&rng, seed);
	if (ops->error)
		return check_remote(ops, &rng, err);
	for (size_t i = 0; i < ASSAY_COUNT_OF(trials); i++) {
		enum assay_code code =
			check_sequential(ops, &rng, trials[i].words, trials[i].budget_bytes, err);
		if (code != ASSAY_OK)
			return code;
	}
	enum assay_code code = check_threads(ops, &rng, 2, err);
	if (code == ASSAY_OK)
		code = check_threads(ops, &rng, 32, err);
	if (code == ASSAY_OK)
		code = check_threads(ops, &rng, LARGE_WORDS, err);
	return code;
}

static enum assay_code check(const struct assay_subject *subject, uint64_t seed,
			     struct assay_err *err)
{
	const char *interface = subject->interface ? subject->interface : CACHE_INTERFACE;
	if (strcmp(interface, CACHE_INTERFACE) == 0)
		return check_cache(subject, seed, err);
	if (subject->is_null)
		return ASSAY_OK;
	if (strcmp(interface, STORE_INTERFACE) == 0)
		return store_check(subject->ops, seed, err);
	if (strcmp(interface, CHECKSUM_INTERFACE) == 0)
		return checksum_check(subject->ops, seed, err);
	if (strcmp(interface, CODEC_INTERFACE) == 0)
		return codec_check(subject->ops, seed, err);
	if (strcmp(interface, EXPIRY_INTERFACE) == 0)
		return expiry_check(subject->ops, seed, err);
	return assay_fail(err, ASSAY_EBUG, "suite cache has no oracle for interface '%s'",
			  interface);
}

const struct assay_suite assay_suite_cache = {
	.brief =
		"caches: policies, throughput and hit ratio, tiers and stores on disk, invalidation",
	.interface = CACHE_INTERFACE,
	.check = check,
};
