/* SPDX-License-Identifier: MIT */
/* test_planted: each noise is what its name says, in the unit of a normal one's spread. */
#include <math.h>
#include <stdbool.h>

#include "harness/stats/estimate.h"
#include "harness/stats/planted.h"
#include "tests/t.h"

enum { N = 20000 };

static double x[N], sorted[N], scratch[N];

static void make(enum assay_noise_kind kind, uint64_t seed)
{
	struct assay_rng rng;
	assay_rng_init(&rng, seed);
	assay_planted_noise(&rng, kind, x, N);
	memcpy(sorted, x, sizeof(x));
	assay_sort(sorted, N);
}

/* All three have the median absolute deviation of a normal one, 0.67449, about 100. */
static void spreads_are_alike(void **state)
{
	(void)state;
	static const enum assay_noise_kind kinds[] = {ASSAY_PLANTED_NORMAL, ASSAY_PLANTED_SKEWED,
						      ASSAY_PLANTED_HEAVY};
	for (size_t i = 0; i < ASSAY_COUNT_OF(kinds); i++) {
		make(kinds[i], 3);
		assert_close(assay_median(sorted, N), 100, 5e-4);
		assert_close(assay_mad(sorted, N, scratch), 0.67449, 0.03);
	}
}

/* Quantiles at 2.5 and 97.5 %: -+1.96; e^(N/2) to scale; Student's t of 3 degrees 3.1824, of median 0.7649. */
static void tails_are_those_of_the_name(void **state)
{
	(void)state;
	static const struct {
		enum assay_noise_kind kind;
		double lo, hi;
	} cases[] = {
		{ASSAY_PLANTED_NORMAL, -1.96, 1.96},
		{ASSAY_PLANTED_SKEWED, (0.37531 - 1) * 2.04825, (2.66446 - 1) * 2.04825},
		{ASSAY_PLANTED_HEAVY, -3.1824 * 0.88181, 3.1824 * 0.88181},
	};
	for (size_t i = 0; i < ASSAY_COUNT_OF(cases); i++) {
		make(cases[i].kind, 4);
		assert_close(assay_quantile(sorted, N, 0.025) - 100, cases[i].lo, 0.05);
		assert_close(assay_quantile(sorted, N, 0.975) - 100, cases[i].hi, 0.05);
	}
	make(ASSAY_PLANTED_NORMAL, 5);
	assert_close(assay_sd(x, N), 1, 0.02);
	double neighbours = 0; /* one value says nothing of the next */
	for (int i = 1; i < N; i++)
		neighbours += (x[i] - 100) * (x[i - 1] - 100) / N;
	assert_true(fabs(neighbours) < 0.03);
}

static double mean_of(size_t from, size_t to)
{
	return assay_mean(x + from, to - from);
}

static void levels_move_as_they_are_called(void **state)
{
	(void)state;
	make(ASSAY_PLANTED_DRIFT, 6);
	assert_close(mean_of(0, N / 10), 100.4, 1e-3);
	assert_close(mean_of(N - N / 10, N), 107.6, 1e-3);
	make(ASSAY_PLANTED_BIMODAL, 7);
	size_t high = 0;
	for (int i = 0; i < N; i++)
		high += x[i] > 103;
	assert_close((double)high / N, 0.25, 0.05);
	assert_close(assay_mean(x, N), 101.5, 1e-3);
	/* a walk in steps of 0.3: differences of neighbours have the variance 2 + 0.09, over 100 2 + 9 */
	make(ASSAY_PLANTED_WANDER, 8);
	double near = 0, far = 0;
	for (int i = 100; i < N; i++) {
		near += (x[i] - x[i - 1]) * (x[i] - x[i - 1]) / (N - 100);
		far += (x[i] - x[i - 100]) * (x[i] - x[i - 100]) / (N - 100);
	}
	assert_close(near, 2.09, 0.03);
	assert_close(far, 11, 0.1);
}

/* Anywhere in the middle half, by 8. */
static void a_step_lies_in_the_middle(void **state)
{
	(void)state;
	enum { LENGTH = 40 };
	size_t least = LENGTH, most = 0;
	for (uint64_t seed = 0; seed < 400; seed++) {
		struct assay_rng rng;
		double y[LENGTH];
		size_t at = 0;
		assay_rng_init(&rng, seed);
		assay_planted_noise(&rng, ASSAY_PLANTED_STEP, y, LENGTH);
		while (at < LENGTH && y[at] < 104)
			at++;
		least = at < least ? at : least;
		most = at > most ? at : most;
		assert_close(assay_mean(y + at, LENGTH - at), 108, 0.02);
	}
	assert_int_equal(least, LENGTH / 4);
	assert_int_equal(most, 3 * LENGTH / 4);
}

static void what_is_planted_is_told(void **state)
{
	(void)state;
	bool first = false, last = false;
	struct assay_rng rng;
	assay_rng_init(&rng, 9);
	for (int round = 0; round < 200; round++) {
		double y[10] = {0};
		size_t at = assay_plant(&rng, y, 10, 3, 5);
		assert_true(at <= 7);
		for (size_t i = 0; i < 10; i++)
			assert_true(y[i] == (i >= at && i < at + 3 ? 5 : 0));
		first |= at == 0;
		last |= at == 7;
	}
	assert_true(first && last);
	assert_string_equal(assay_planted_name(ASSAY_PLANTED_STEP), "step");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(spreads_are_alike),
		cmocka_unit_test(tails_are_those_of_the_name),
		cmocka_unit_test(levels_move_as_they_are_called),
		cmocka_unit_test(a_step_lies_in_the_middle),
		cmocka_unit_test(what_is_planted_is_told),
	};
	return cmocka_run_group_tests_name("planted", tests, NULL, NULL);
}
