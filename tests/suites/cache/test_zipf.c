/* SPDX-License-Identifier: MIT */
/* zipf: ranks come up as often as they should, for skews below, at and above 1. */
#include <stdlib.h>

#include "suites/cache/zipf.h"
#include "tests/t.h"

#define DRAWS 200000

/*
 * Pearson's chi-square over the ranks, those expected fewer than 10 times pooled at the tail. With
 * hundreds of cells it is nearly normal with mean df and variance 2 df; seeds are fixed.
 */
static void assert_distribution(uint64_t n, double skew)
{
	unsigned *seen = calloc(n + 1, sizeof(*seen));
	assert_non_null(seen);
	struct zipf zipf;
	zipf_init(&zipf, n, skew);
	struct assay_rng rng;
	assay_rng_init(&rng, 5);
	for (int i = 0; i < DRAWS; i++) {
		uint64_t rank = zipf_next(&zipf, &rng);
		assert_in_range(rank, 1, n);
		seen[rank]++;
	}
	double total = 0, chi2 = 0, tail_expected = 0, tail_seen = 0, cells = 0;
	for (uint64_t k = 1; k <= n; k++)
		total += pow((double)k, -skew);
	for (uint64_t k = 1; k <= n; k++) {
		double expected = DRAWS * pow((double)k, -skew) / total;
		if (expected < 10) {
			tail_expected += expected;
			tail_seen += seen[k];
			continue;
		}
		chi2 += (seen[k] - expected) * (seen[k] - expected) / expected;
		cells++;
	}
	if (tail_expected > 0) {
		chi2 += (tail_seen - tail_expected) * (tail_seen - tail_expected) / tail_expected;
		cells++;
	}
	free(seen);
	double df = cells - 1;
	if (chi2 > df + 4 * sqrt(2 * df))
		fail_msg("n %d, skew %g: chi-square %g with %g degrees of freedom", (int)n, skew,
			 chi2, df);
}

static void frequencies_are_right(void **state)
{
	static const double skews[] = {0, 0.5, 0.99, 1, 1 + 1e-10, 1.2, 2.5};
	for (size_t i = 0; i < ASSAY_COUNT_OF(skews); i++) {
		assert_distribution(20, skews[i]);
		assert_distribution(3000, skews[i]);
	}
}

static void one_rank_is_always_one(void **state)
{
	struct zipf zipf;
	struct assay_rng rng;
	assay_rng_init(&rng, 1);
	zipf_init(&zipf, 1, 0.99);
	for (int i = 0; i < 1000; i++)
		assert_int_equal(zipf_next(&zipf, &rng), 1);
}

static void huge_populations_stay_in_range(void **state)
{
	struct zipf zipf;
	struct assay_rng rng;
	assay_rng_init(&rng, 1);
	uint64_t n = UINT64_C(1) << 40, largest = 0;
	zipf_init(&zipf, n, 0.5);
	for (int i = 0; i < 20000; i++) {
		uint64_t rank = zipf_next(&zipf, &rng);
		assert_in_range(rank, 1, n);
		largest = rank > largest ? rank : largest;
	}
	assert_true(largest > n / 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frequencies_are_right),
		cmocka_unit_test(one_rank_is_always_one),
		cmocka_unit_test(huge_populations_stay_in_range),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
