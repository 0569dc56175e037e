/* SPDX-License-Identifier: MIT */
/* hit_ratio: at equal bytes, sets of eight ways cost at most half a point against LRU; and where not. */
#include "harness/base/rng.h"
#include "suites/cache/cache.h"
#include "suites/cache/zipf.h"
#include "tests/t.h"

extern const struct assay_subject assay_subject_cache_lru_mutex;
extern const struct assay_subject assay_subject_cache_set_assoc;

#define KEYS     16384
#define REQUESTS 300000

/* Hit ratio of the second half of one fixed sequence of requests. */
static double hit_ratio(const struct assay_subject *subject, size_t budget_bytes, size_t words,
			double skew)
{
	const struct cache_ops *ops = subject->ops;
	struct cache_config config = {budget_bytes, words, 1};
	struct cache *cache;
	struct assay_err err = {0};
	assert_ok(ops->create(&config, &cache, &err));
	struct zipf zipf;
	zipf_init(&zipf, KEYS, skew);
	struct assay_rng rng;
	assay_rng_init(&rng, 11);
	uint64_t value[CACHE_VALUE_WORDS_MAX] = {0};
	unsigned hits = 0;
	for (unsigned i = 0; i < REQUESTS; i++) {
		uint64_t rank = zipf_next(&zipf, &rng);
		uint64_t key = assay_splitmix(&rank);
		if (!ops->get(cache, key, value))
			ops->put(cache, key, value);
		else if (i >= REQUESTS / 2)
			hits++;
	}
	ops->destroy(cache);
	return hits / (REQUESTS / 2.0);
}

/* A budget of about 1/share of all keys; `allowed` is how far set_assoc may be under LRU. */
static void compare(size_t words, double skew, size_t share, double allowed)
{
	size_t budget = KEYS / share * (words * 8 + 24);
	double lru = hit_ratio(&assay_subject_cache_lru_mutex, budget, words, skew);
	double ours = hit_ratio(&assay_subject_cache_set_assoc, budget, words, skew);
	print_message("# value %zu B, skew %.2f, budget %zu: LRU %.4f, set_assoc %.4f\n", words * 8,
		      skew, budget, lru, ours);
	assert_true(lru > 0.2);
	if (ours < lru - allowed)
		fail_msg(
			"set_assoc hits %.4f, LRU %.4f with %zu-byte values, skew %.2f, budget "
			"%zu",
			ours, lru, words * 8, skew, budget);
}

static void set_assoc_keeps_up_with_lru(void **state)
{
	static const size_t words[] = {2, 32};
	static const double skews[] = {0.7, 0.99, 1.2};
	static const size_t shares[] = {2, 10};
	for (size_t w = 0; w < ASSAY_COUNT_OF(words); w++)
		for (size_t s = 0; s < ASSAY_COUNT_OF(skews); s++)
			for (size_t h = 0; h < ASSAY_COUNT_OF(shares); h++)
				compare(words[w], skews[s], shares[h], 0.005);
}

/*
 * When the budget is just enough for every key, LRU keeps them all, while some sets get more than
 * eight keys and others fewer. With small values the denser layout pays for it, with large ones not.
 */
static void a_budget_that_just_fits_all_costs_conflicts(void **state)
{
	compare(2, 0.99, 1, 0.005);
	compare(32, 0.99, 1, 0.02);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(set_assoc_keeps_up_with_lru),
		cmocka_unit_test(a_budget_that_just_fits_all_costs_conflicts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
