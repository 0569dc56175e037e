/* SPDX-License-Identifier: MIT */
/* deque: order at both ends, the bound, and every item to exactly one of owner and thieves. */
#include "suites/concurrency/deque.h"

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>

#include "harness/base/rng.h"
#include "tests/t.h"

#define ITEMS   100000
#define THIEVES 3

static void *item(size_t i)
{
	return (void *)(uintptr_t)(i + 1);
}

static struct deque *deque_new(void)
{
	struct deque *d = aligned_alloc(_Alignof(struct deque), sizeof(*d));
	assert_non_null(d);
	memset(d, 0, sizeof(*d));
	return d;
}

static void newest_at_the_bottom_oldest_at_the_top(void **state)
{
	struct deque *d = deque_new();
	assert_true(deque_is_empty(d));
	assert_null(deque_take(d));
	assert_null(deque_steal(d));
	for (size_t i = 0; i < 5; i++)
		assert_true(deque_push(d, item(i)));
	assert_ptr_equal(deque_steal(d), item(0));
	assert_ptr_equal(deque_take(d), item(4));
	assert_ptr_equal(deque_take_shown(d), item(3));
	assert_ptr_equal(deque_steal(d), item(1));
	assert_false(deque_is_empty(d));
	assert_ptr_equal(deque_take(d), item(2));
	assert_null(deque_take(d));
	assert_null(deque_take_shown(d));
	assert_null(deque_steal(d));
	free(d);
}

static void the_newest_are_hidden_once_enough_is_in_sight(void **state)
{
	struct deque *d = deque_new();
	d->hidden = 4;
	d->keep = 1;
	for (size_t i = 0; i < 4; i++)
		assert_true(deque_push(d, item(i)));
	assert_ptr_equal(deque_steal(d), item(0)); /* in sight, since nothing was before it */
	assert_null(deque_steal(d));
	assert_true(deque_push(d, item(4)));
	assert_true(deque_push(d, item(5))); /* one too many out of sight: the older go */
	assert_ptr_equal(deque_steal(d), item(1));
	assert_ptr_equal(deque_take(d), item(5));
	deque_open(d);
	for (size_t i = 2; i < 5; i++)
		assert_ptr_equal(deque_steal(d), item(i));
	assert_true(deque_push(d, item(6))); /* pushes after it are in sight for a while */
	assert_true(deque_push(d, item(7)));
	assert_ptr_equal(deque_steal(d), item(6));
	assert_ptr_equal(deque_steal(d), item(7));
	assert_null(deque_take(d));
	free(d);
}

static void a_full_deque_refuses_and_wraps(void **state)
{
	struct deque *d = deque_new();
	size_t next = 0, oldest = 0;
	d->hidden = 2 * DEQUE_SLOTS; /* out of sight or not, the bound is the same */
	while (deque_push(d, item(next)))
		next++;
	assert_int_equal(next, DEQUE_SLOTS);
	deque_open(d);
	d->hidden = 0;
	for (int round = 0; round < 3 * DEQUE_SLOTS; round++) {
		assert_ptr_equal(deque_steal(d), item(oldest++));
		assert_true(deque_push(d, item(next++)));
		assert_false(deque_push(d, item(next)));
	}
	while (next > oldest)
		assert_ptr_equal(deque_take(d), item(--next));
	assert_null(deque_take(d));
	free(d);
}

struct contest {
	struct deque *deque;
	_Atomic bool over;
	_Atomic uint8_t times[ITEMS]; /* each item was handed out */
};

static void account(struct contest *contest, void *got)
{
	atomic_fetch_add_explicit(&contest->times[(uintptr_t)got - 1], 1, memory_order_relaxed);
}

static void *steal_all(void *argument)
{
	struct contest *contest = argument;
	while (!atomic_load_explicit(&contest->over, memory_order_relaxed)) {
		void *got = deque_steal(contest->deque);
		if (got)
			account(contest, got);
		else
			sched_yield();
	}
	return NULL;
}

/* Push and take in random bursts, mostly near empty, where the owner meets the thieves. */
static void push_and_take_all(struct contest *contest)
{
	struct assay_rng rng;
	assay_rng_init(&rng, 9);
	for (size_t next = 0; next < ITEMS;) {
		for (uint64_t n = 1 + assay_rng_below(&rng, 4); n > 0 && next < ITEMS; n--)
			if (deque_push(contest->deque, item(next)))
				next++;
		for (uint64_t n = assay_rng_below(&rng, 5); n > 0; n--) {
			void *got = deque_take(contest->deque);
			if (got)
				account(contest, got);
		}
		if (assay_rng_below(&rng, 64) == 0)
			deque_open(contest->deque);
		if (next % 1024 == 0) /* on few processors, let thieves in */
			sched_yield();
	}
	for (void *got; (got = deque_take(contest->deque));)
		account(contest, got);
}

static void hold_contest(int64_t hidden, int64_t keep)
{
	struct contest *contest = calloc(1, sizeof(*contest));
	assert_non_null(contest);
	contest->deque = deque_new();
	contest->deque->hidden = hidden;
	contest->deque->keep = keep;
	pthread_t thieves[THIEVES];
	for (int i = 0; i < THIEVES; i++)
		assert_int_equal(pthread_create(&thieves[i], NULL, steal_all, contest), 0);
	push_and_take_all(contest);
	atomic_store(&contest->over, true);
	for (int i = 0; i < THIEVES; i++)
		pthread_join(thieves[i], NULL);
	for (size_t i = 0; i < ITEMS; i++)
		if (contest->times[i] != 1)
			fail_msg("item %zu was handed out %u times", i, contest->times[i]);
	free(contest->deque);
	free(contest);
}

static void every_item_goes_to_exactly_one(void **state)
{
	hold_contest(0, 0);
}

static void so_it_does_when_some_are_hidden(void **state)
{
	hold_contest(2, 0);
	hold_contest(4, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(newest_at_the_bottom_oldest_at_the_top),
		cmocka_unit_test(the_newest_are_hidden_once_enough_is_in_sight),
		cmocka_unit_test(a_full_deque_refuses_and_wraps),
		cmocka_unit_test(every_item_goes_to_exactly_one),
		cmocka_unit_test(so_it_does_when_some_are_hidden),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
