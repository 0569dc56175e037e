/* SPDX-License-Identifier: MIT */
/* model_queues: our queues under every schedule of small cases, and each of their orders weakened. */
#include "tests/suites/concurrency/watched.h"

#define SPSC_PAUSES  0
#define CLAIM_PAUSES 0
#include "suites/concurrency/claim_ring.h"
#include "suites/concurrency/spsc.h"
#include "tests/suites/concurrency/model.h"

enum { ITEMS = 4, SIDES = 2 };

static struct spsc spsc;
static struct claim_ring ring;
static uint64_t items[2];
static struct claim_place places[2];
static struct claim_hand hands[3];
static int content[ITEMS], times[ITEMS];
static uint64_t last[SIDES]; /* taken by a consumer of side A's items, and of B's */

static void empty(void)
{
	spsc_init(&spsc, items, 2);
	claim_init(&ring, places, 2);
	memset(hands, 0, sizeof(hands));
	memset(content, 0, sizeof(content));
	memset(times, 0, sizeof(times));
	memset(last, 0, sizeof(last));
}

/* Claims about to pass 2^32. */
static void empty_and_about_to_wrap(void)
{
	empty();
	uint32_t at = UINT32_MAX;
	ring.ends = (uint64_t)at << 32 | at;
	for (uint32_t i = 0; i < 2; i++)
		places[(at + i) & ring.mask].turn = at + i;
}

static void fill(uint64_t item)
{
	PLAIN_STORE(&content[item - 1], 1);
}

static void got(uint64_t item)
{
	schedules_expect(item >= 1 && item <= ITEMS, "an item that nobody put");
	schedules_expect(PLAIN_LOAD(&content[item - 1]) == 1, "an item before its content");
	schedules_expect(times[item - 1]++ == 0, "an item twice");
}

static void got_in_order(uint64_t item, uint64_t *before)
{
	got(item);
	schedules_expect(item > *before, "items of one producer out of their order");
	*before = item;
}

static void spsc_one_by_one(unsigned i)
{
	uint64_t item, before = 0;
	for (uint64_t n = 1; n <= 3; n++) {
		if (i == 0) {
			fill(n);
			while (!spsc_put(&spsc, n))
				assay_cpu_relax();
		} else {
			while (!spsc_take(&spsc, &item))
				assay_cpu_relax();
			got_in_order(item, &before);
			schedules_expect(item == n, "an item was skipped");
		}
	}
}

static void spsc_many(unsigned i)
{
	uint64_t some[2], before = 0;
	size_t done = 0;
	while (done < 3) {
		size_t n;
		if (i == 0) {
			some[0] = done + 1;
			some[1] = done + 2;
			n = done + 2 <= 3 ? 2 : 1;
			for (size_t k = 0; k < n; k++)
				fill(some[k]);
			n = spsc_put_many(&spsc, some, n);
		} else {
			n = spsc_take_many(&spsc, some, 2);
			for (size_t k = 0; k < n; k++)
				got_in_order(some[k], &before);
		}
		done += n;
		if (n == 0)
			assay_cpu_relax();
	}
}

static void claim_put_one(unsigned i, uint64_t item)
{
	fill(item);
	while (claim_put(&ring, &hands[i], &item, 1) == 0)
		assay_cpu_relax();
}

static uint64_t claim_take_one(unsigned i)
{
	uint64_t item;
	while (claim_take(&ring, &hands[i], &item, 1) == 0)
		assay_cpu_relax();
	return item;
}

/* More items than places: each place is used again. */
static void claim_one_to_one(unsigned i)
{
	uint64_t before = 0;
	for (uint64_t n = 1; n <= 3; n++) {
		if (i == 0)
			claim_put_one(i, n);
		else
			got_in_order(claim_take_one(i), &before);
	}
}

static void claim_two_producers(unsigned i)
{
	if (i < 2) {
		claim_put_one(i, 2 * i + 1);
		if (i == 0)
			claim_put_one(i, 2);
		return;
	}
	for (int n = 0; n < 3; n++) {
		uint64_t item = claim_take_one(i);
		if (item <= 2)
			got_in_order(item, &last[0]);
		else
			got(item);
	}
}

static void claim_two_consumers(unsigned i)
{
	if (i == 0) {
		uint64_t two[] = {1, 2};
		fill(1);
		fill(2);
		schedules_expect(claim_put(&ring, &hands[i], two, 2) == 2, "no room in the empty");
		claim_put_one(i, 3);
	} else {
		got(claim_take_one(i));
	}
}

static void claim_pairs(unsigned i)
{
	claim_put_one(i, i + 1);
	got(claim_take_one(i));
}

static const struct schedules_case spsc_cases[] = {
	{"spsc, one by one", 2, empty, spsc_one_by_one, NULL, 3, 3, 0},
	{"spsc, many", 2, empty, spsc_many, NULL, 3, 3, 0},
};

static const struct schedules_case claim_cases[] = {
	{"claims, one to one", 2, empty, claim_one_to_one, NULL, 2, 2, 0},
	{"claims past 2^32", 2, empty_and_about_to_wrap, claim_one_to_one, NULL, 2, 2, 0},
	{"claims, two producers", 3, empty, claim_two_producers, NULL, 1, 1, 0},
	{"claims, two consumers", 3, empty, claim_two_consumers, NULL, 1, 1, 0},
	{"claims, pairs", 2, empty, claim_pairs, NULL, 3, 2, 0},
};

static void spsc_is_right(void **state)
{
	assert_all_schedules_pass(spsc_cases, ASSAY_COUNT_OF(spsc_cases));
}

static void claims_are_right(void **state)
{
	assert_all_schedules_pass(claim_cases, ASSAY_COUNT_OF(claim_cases));
}

static void each_order_of_spsc_is_needed(void **state)
{
	assert_orders_are_needed(spsc_cases, ASSAY_COUNT_OF(spsc_cases), 0);
}

static void each_order_of_claims_is_needed(void **state)
{
	assert_orders_are_needed(claim_cases, ASSAY_COUNT_OF(claim_cases), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(spsc_is_right),
		cmocka_unit_test(claims_are_right),
		cmocka_unit_test(each_order_of_spsc_is_needed),
		cmocka_unit_test(each_order_of_claims_is_needed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
