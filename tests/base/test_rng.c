/* SPDX-License-Identifier: MIT */
/* rng: the published sequences, bounds that hold, fair shuffles, ordered identifiers. */
#include "tests/t.h"

#include <time.h>

#include "harness/base/rng.h"

/* First outputs of the authors' splitmix64.c for the state 1234567. */
static void splitmix_is_the_published_one(void **state)
{
	static const uint64_t want[] = {6457827717110365317u, 3203168211198807973u,
					9817491932198370423u, 4593380528125082431u,
					16408922859458223821u};
	uint64_t seed = 1234567;
	for (size_t i = 0; i < ASSAY_COUNT_OF(want); i++)
		assert_true(assay_splitmix(&seed) == want[i]);
}

/* First outputs of the authors' xoshiro256starstar.c for the state 1, 2, 3, 4. */
static void xoshiro_is_the_published_one(void **state)
{
	static const uint64_t want[] = {11520u,
					0u,
					1509978240u,
					1215971899390074240u,
					1216172134540287360u,
					607988272756665600u,
					16172922978634559625u,
					8476171486693032832u,
					10595114339597558777u,
					2904607092377533576u};
	struct assay_rng rng = {{1, 2, 3, 4}};
	for (size_t i = 0; i < ASSAY_COUNT_OF(want); i++)
		assert_true(assay_rng_next(&rng) == want[i]);
}

static void below_stays_below_and_is_even(void **state)
{
	struct assay_rng rng;
	assay_rng_init(&rng, 42);
	unsigned seen[7] = {0};
	for (int i = 0; i < 70000; i++) {
		uint64_t x = assay_rng_below(&rng, 7);
		assert_true(x < 7);
		seen[x]++;
	}
	double chi2 = 0;
	for (int i = 0; i < 7; i++)
		chi2 += (seen[i] - 1e4) * (seen[i] - 1e4) / 1e4;
	assert_true(chi2 <
		    22.5); /* chi-squared, 6 degrees of freedom, p = 0.001; the seed is fixed */
	assert_true(assay_rng_below(&rng, 1) == 0);
	for (int i = 0; i < 100; i++)
		assert_true(assay_rng_below(&rng, UINT64_MAX) < UINT64_MAX);
}

static void unit_is_half_open(void **state)
{
	struct assay_rng rng;
	assay_rng_init(&rng, 1);
	double sum = 0;
	for (int i = 0; i < 10000; i++) {
		double u = assay_rng_unit(&rng);
		assert_true(u >= 0 && u < 1);
		sum += u;
	}
	assert_close(sum / 10000, 0.5, 0.03);
	/* All bits set is the largest value there is, and still below 1. */
	assert_true((double)(UINT64_MAX >> 11) * 0x1p-53 < 1);
}

/* Each of the 24 orders of four items about equally often. */
static void shuffle_is_fair(void **state)
{
	struct assay_rng rng;
	assay_rng_init(&rng, 7);
	unsigned seen[256] = {0};
	for (int i = 0; i < 24000; i++) {
		uint32_t order[4] = {0, 1, 2, 3};
		assay_rng_shuffle(&rng, order, 4);
		seen[order[0] << 6 | order[1] << 4 | order[2] << 2 | order[3]]++;
	}
	int orders = 0;
	double chi2 = 0;
	for (int i = 0; i < 256; i++) {
		if (!seen[i])
			continue;
		orders++;
		chi2 += (seen[i] - 1e3) * (seen[i] - 1e3) / 1e3;
	}
	assert_int_equal(orders, 24);
	assert_true(chi2 < 49.8); /* 23 degrees of freedom, p = 0.001 */
	assay_rng_shuffle(&rng, NULL, 0);
}

static void same_seed_same_sequence(void **state)
{
	struct assay_rng a, b;
	assay_rng_init(&a, 99);
	assay_rng_init(&b, 99);
	for (int i = 0; i < 100; i++)
		assert_true(assay_rng_next(&a) == assay_rng_next(&b));
	assay_rng_init(&b, 100);
	assert_true(assay_rng_next(&a) != assay_rng_next(&b));
	assert_true(assay_random_seed() != assay_random_seed());
}

static void uuids_are_version_7_and_ordered(void **state)
{
	uint8_t a[16], b[16];
	assay_uuid(a);
	struct timespec pause = {.tv_nsec = 3000000};
	nanosleep(&pause, NULL);
	assay_uuid(b);
	assert_int_equal(a[6] >> 4, 7);
	assert_int_equal(a[8] >> 6, 2);
	assert_true(memcmp(a, b, 6) <= 0);
	assert_memory_not_equal(a, b, 16);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(splitmix_is_the_published_one),
		cmocka_unit_test(xoshiro_is_the_published_one),
		cmocka_unit_test(below_stays_below_and_is_even),
		cmocka_unit_test(unit_is_half_open),
		cmocka_unit_test(shuffle_is_fair),
		cmocka_unit_test(same_seed_same_sequence),
		cmocka_unit_test(uuids_are_version_7_and_ordered),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
