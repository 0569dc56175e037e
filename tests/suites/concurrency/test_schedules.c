/* SPDX-License-Identifier: MIT */
/* schedules: the checker itself, on litmus tests whose outcomes C11 allows or forbids. */
#include "tests/suites/concurrency/watched.h"

#include <stdio.h>

#include "tests/t.h"

/* Orders of the test at hand, and what its threads saw. */
static struct litmus {
	_Atomic int x, y;
	int data;
	memory_order store, load;
	int a, b, c, d;
	bool seen[16]; /* outcomes a + 2 b + 4 c + 8 d */
} l;

static void clear(void)
{
	l.x = l.y = 0;
	l.data = l.a = l.b = l.c = l.d = 0;
}

static void note(void)
{
	l.seen[l.a + 2 * l.b + 4 * l.c + 8 * l.d] = true;
}

static void message(unsigned i)
{
	if (i == 0) {
		atomic_store_explicit(&l.x, 1, memory_order_relaxed);
		atomic_store_explicit(&l.y, 1, l.store);
	} else {
		l.a = atomic_load_explicit(&l.y, l.load);
		l.b = atomic_load_explicit(&l.x, memory_order_relaxed);
	}
}

static void buffered(unsigned i)
{
	if (i == 0) {
		atomic_store_explicit(&l.x, 1, l.store);
		l.a = atomic_load_explicit(&l.y, l.load);
	} else {
		atomic_store_explicit(&l.y, 1, l.store);
		l.b = atomic_load_explicit(&l.x, l.load);
	}
}

static void buffered_with_fences(unsigned i)
{
	atomic_store_explicit(i == 0 ? &l.x : &l.y, 1, memory_order_relaxed);
	atomic_thread_fence(l.store);
	*(i == 0 ? &l.a : &l.b) = atomic_load_explicit(i == 0 ? &l.y : &l.x, memory_order_relaxed);
}

static void fence_of_the_other(unsigned i)
{
	atomic_store_explicit(i == 0 ? &l.x : &l.y, 1, memory_order_relaxed);
	if (i == 0)
		fence_everywhere();
	*(i == 0 ? &l.a : &l.b) = atomic_load_explicit(i == 0 ? &l.y : &l.x, memory_order_relaxed);
}

static void independent_reads(unsigned i)
{
	if (i < 2) {
		atomic_store_explicit(i == 0 ? &l.x : &l.y, 1, l.store);
	} else if (i == 2) {
		l.a = atomic_load_explicit(&l.x, l.load);
		l.b = !atomic_load_explicit(&l.y, l.load);
	} else {
		l.c = atomic_load_explicit(&l.y, l.load);
		l.d = !atomic_load_explicit(&l.x, l.load);
	}
}

static void coherence(unsigned i)
{
	if (i == 0) {
		atomic_store_explicit(&l.x, 1, memory_order_relaxed);
	} else {
		l.a = atomic_load_explicit(&l.x, memory_order_relaxed);
		l.b = atomic_load_explicit(&l.x, memory_order_relaxed);
	}
}

static void publish(unsigned i)
{
	if (i == 0) {
		PLAIN_STORE(&l.data, 1);
		atomic_store_explicit(&l.x, 1, l.store);
	} else if (i == 1) {
		/* continues the release sequence */
		atomic_fetch_add_explicit(&l.x, 2, memory_order_relaxed);
	} else if (atomic_load_explicit(&l.x, l.load) == 3) {
		schedules_expect(PLAIN_LOAD(&l.data) == 1, "stale");
	}
}

/* Reuse of what another has read: the load may not move behind the store that says it is over. */
static void hand_back(unsigned i)
{
	if (i == 0) {
		schedules_expect(PLAIN_LOAD(&l.data) == 0, "read after it was reused");
		atomic_store_explicit(&l.x, 1, l.store);
	} else if (atomic_load_explicit(&l.x, l.load) == 1) {
		PLAIN_STORE(&l.data, 1);
	}
}

static void add(unsigned i)
{
	for (int k = 0; k < 2; k++) {
		int before = atomic_load_explicit(&l.x, memory_order_relaxed);
		while (!atomic_compare_exchange_weak_explicit(
			&l.x, &before, before + 1, memory_order_relaxed, memory_order_relaxed))
			;
	}
}

static void added(void)
{
	schedules_expect(l.x == 4, "lost an addition");
}

static void add_with_a_gap(unsigned i)
{
	int before = atomic_load_explicit(&l.x, memory_order_relaxed);
	atomic_store_explicit(&l.x, before + 2, memory_order_relaxed);
}

static void wait_for_each_other(unsigned i)
{
	_Atomic int *mine = i == 0 ? &l.x : &l.y, *other = i == 0 ? &l.y : &l.x;
	if (l.store == memory_order_seq_cst)
		atomic_store_explicit(mine, 1, memory_order_relaxed);
	while (!atomic_load_explicit(other, memory_order_relaxed))
		assay_cpu_relax();
	atomic_store_explicit(mine, 1, memory_order_relaxed);
}

static struct schedules_outcome explore(void (*thread)(unsigned), unsigned threads,
					memory_order store, memory_order load, void (*finish)(void))
{
	struct schedules_case c = {"litmus", threads, clear, thread, finish, 4, 4, 0};
	struct schedules_outcome outcome;
	memset(&l, 0, sizeof(l));
	l.store = store;
	l.load = load;
	schedules_explore(&c, NULL, &outcome);
	return outcome;
}

/* Is the outcome seen in some execution? */
static bool seen(void (*thread)(unsigned), unsigned threads, memory_order store, memory_order load,
		 unsigned outcome)
{
	struct schedules_outcome all = explore(thread, threads, store, load, note);
	assert_string_equal(all.failure, "");
	assert_true(all.complete);
	return l.seen[outcome];
}

#define RELAXED memory_order_relaxed
#define ACQUIRE memory_order_acquire
#define RELEASE memory_order_release
#define ACQ_REL memory_order_acq_rel
#define SEQ_CST memory_order_seq_cst

static void messages_need_release_and_acquire(void **state)
{
	assert_true(seen(message, 2, RELAXED, RELAXED, 1));
	assert_true(seen(message, 2, RELEASE, RELAXED, 1));
	assert_true(seen(message, 2, RELAXED, ACQUIRE, 1));
	assert_false(seen(message, 2, RELEASE, ACQUIRE, 1));
	assert_true(seen(message, 2, RELEASE, ACQUIRE, 0));
	assert_true(seen(message, 2, RELEASE, ACQUIRE, 2));
	assert_true(seen(message, 2, RELEASE, ACQUIRE, 3));
}

static void stores_are_buffered_unless_seq_cst(void **state)
{
	assert_true(seen(buffered, 2, RELEASE, ACQUIRE, 0));
	assert_true(seen(buffered, 2, SEQ_CST, ACQUIRE, 0));
	assert_true(seen(buffered, 2, RELEASE, SEQ_CST, 0));
	assert_false(seen(buffered, 2, SEQ_CST, SEQ_CST, 0));
	assert_true(seen(buffered_with_fences, 2, ACQ_REL, RELAXED, 0));
	assert_false(seen(buffered_with_fences, 2, SEQ_CST, RELAXED, 0));
	assert_false(seen(fence_of_the_other, 2, RELAXED, RELAXED, 0));
}

static void all_agree_on_the_order_of_seq_cst(void **state)
{
	assert_true(seen(independent_reads, 4, RELEASE, ACQUIRE, 15));
	assert_false(seen(independent_reads, 4, SEQ_CST, SEQ_CST, 15));
}

static void one_place_never_goes_back(void **state)
{
	assert_false(seen(coherence, 2, RELAXED, RELAXED, 1));
	assert_true(seen(coherence, 2, RELAXED, RELAXED, 2));
}

static void races_are_found(void **state)
{
	assert_string_equal(explore(publish, 3, RELEASE, ACQUIRE, NULL).failure, "");
	assert_non_null(strstr(explore(publish, 3, RELEASE, RELAXED, NULL).failure, "race"));
	assert_non_null(strstr(explore(publish, 3, RELAXED, ACQUIRE, NULL).failure, "race"));
	assert_string_equal(explore(hand_back, 2, RELEASE, ACQUIRE, NULL).failure, "");
	assert_non_null(strstr(explore(hand_back, 2, RELAXED, ACQUIRE, NULL).failure, "race"));
}

static void read_modify_writes_are_indivisible(void **state)
{
	assert_string_equal(explore(add, 2, RELAXED, RELAXED, added).failure, "");
	assert_non_null(strstr(explore(add_with_a_gap, 2, RELAXED, RELAXED, added).failure,
			       "lost an addition"));
}

static void waiting_for_ever_is_a_failure(void **state)
{
	assert_string_equal(explore(wait_for_each_other, 2, SEQ_CST, RELAXED, NULL).failure, "");
	assert_non_null(strstr(explore(wait_for_each_other, 2, RELAXED, RELAXED, NULL).failure,
			       "wait for ever"));
}

static void forget(void *context, const struct schedules_site *site)
{
	(*(unsigned *)context)++;
}

static void orders_that_nothing_needs_survive(void **state)
{
	unsigned survivors = 0;
	struct schedules_case c = {"publish", 3, clear, publish, NULL, 4, 4, 0};
	memset(&l, 0, sizeof(l));
	l.store = RELEASE;
	l.load = ACQUIRE;
	assert_int_equal(schedules_weaken_each(&c, 1, forget, &survivors), 2);
	assert_int_equal(survivors, 0);
	c.thread = coherence;
	l.store = SEQ_CST;
	c.thread = buffered; /* whose outcome nobody looks at here */
	assert_int_equal(schedules_weaken_each(&c, 1, forget, &survivors), 4);
	assert_int_equal(survivors, 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages_need_release_and_acquire),
		cmocka_unit_test(stores_are_buffered_unless_seq_cst),
		cmocka_unit_test(all_agree_on_the_order_of_seq_cst),
		cmocka_unit_test(one_place_never_goes_back),
		cmocka_unit_test(races_are_found),
		cmocka_unit_test(read_modify_writes_are_indivisible),
		cmocka_unit_test(waiting_for_ever_is_a_failure),
		cmocka_unit_test(orders_that_nothing_needs_survive),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
