/* SPDX-License-Identifier: MIT */
/* test_leak: growth is noticed within its noise, and what does not grow is left alone. */
#include "tests/t.h"

#include "harness/base/rng.h"
#include "suites/memory/leak_detector.h"

/* Epochs until the detector speaks, 0 when it does not within `most`. */
static int noticed(double slope, double noise, int most, uint64_t seed)
{
	struct leak_detector detector = {0};
	struct assay_err err = {0};
	struct assay_rng rng;
	bool leaks;

	assay_rng_init(&rng, seed);
	for (int epoch = 1; epoch <= most; epoch++) {
		double wobble = noise * (assay_rng_unit(&rng) - 0.5);
		assert_ok(leak_epoch(&detector, 1e6 + slope * epoch + wobble, &leaks, &err));
		if (leaks)
			return epoch;
	}
	return 0;
}

static void test_growth(void **state)
{
	(void)state;
	/* Without noise as soon as it looks often enough. */
	assert_int_equal(noticed(1, 0, 100, 1), LEAK_EPOCHS_AT_LEAST + LEAK_LOOKS - 1);
	for (uint64_t seed = 0; seed < 6; seed++) {
		int at = noticed(100, 2000, 200, seed);
		assert_in_range(at, LEAK_EPOCHS_AT_LEAST, 120);
	}
}

static void test_no_growth(void **state)
{
	int alarms = 0;

	(void)state;
	assert_int_equal(noticed(0, 0, 200, 1), 0);
	assert_int_equal(noticed(-50, 100, 200, 1), 0);
	for (uint64_t seed = 0; seed < 16; seed++)
		alarms += noticed(0, 2000, 120, seed) > 0;
	assert_true(alarms <= 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_growth),
		cmocka_unit_test(test_no_growth),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
