/* SPDX-License-Identifier: MIT */
/* model_futex: our lock and our event under every schedule of small cases, weakened, and with wake-ups lost. */
#include "tests/suites/concurrency/watched.h"

#define FUTEX_LOCK_STEP_MIN 1
#define FUTEX_LOCK_STEP_MAX 2
#include "suites/concurrency/event.h"
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

static struct event event;
static int said;

static void not_raised(void)
{
	event = (struct event){.pauses = 0};
	said = 0;
}

static void not_raised_and_spinning(void)
{
	not_raised();
	event.pauses = 1;
}

static void say_and_listen(unsigned i)
{
	if (i == 0) {
		PLAIN_STORE(&said, 1);
		event_raise(&event);
		event_raise(&event);
	} else {
		event_wait(&event);
		schedules_expect(PLAIN_LOAD(&said) == 1, "woken before it was said");
		event_wait(&event);
	}
}

static void nothing_left(void)
{
	schedules_expect(event.raised == 0, "raised more often than waited for");
}

static const struct schedules_case event_cases[] = {
	{"an event, asleep", 2, not_raised, say_and_listen, nothing_left, 3, 3, 0},
	{"an event, spinning", 2, not_raised_and_spinning, say_and_listen, nothing_left, 3, 3, 0},
};

static void events_are_right(void **state)
{
	assert_all_schedules_pass(event_cases, ASSAY_COUNT_OF(event_cases));
	assert_orders_are_needed(event_cases, ASSAY_COUNT_OF(event_cases), 0);
}

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
	struct schedules_case both[] = {cases[0], event_cases[0]};
	for (size_t i = 0; i < ASSAY_COUNT_OF(both); i++) {
		struct schedules_outcome outcome;
		both[i].lost_wakes = 1;
		schedules_explore(&both[i], NULL, &outcome);
		assert_non_null(strstr(outcome.failure, "wait for ever"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_schedules_pass),
		cmocka_unit_test(each_order_is_needed),
		cmocka_unit_test(events_are_right),
		cmocka_unit_test(a_lost_wake_up_is_found),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
