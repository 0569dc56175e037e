/* SPDX-License-Identifier: MIT */
/* model_epochs: versions exchanged under readers, by every schedule of small cases, each order weakened. */
#include "tests/suites/concurrency/watched.h"

#include "suites/concurrency/epochs.h"
#include "tests/suites/concurrency/model.h"

enum { VERSIONS = 4, READERS = 2, GONE = -1 };

static _Atomic(void *) current;
static _Atomic uint64_t readers[READERS];
static int versions[VERSIONS];

static void first_version(void)
{
	memset(versions, 0, sizeof(versions));
	memset(readers, 0, sizeof(readers));
	versions[0] = 1;
	current = &versions[0];
}

static void read_one(unsigned reader)
{
	int *at = epoch_enter(&readers[reader], &current);
	schedules_expect(PLAIN_LOAD(at) == at - versions + 1, "a version before or after its time");
	schedules_expect(PLAIN_LOAD(at) == at - versions + 1, "a version that went while in use");
	epoch_leave(&readers[reader]);
}

static void exchange(int version, unsigned n)
{
	PLAIN_STORE(&versions[version], version + 1);
	int *old = epoch_exchange(&current, &versions[version]);
	for (unsigned i = 0; i < n; i++)
		epoch_left(&readers[i]);
	schedules_expect(PLAIN_LOAD(old) == old - versions + 1, "gone twice");
	PLAIN_STORE(old, GONE);
}

static void one_reader(unsigned i)
{
	if (i == 0) {
		exchange(1, 1);
		exchange(2, 1);
	} else {
		read_one(0);
		read_one(0);
	}
}

static void two_readers(unsigned i)
{
	if (i == 0)
		exchange(1, 2);
	else
		read_one(i - 1);
}

static void only_the_last_is_left(void)
{
	int *last = current;
	for (int i = 0; i < VERSIONS; i++)
		schedules_expect(&versions[i] == last ? versions[i] == i + 1
						      : versions[i] == GONE || versions[i] == 0,
				 "a version was lost");
}

static const struct schedules_case cases[] = {
	{"one reader, two exchanges", 2, first_version, one_reader, only_the_last_is_left, 3, 3, 0},
	{"two readers", 3, first_version, two_readers, only_the_last_is_left, 2, 2, 0},
};

static void all_schedules_pass(void **state)
{
	assert_all_schedules_pass(cases, ASSAY_COUNT_OF(cases));
}

static void each_order_is_needed(void **state)
{
	assert_orders_are_needed(cases, ASSAY_COUNT_OF(cases), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_schedules_pass),
		cmocka_unit_test(each_order_is_needed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
