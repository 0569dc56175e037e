/* SPDX-License-Identifier: MIT */
/* policy: what is evicted, request by request, beside lists that are plainly LRU and SIEVE. */
#include "harness/base/rng.h"
#include "suites/cache/cache.h"
#include "tests/t.h"

extern const struct assay_subject assay_subject_cache_lru_mutex;
extern const struct assay_subject assay_subject_cache_set_assoc;
extern const struct assay_subject assay_subject_cache_clock;

#define ENTRIES_MAX 64

/* Index 0 is the oldest entry. `hand` is SIEVE's only, as are the marks. */
struct list {
	uint64_t key[ENTRIES_MAX];
	bool visited[ENTRIES_MAX];
	size_t n, capacity, hand;
};

static size_t place_of(const struct list *l, uint64_t key)
{
	size_t i = 0;
	while (i < l->n && l->key[i] != key)
		i++;
	return i;
}

static void drop(struct list *l, size_t at)
{
	for (size_t i = at; i + 1 < l->n; i++) {
		l->key[i] = l->key[i + 1];
		l->visited[i] = l->visited[i + 1];
	}
	l->n--;
}

static void append(struct list *l, uint64_t key)
{
	l->visited[l->n] = false;
	l->key[l->n++] = key;
}

static bool lru_request(struct list *l, uint64_t key)
{
	size_t at = place_of(l, key);
	bool hit = at < l->n;
	if (hit || l->n == l->capacity)
		drop(l, hit ? at : 0);
	append(l, key);
	return hit;
}

/* Figure 2 of the paper: the hand moves from the tail to the head and back to the tail. */
static bool sieve_request(struct list *l, uint64_t key)
{
	size_t at = place_of(l, key);
	if (at < l->n) {
		l->visited[at] = true;
		return true;
	}
	if (l->n == l->capacity) {
		while (l->visited[l->hand]) {
			l->visited[l->hand] = false;
			l->hand = (l->hand + 1) % l->n;
		}
		bool was_head = l->hand + 1 == l->n;
		drop(l, l->hand);
		if (was_head)
			l->hand = 0;
	}
	append(l, key);
	return false;
}

static void follow(const struct assay_subject *subject, size_t budget_bytes,
		   bool (*request)(struct list *, uint64_t))
{
	const struct cache_ops *ops = subject->ops;
	struct cache_config config = {budget_bytes, 1, 1};
	struct cache *cache;
	struct assay_err err = {0};
	assert_ok(ops->create(&config, &cache, &err));
	struct list list = {.capacity = ops->capacity(cache)};
	assert_in_range(list.capacity, 2, ENTRIES_MAX);
	struct assay_rng rng;
	assay_rng_init(&rng, 2024);
	size_t hits = 0;
	for (int i = 0; i < 50000; i++) {
		uint64_t among = assay_rng_next(&rng) & 1 ? list.capacity : 3 * list.capacity;
		uint64_t key = assay_rng_below(&rng, among), value;
		bool hit = ops->get(cache, key, &value);
		if (!hit)
			ops->put(cache, key, &key);
		hits += hit;
		if (hit != request(&list, key))
			fail_msg("request %d, key %d: the cache says %s", i, (int)key,
				 hit ? "hit" : "miss");
	}
	assert_in_range(hits, 5000, 45000);
	ops->destroy(cache);
}

/* FIFO with a bit: the oldest goes, unless it was hit, then it is the newest again. */
static bool clock_request(struct list *l, uint64_t key)
{
	size_t at = place_of(l, key);
	if (at < l->n) {
		l->visited[at] = true;
		return true;
	}
	while (l->n == l->capacity) {
		uint64_t oldest = l->key[0];
		bool again = l->visited[0];
		drop(l, 0);
		if (again)
			append(l, oldest);
	}
	append(l, key);
	return false;
}

static void clock_is_clock(void **state)
{
	follow(&assay_subject_cache_clock, 512, clock_request);
	follow(&assay_subject_cache_clock, 1700, clock_request);
}

static void lru_mutex_is_lru(void **state)
{
	follow(&assay_subject_cache_lru_mutex, 512, lru_request);
	follow(&assay_subject_cache_lru_mutex, 1700, lru_request);
}

/* A budget for a single set: eight entries, all in competition. */
static void set_assoc_is_sieve_within_a_set(void **state)
{
	follow(&assay_subject_cache_set_assoc, 250, sieve_request);
}

/* A get marks the entry and so does a put of the same key: both spare it at the next eviction. */
static void an_update_counts_as_a_visit(void **state)
{
	const struct cache_ops *ops = assay_subject_cache_set_assoc.ops;
	struct cache_config config = {250, 1, 1};
	struct cache *cache;
	struct assay_err err = {0};
	assert_ok(ops->create(&config, &cache, &err));
	assert_int_equal(ops->capacity(cache), 8);
	uint64_t value;
	for (uint64_t key = 0; key < 8; key++)
		ops->put(cache, key, &key);
	ops->put(cache, 0, &(uint64_t){77});
	ops->put(cache, 8, &(uint64_t){8});
	assert_true(ops->get(cache, 0, &value));
	assert_int_equal(value, 77);
	assert_false(ops->get(cache, 1, &value));
	ops->destroy(cache);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lru_mutex_is_lru),
		cmocka_unit_test(clock_is_clock),
		cmocka_unit_test(set_assoc_is_sieve_within_a_set),
		cmocka_unit_test(an_update_counts_as_a_visit),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
