/* SPDX-License-Identifier: MIT */
/* test_scaling_fit: worked and published fits, exact recovery, and refusal where points are too few. */
#include "tests/t.h"
#include "harness/stats/scaling_fit.h"

/*
 * SPEC SDM91 on a Sun SPARCcenter 2000 [Gunther 2007, table 5.1]: load, throughput. Coefficients by
 * R's package usl 2.0: alpha 0.0277285, beta 0.0001044, gamma 89.9952330, residual standard error 82.8
 * on 4 degrees of freedom.
 */
static const struct assay_scaling_point specsdm91[] = {
	{1, 64.9},     {18, 995.9},   {36, 1652.4},  {72, 1853.2},
	{108, 1828.9}, {144, 1775.0}, {216, 1702.2},
};

static void usl_agrees_with_the_published_fit(void **state)
{
	(void)state;
	struct assay_err err = {0};
	struct assay_usl fit;
	assert_ok(assay_usl_fit(specsdm91, 7, 0, &fit, &err));
	assert_close(fit.contention, 0.0277285, 1e-5);
	assert_close(fit.coherency, 0.0001044, 5e-4);
	assert_close(fit.first, 89.9952330, 1e-6);
	assert_close(fit.rmse, 82.8 * sqrt(4.0 / 7), 1e-3);
	assert_close(fit.peak_threads, sqrt((1 - 0.0277285) / 0.0001044), 1e-3);
	assert_close(fit.peak_speedup, assay_usl_speedup(&fit, fit.peak_threads), 0);
	assert_true(fit.peak_speedup > assay_usl_speedup(&fit, fit.peak_threads * 0.9));
	assert_true(fit.peak_speedup > assay_usl_speedup(&fit, fit.peak_threads * 1.1));
}

static void usl_recovers_what_made_the_points(void **state)
{
	(void)state;
	static const struct assay_usl makers[] = {
		{.first = 1, .contention = 0.05, .coherency = 0.001},
		{.first = 0.8, .contention = 0, .coherency = 0.02},
		{.first = 0.3, .contention = 0.2, .coherency = 0},
		{.first = 1, .contention = 0, .coherency = 0},
	};
	static const double threads[] = {1, 2, 3, 4, 8, 16, 32};
	for (size_t m = 0; m < ASSAY_COUNT_OF(makers); m++) {
		struct assay_scaling_point points[ASSAY_COUNT_OF(threads)];
		struct assay_err err = {0};
		struct assay_usl fit;
		for (size_t i = 0; i < ASSAY_COUNT_OF(threads); i++)
			points[i] = (struct assay_scaling_point){
				threads[i], assay_usl_speedup(&makers[m], threads[i])};
		assert_ok(assay_usl_fit(points, ASSAY_COUNT_OF(threads), 0, &fit, &err));
		assert_close(fit.first, makers[m].first, 1e-6);
		assert_true(fabs(fit.contention - makers[m].contention) < 1e-6);
		assert_true(fabs(fit.coherency - makers[m].coherency) < 1e-7);
		assert_true(fit.rmse < 1e-6);
	}
}

/* Superlinear points want negative coefficients; they get 0, and the best line that leaves. */
static void usl_coefficients_are_never_negative(void **state)
{
	(void)state;
	static const struct assay_scaling_point points[] = {
		{1, 1},
		{2, 2.2},
		{4, 4.6},
		{8, 9.4},
	};
	struct assay_err err = {0};
	struct assay_usl fit;
	assert_ok(assay_usl_fit(points, 4, 0, &fit, &err));
	assert_true(fit.contention == 0 && fit.coherency == 0);
	/* first * N by least squares: sum(N S) / sum(N^2) = 99 / 85 */
	assert_close(fit.first, 99.0 / 85, 1e-9);
	assert_true(isinf(fit.peak_threads) && isinf(fit.peak_speedup));
}

static void usl_is_refused_with_three_thread_counts(void **state)
{
	(void)state;
	static const struct assay_scaling_point points[] = {
		{1, 1}, {1, 0.9}, {2, 1.8}, {2, 1.9}, {4, 3}, {8, 3.1},
	};
	struct assay_err err = {0};
	struct assay_usl fit = {.first = -1};
	assert_fails(assay_usl_fit(points, 5, 0, &fit, &err), ASSAY_SKIP, "there are 3");
	/* the fourth count is beyond the four CPUs */
	assert_fails(assay_usl_fit(points, 6, 4, &fit, &err), ASSAY_SKIP, "more than three");
	assert_close(fit.first, -1, 0);
	assert_ok(assay_usl_fit(points, 6, 8, &fit, &err));
	assert_fails(assay_usl_fit(points, 0, 0, &fit, &err), ASSAY_SKIP, "there are 0");
}

static void amdahl_by_hand(void **state)
{
	(void)state;
	/* s = 0.1: 1 / (0.1 + 0.9/2) = 1.8182, 1 / (0.1 + 0.9/4) = 3.0769, 8: 4.7059 */
	static const struct assay_scaling_point points[] = {
		{1, 1},
		{2, 1 / 0.55},
		{4, 1 / 0.325},
		{8, 1 / 0.2125},
	};
	struct assay_err err = {0};
	struct assay_amdahl fit;
	assert_ok(assay_amdahl_fit(points, 4, 0, &fit, &err));
	assert_close(fit.serial_fraction, 0.1, 1e-12);
	assert_close(fit.first, 1, 0);
	assert_close(fit.limit, 10, 1e-12);
	assert_true(fit.rmse < 1e-12);
	assert_close(assay_amdahl_speedup(&fit, 1e9), 10, 1e-6);
}

static void amdahl_with_two_counts_is_karp_flatt(void **state)
{
	(void)state;
	/* Speedup 1.5 on 2: (1/1.5 - 1/2) / (1 - 1/2) = 1/3. */
	static const struct assay_scaling_point points[] = {{1, 1}, {2, 1.5}};
	struct assay_err err = {0};
	struct assay_amdahl fit;
	assert_ok(assay_amdahl_fit(points, 2, 0, &fit, &err));
	assert_close(fit.serial_fraction, 1.0 / 3, 1e-12);
	assert_close(fit.limit, 3, 1e-12);
	assert_true(isnan(fit.rmse));
}

/* Least squares by hand: x = 0.5, 0.75; y = 1/1.6 - 0.5 = 0.125, 1/2.5 - 0.25 = 0.15. */
static void amdahl_weighs_points_that_disagree(void **state)
{
	(void)state;
	static const struct assay_scaling_point points[] = {{1, 0.9}, {2, 1.44}, {4, 2.25}};
	struct assay_err err = {0};
	struct assay_amdahl fit;
	assert_ok(assay_amdahl_fit(points, 3, 0, &fit, &err));
	assert_close(fit.first, 0.9, 0);
	assert_close(fit.serial_fraction, (0.5 * 0.125 + 0.75 * 0.15) / (0.25 + 0.5625), 1e-12);
	assert_true(fit.rmse > 0.01 && fit.rmse < 0.1);
}

static void superlinear_speedup_shows_as_a_negative_fraction(void **state)
{
	(void)state;
	static const struct assay_scaling_point points[] = {{1, 1}, {2, 2.5}};
	struct assay_err err = {0};
	struct assay_amdahl fit;
	assert_ok(assay_amdahl_fit(points, 2, 0, &fit, &err));
	assert_close(fit.serial_fraction, -0.2, 1e-12);
	assert_true(isinf(fit.limit));
}

static void amdahl_is_refused_without_both_ends(void **state)
{
	(void)state;
	static const struct assay_scaling_point points[] = {{2, 1.5}, {4, 2}, {1, 1}, {1, 1.1}};
	struct assay_err err = {0};
	struct assay_amdahl fit;
	assert_fails(assay_amdahl_fit(points, 2, 0, &fit, &err), ASSAY_SKIP, "at one thread");
	assert_fails(assay_amdahl_fit(points + 2, 2, 0, &fit, &err), ASSAY_SKIP,
		     "more than one thread");
	assert_fails(assay_amdahl_fit(points, 3, 1, &fit, &err), ASSAY_SKIP, "oversubscribed");
	assert_ok(assay_amdahl_fit(points, 3, 2, &fit, &err));
}

static void nonsense_points_are_named(void **state)
{
	(void)state;
	static const struct assay_scaling_point bad[][2] = {
		{{1, 1}, {0, 1}},
		{{1, 1}, {2, 0}},
		{{1, 1}, {2, NAN}},
		{{1, 1}, {INFINITY, 2}},
	};
	for (size_t i = 0; i < ASSAY_COUNT_OF(bad); i++) {
		struct assay_err err = {0};
		struct assay_amdahl amdahl;
		struct assay_usl usl;
		assert_fails(assay_amdahl_fit(bad[i], 2, 0, &amdahl, &err), ASSAY_EUSAGE,
			     "point 1");
		assert_fails(assay_usl_fit(bad[i], 2, 0, &usl, &err), ASSAY_EUSAGE, "point 1");
	}
}

/* Without coherency the curve only rises, towards first / contention. */
static void a_curve_without_peak_has_a_limit(void **state)
{
	(void)state;
	static const double threads[] = {1, 2, 4, 8, 16, 24};
	struct assay_scaling_point points[ASSAY_COUNT_OF(threads)];
	struct assay_err err = {0};
	struct assay_usl fit;
	for (size_t i = 0; i < ASSAY_COUNT_OF(threads); i++) {
		double n = threads[i]; /* rises a little faster than any law with a peak */
		points[i] = (struct assay_scaling_point){
			n, 2 * n / (1 + 0.2 * (n - 1) - 0.0005 * n * (n - 1))};
	}
	assert_ok(assay_usl_fit(points, ASSAY_COUNT_OF(threads), 0, &fit, &err));
	assert_true(fit.coherency == 0 && fit.contention > 0.15 && fit.contention < 0.2);
	assert_true(isinf(fit.peak_threads));
	assert_close(fit.peak_speedup, fit.first / fit.contention, 1e-12);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(usl_agrees_with_the_published_fit),
		cmocka_unit_test(usl_recovers_what_made_the_points),
		cmocka_unit_test(usl_coefficients_are_never_negative),
		cmocka_unit_test(usl_is_refused_with_three_thread_counts),
		cmocka_unit_test(amdahl_by_hand),
		cmocka_unit_test(amdahl_with_two_counts_is_karp_flatt),
		cmocka_unit_test(amdahl_weighs_points_that_disagree),
		cmocka_unit_test(superlinear_speedup_shows_as_a_negative_fraction),
		cmocka_unit_test(amdahl_is_refused_without_both_ends),
		cmocka_unit_test(nonsense_points_are_named),
		cmocka_unit_test(a_curve_without_peak_has_a_limit),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
