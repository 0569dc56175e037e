/* SPDX-License-Identifier: MIT */
/* model_futex: the futex lock under every schedule of small cases, its orders weakened, and its wake-ups lost. */
#include "tests/suites/concurrency/watched.h"

#define FUTEX_LOCK_PAUSES 1
#include "suites/concurrency/futex_lock.h"
#include "tests/suites/concurrency/model.h"

static struct futex_lock lock;
static int counter, turns_done;

static void free_and_sleepy(void)
{
	lock = (struct futex_lock){.pauses = 0};
	counter = turns_done = 0;
}

static void free_and_spinning(void)
{
	free_and_sleepy();
	lock.pauses = 2;
}

static void count(unsigned turns)
{
	while (turns-- > 0) {
		futex_lock_acquire(&lock);
		int before = PLAIN_LOAD(&counter);
		PLAIN_STORE(&counter, before + 1);
		futex_lock_release(&lock);
		turns_done++;
	}
}

static void once(unsigned i)
{
	count(1);
}

static void twice(unsigned i)
{
	count(2);
}

static void all_counted(void)
{
	schedules_expect(counter == turns_done, "two were inside at once");
	schedules_expect(lock.word == FUTEX_LOCK_FREE, "left taken");
}

static const struct schedules_case cases[] = {
	{"three that sleep", 3, free_and_sleepy, once, all_counted, 3, 1, 0},
	{"three that spin, then sleep", 3, free_and_spinning, once, all_counted, 2, 1, 0},
	{"two that sleep, twice", 2, free_and_sleepy, twice, all_counted, 3, 2, 0},
	{"two that spin, twice", 2, free_and_spinning, twice, all_counted, 3, 2, 0},
};

static void all_schedules_pass(void **state)
{
	assert_all_schedules_pass(cases, ASSAY_COUNT_OF(cases));
}

static void each_order_is_needed(void **state)
{
	assert_orders_are_needed(cases, ASSAY_COUNT_OF(cases), 0);
}

static void a_lost_wake_up_is_found(void **state)
{
	struct schedules_case c = cases[0];
	struct schedules_outcome outcome;
	c.lost_wakes = 1;
	schedules_explore(&c, NULL, &outcome);
	assert_non_null(strstr(outcome.failure, "wait for ever"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_schedules_pass),
		cmocka_unit_test(each_order_is_needed),
		cmocka_unit_test(a_lost_wake_up_is_found),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
