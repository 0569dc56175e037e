/* SPDX-License-Identifier: MIT */
/* test_location: worked examples, brute force, and the bond between interval and test. */
#include "harness/base/rng.h"
#include "harness/stats/estimate.h"
#include "harness/stats/location.h"
#include "harness/stats/ranks.h"
#include "tests/t.h"

/* Hollander & Wolfe 1999, examples 3.3 and 3.4: estimate .46, 96 % interval (.010, .786). */
static void centre_of_hollander_and_wolfe(void **state)
{
	(void)state;
	static const double d[] = {0.952, -0.147, 1.022, 0.430, 0.620, 0.590, 0.490, -0.080, 0.010};
	struct assay_location got;
	struct assay_err err = {0};
	assert_ok(assay_hodges_lehmann(d, 9, 0.95, &got, &err));
	assert_close(got.estimate, 0.46, 1e-12);
	assert_close(got.lo, 0.010, 1e-12);
	assert_close(got.hi, 0.786, 1e-12);
	assert_int_equal(got.rank, 6);
	assert_close(got.coverage, 0.961, 1e-3);
}

/* Hollander & Wolfe 1999, examples 4.3 and 4.4: shift .305, 96 % interval (-.15, .76). */
static void shift_of_hollander_and_wolfe(void **state)
{
	(void)state;
	static const double x[] = {0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46};
	static const double y[] = {1.15, 0.88, 0.90, 0.74, 1.21};
	struct assay_location got;
	struct assay_err err = {0};
	assert_ok(assay_hodges_lehmann_shift(x, 10, y, 5, 0.95, &got, &err));
	assert_close(got.estimate, 0.305, 1e-12);
	assert_close(got.lo, -0.15, 1e-12);
	assert_close(got.hi, 0.76, 1e-12);
	assert_close(got.coverage, 0.96, 2e-3);
}

/* Every order statistic that selection finds is the one that sorting finds, to the last bit. */
static void selection_agrees_with_sorting(void **state)
{
	(void)state;
	enum { N = 25, PAIRS = N * (N + 1) / 2 };
	double x[N], walsh[PAIRS];
	struct assay_rng rng;
	struct assay_err err = {0};
	assay_rng_init(&rng, 3);
	for (int round = 0; round < 20; round++) {
		size_t n = 6 + assay_rng_below(&rng, N - 5), count = 0;
		for (size_t i = 0; i < n; i++)
			x[i] = round % 2 ? assay_rng_unit(&rng) - 0.5
					 : (double)assay_rng_below(&rng, 7) - 3;
		for (size_t i = 0; i < n; i++)
			for (size_t j = i; j < n; j++)
				walsh[count++] = (x[i] + x[j]) / 2;
		assay_sort(walsh, count);
		struct assay_location got;
		assert_ok(assay_hodges_lehmann(x, n, 0.95, &got, &err));
		assert_true(got.estimate == assay_median(walsh, count));
		assert_true(got.lo == walsh[got.rank - 1]);
		assert_true(got.hi == walsh[count - got.rank]);
	}
}

/* A centre just inside the interval is not rejected, one just outside is. */
static void interval_is_what_the_test_accepts(void **state)
{
	(void)state;
	enum { N = 14 };
	double x[N];
	struct assay_rng rng;
	struct assay_location got;
	struct assay_rank_test test;
	struct assay_err err = {0};
	assay_rng_init(&rng, 11);
	for (size_t i = 0; i < N; i++)
		x[i] = assay_rng_unit(&rng);
	assert_ok(assay_hodges_lehmann(x, N, 0.95, &got, &err));
	assert_ok(assay_signed_rank(x, N, got.lo + 1e-9, &test, &err));
	assert_true(test.p_two_sided > 0.05);
	assert_ok(assay_signed_rank(x, N, got.lo - 1e-9, &test, &err));
	assert_true(test.p_two_sided <= 0.05);
	assert_ok(assay_signed_rank(x, N, got.hi - 1e-9, &test, &err));
	assert_true(test.p_two_sided > 0.05);
	assert_ok(assay_signed_rank(x, N, got.hi + 1e-9, &test, &err));
	assert_true(test.p_two_sided <= 0.05);
}

/* 50,000 values have more than 10^9 Walsh averages; symmetric about 3, so 3 is the estimate. */
static void large_samples_need_no_pairs_in_memory(void **state)
{
	(void)state;
	enum { N = 50001 };
	double *x = test_malloc(N * sizeof(*x));
	struct assay_location got;
	struct assay_err err = {0};
	for (int i = 0; i < N; i++)
		x[i] = 3 + (i - N / 2) / 1024.0;
	assert_ok(assay_hodges_lehmann(x, N, 0.99, &got, &err));
	test_free(x);
	assert_close(got.estimate, 3, 0);
	assert_true(got.lo < 3 && got.lo > 2.5 && fabs(got.hi - 3 - (3 - got.lo)) < 1e-3);
	assert_close(got.coverage, 0.99, 1e-4);
}

static void nothing_and_nan(void **state)
{
	(void)state;
	static const double x[] = {1, NAN, INFINITY, 4};
	struct assay_location got;
	struct assay_err err = {0};
	static const struct {
		size_t n;
		double confidence;
	} cases[] = {{0, 0.95}, {2, 0.95}, {3, 0.95}, {1, 0}, {1, 1}, {1, NAN}};
	for (size_t i = 0; i < ASSAY_COUNT_OF(cases); i++) {
		assert_ok(assay_hodges_lehmann(x, cases[i].n, cases[i].confidence, &got, &err));
		assert_true(isnan(got.estimate) && isnan(got.lo) && isnan(got.coverage));
		assert_int_equal(got.rank, 0);
		assert_ok(assay_hodges_lehmann_shift(x, cases[i].n, x, 1, cases[i].confidence, &got,
						     &err));
		assert_true(isnan(got.estimate) && isnan(got.hi));
	}
	assert_ok(assay_hodges_lehmann_shift(x, 1, x, 0, 0.95, &got, &err));
	assert_true(isnan(got.estimate) && got.rank == 0);
	assert_ok(assay_hodges_lehmann(x, 1, 0.95, &got, &err));
	assert_true(got.estimate == 1 && got.lo == 1 && got.hi == 1 && got.coverage == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(centre_of_hollander_and_wolfe),
		cmocka_unit_test(shift_of_hollander_and_wolfe),
		cmocka_unit_test(selection_agrees_with_sorting),
		cmocka_unit_test(interval_is_what_the_test_accepts),
		cmocka_unit_test(large_samples_need_no_pairs_in_memory),
		cmocka_unit_test(nothing_and_nan),
	};
	return cmocka_run_group_tests_name("location", tests, NULL, NULL);
}
