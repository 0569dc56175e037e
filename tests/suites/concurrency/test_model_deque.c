/* SPDX-License-Identifier: MIT */
/* model_deque: the work-stealing deque under every schedule of small cases, and each of its orders weakened. */
#include "tests/suites/concurrency/watched.h"

#include "suites/concurrency/deque.h"
#include "tests/suites/concurrency/model.h"

enum { ITEMS = 3 };

static struct deque deque;
static int items[ITEMS], takers[ITEMS];

static void empty(void)
{
	memset(&deque, 0, offsetof(struct deque, slots) + 8 * sizeof(deque.slots[0]));
	memset(items, 0, sizeof(items));
	memset(takers, 0, sizeof(takers));
}

static void push(int i)
{
	PLAIN_STORE(&items[i], i + 1);
	schedules_expect(deque_push(&deque, &items[i]), "a push was refused");
}

static void got(void *item)
{
	int *at = item;
	if (!at)
		return;
	schedules_expect(PLAIN_LOAD(at) == at - items + 1, "an item was seen before its content");
	schedules_expect(takers[at - items]++ == 0, "an item was handed out twice");
}

static void all_taken(void)
{
	for (void *item; (item = deque_take(&deque));)
		got(item);
	for (int i = 0; i < ITEMS; i++)
		schedules_expect(takers[i] == (items[i] != 0), "an item was lost");
}

/* One item that owner and thieves want. */
static void last_item(unsigned i)
{
	if (i == 0) {
		push(0);
		got(deque_take(&deque));
	} else {
		got(deque_steal(&deque));
	}
}

static void two_items(unsigned i)
{
	if (i == 0) {
		push(0);
		push(1);
		got(deque_take(&deque));
		got(deque_take(&deque));
	} else {
		got(deque_steal(&deque));
		got(deque_steal(&deque));
	}
}

/* A thief that reads bottom as a take has left it must see the slot. */
static void push_after_take(unsigned i)
{
	if (i == 0) {
		push(0);
		push(1);
		got(deque_take(&deque));
		push(2);
		got(deque_take(&deque));
	} else {
		got(deque_steal(&deque));
	}
}

static void two_items_before(void)
{
	empty();
	push(0);
	push(1);
}

static void take_and_steal(unsigned i)
{
	if (i == 0) {
		got(deque_take(&deque));
		got(deque_take(&deque));
	} else {
		got(deque_steal(&deque));
		got(deque_steal(&deque));
	}
}

/* The newest are out of sight, until there are too many, or the owner opens the deque. */
static void some_are_hidden(void)
{
	empty();
	deque.hidden = 2;
}

static void too_many_hidden(unsigned i)
{
	if (i == 0) {
		push(0);
		push(1);
		push(2);
		got(deque_take(&deque));
		got(deque_take(&deque));
	} else {
		got(deque_steal(&deque));
		got(deque_steal(&deque));
	}
}

static void opened(unsigned i)
{
	if (i == 0) {
		push(0);
		push(1);
		deque_open(&deque);
		got(deque_take(&deque));
		push(2);
		got(deque_take(&deque));
	} else {
		got(deque_steal(&deque));
		got(deque_steal(&deque));
	}
}

/* A thief sets an alarm, then sees nothing to steal; the owner, who has pushed, looks for the alarm after its
 * next take: one of them must see the other. */
static _Atomic int alarm_set;
static bool slept, rang;

static void nobody_asleep(void)
{
	empty();
	alarm_set = 0;
	slept = rang = false;
}

static void sleep_or_ring(unsigned i)
{
	if (i == 0) {
		push(0);
		push(1);
		got(deque_take(&deque));
		if (atomic_load_explicit(&alarm_set, memory_order_seq_cst))
			rang = true;
	} else {
		atomic_store_explicit(&alarm_set, 1, memory_order_seq_cst);
		slept = deque_is_empty(&deque);
	}
}

static void nobody_overslept(void)
{
	schedules_expect(!slept || rang, "asleep while there is work");
	all_taken();
}

static const struct schedules_case cases[] = {
	{"the last item", 3, empty, last_item, all_taken, 2, 2, 0},
	{"two items", 2, empty, two_items, all_taken, 3, 2, 0},
	{"two items pushed before", 2, two_items_before, take_and_steal, all_taken, 3, 3, 0},
	{"a push after a take", 2, empty, push_after_take, all_taken, 3, 2, 0},
	{"too many hidden", 2, some_are_hidden, too_many_hidden, all_taken, 3, 2, 0},
	{"opened", 2, some_are_hidden, opened, all_taken, 3, 2, 0},
	{"an alarm", 2, nobody_asleep, sleep_or_ring, nobody_overslept, 3, 3, 0},
};

static void all_schedules_pass(void **state)
{
	assert_all_schedules_pass(cases, ASSAY_COUNT_OF(cases));
}

static void each_order_is_needed(void **state)
{
	/*
	 * Five are stronger than need be. top of deque_is_empty: an old one makes it look fuller. top of
	 * deque_steal and both exchanges of it: any two of the three would do, for a seq_cst load of another's
	 * store orders that store too (C++20; not yet in C11). bottom after a failed take: nothing is there to be
	 * read by who sees it.
	 */
	assert_orders_are_needed(cases, ASSAY_COUNT_OF(cases), 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_schedules_pass),
		cmocka_unit_test(each_order_is_needed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
