/* SPDX-License-Identifier: MIT */
/* oracle: every cache passes it with many seeds, and caches with one planted fault each fail it. */
#include <sched.h>

#include "suites/cache/cache.h"
#include "tests/t.h"

extern const struct assay_suite assay_suite_cache;
extern const struct assay_subject assay_subject_cache_null;
extern const struct assay_subject assay_subject_cache_lru_mutex;
extern const struct assay_subject assay_subject_cache_set_assoc;
extern const struct assay_subject assay_subject_cache_lru_sharded;
extern const struct assay_subject assay_subject_cache_lfht;
extern const struct assay_subject assay_subject_cache_clock;
extern const struct assay_subject assay_subject_cache_s3_fifo;
extern const struct assay_subject assay_subject_cache_w_tiny_lfu;
extern const struct assay_subject assay_subject_cache_redis;
extern const struct assay_subject assay_subject_cache_memcached;

static void check_with_seeds(const struct assay_subject *subject)
{
	struct assay_err err = {0};
	for (uint64_t seed = 1; seed <= 10; seed++)
		assert_ok(assay_suite_cache.check(subject, seed * 7919, &err));
}

static void null_passes(void **state)
{
	check_with_seeds(&assay_subject_cache_null);
}

static void lru_mutex_passes(void **state)
{
	check_with_seeds(&assay_subject_cache_lru_mutex);
}

static void further_caches_pass(void **state)
{
	static const struct assay_subject *const subjects[] = {
		&assay_subject_cache_lru_sharded, &assay_subject_cache_clock,
		&assay_subject_cache_s3_fifo, &assay_subject_cache_w_tiny_lfu,
		&assay_subject_cache_lfht};
	struct assay_err err = {0};
	for (size_t i = 0; i < ASSAY_COUNT_OF(subjects); i++)
		if (!subjects[i]->probe || subjects[i]->probe(&err) == ASSAY_OK)
			for (uint64_t seed = 1; seed <= 3; seed++)
				assert_ok(
					assay_suite_cache.check(subjects[i], seed * 104729, &err));
}

static void servers_pass_where_they_are(void **state)
{
	static const struct assay_subject *const subjects[] = {&assay_subject_cache_redis,
							       &assay_subject_cache_memcached};
	for (size_t i = 0; i < ASSAY_COUNT_OF(subjects); i++) {
		struct assay_err err = {0};
		if (subjects[i]->probe(&err) == ASSAY_OK)
			assert_ok(assay_suite_cache.check(subjects[i], 1, &err));
		else
			print_message("# %s\n", err.text);
	}
}

static void set_assoc_passes(void **state)
{
	check_with_seeds(&assay_subject_cache_set_assoc);
}

/* A correct cache, and each fault below is one function of it replaced. */
static const struct cache_ops *sound(void)
{
	return assay_subject_cache_lru_mutex.ops;
}

static enum assay_code sound_create(const struct cache_config *config, struct cache **ret,
				    struct assay_err *err)
{
	return sound()->create(config, ret, err);
}

static bool get_altered(struct cache *cache, uint64_t key, uint64_t *value)
{
	bool hit = sound()->get(cache, key, value);
	if (hit && key % 61 == 0)
		value[0] ^= 1;
	return hit;
}

static bool get_misses_some(struct cache *cache, uint64_t key, uint64_t *value)
{
	return key % 61 != 0 && sound()->get(cache, key, value);
}

static bool get_invents(struct cache *cache, uint64_t key, uint64_t *value)
{
	if (sound()->get(cache, key, value))
		return true;
	cache_value_fill(value, 1, cache_value_base(key, 1));
	return key % 61 == 0;
}

/* Keeps the first version of some keys. */
static void put_once(struct cache *cache, uint64_t key, const uint64_t *value)
{
	uint64_t old[CACHE_VALUE_WORDS_MAX];
	if (key % 61 != 0 || !sound()->get(cache, key, old))
		sound()->put(cache, key, value);
}

/* Sound for one thread; under several, the first word and the others may be of different puts. */
static bool get_torn(struct cache *cache, uint64_t key, uint64_t *value)
{
	uint64_t first[CACHE_VALUE_WORDS_MAX];
	if (!sound()->get(cache, key, first))
		return false;
	sched_yield();
	if (!sound()->get(cache, key, value))
		return false;
	value[0] = first[0];
	return true;
}

static size_t capacity_understated(const struct cache *cache)
{
	return sound()->capacity(cache) - 1;
}

static size_t footprint_too_large(const struct cache *cache)
{
	return sound()->footprint_bytes(cache) + 1024;
}

static void assert_caught(struct cache_ops ops, const char *part)
{
	ops.create = sound_create;
	ops.get = ops.get ? ops.get : sound()->get;
	ops.put = ops.put ? ops.put : sound()->put;
	ops.capacity = ops.capacity ? ops.capacity : sound()->capacity;
	ops.footprint_bytes = ops.footprint_bytes ? ops.footprint_bytes : sound()->footprint_bytes;
	ops.destroy = sound()->destroy;
	struct assay_subject faulty = {.ops = &ops};
	struct assay_err err = {0};
	assert_fails(assay_suite_cache.check(&faulty, 1, &err), ASSAY_ECHECK, part);
}

static void planted_faults_are_caught(void **state)
{
	assert_caught((struct cache_ops){.get = get_altered}, "not the value put last");
	assert_caught((struct cache_ops){.get = get_misses_some}, "missing right after its put");
	assert_caught((struct cache_ops){.get = get_invents}, "never put");
	assert_caught((struct cache_ops){.get = get_torn}, "under contention");
	assert_caught((struct cache_ops){.put = put_once}, "not the value put last");
	assert_caught((struct cache_ops){.capacity = capacity_understated}, "that may hold");
	assert_caught((struct cache_ops){.footprint_bytes = footprint_too_large}, "budget");
}

static void too_small_a_budget_is_refused(void **state)
{
	const struct assay_subject *subjects[] = {
		&assay_subject_cache_lru_mutex, &assay_subject_cache_set_assoc,
		&assay_subject_cache_clock, &assay_subject_cache_w_tiny_lfu};
	struct cache_config config = {.budget_bytes = 100, .value_words = 2, .threads = 1};
	for (size_t i = 0; i < ASSAY_COUNT_OF(subjects); i++) {
		const struct cache_ops *ops = subjects[i]->ops;
		struct cache *cache;
		struct assay_err err = {0};
		assert_fails(ops->create(&config, &cache, &err), ASSAY_EUSAGE, "budget");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(null_passes),
		cmocka_unit_test(lru_mutex_passes),
		cmocka_unit_test(set_assoc_passes),
		cmocka_unit_test(further_caches_pass),
		cmocka_unit_test(servers_pass_where_they_are),
		cmocka_unit_test(planted_faults_are_caught),
		cmocka_unit_test(too_small_a_budget_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
