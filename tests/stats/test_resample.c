/* SPDX-License-Identifier: MIT */
/* test_resample: a published interval, closed forms, and the same seed twice. */
#include "harness/stats/estimate.h"
#include "harness/stats/resample.h"
#include "tests/t.h"

/* Efron & Tibshirani 1993, table 14.1, test A; variance with divisor n is 171.5. */
static const double spatial[] = {48, 36, 20, 29, 42, 42, 20, 42, 22, 41, 45, 14, 6,
				 0,  33, 28, 34, 4,  32, 24, 47, 41, 24, 26, 30, 41};
enum { CHILDREN = ASSAY_COUNT_OF(spatial) };

static double variance(double *x, size_t n, void *context)
{
	double sd = assay_sd(x, n);
	return sd * sd * (double)(n - 1) / (double)n;
}

static double mean(double *x, size_t n, void *context)
{
	++*(size_t *)context;
	return assay_mean(x, n);
}

static double constant(double *x, size_t n, void *context)
{
	return 4;
}

/* Defined only where 0 was drawn. */
static double needs_zero(double *x, size_t n, void *context)
{
	assay_sort(x, n);
	return x[0] == 0 ? 1 + x[n - 1] : NAN;
}

/*
 * Table 14.2: percentile (100.8, 233.9) and BCa (115.8, 259.6) at 90 % from 2,000 resamples; another
 * program with 60,000 gave (97.7, 235.3) and (115.3, 260.8).
 */
static void interval_of_efron_and_tibshirani(void **state)
{
	(void)state;
	static const struct assay_bootstrap_plan plan = {1, 20000, 0.9};
	struct assay_bootstrap got;
	struct assay_err err = {0};
	assert_ok(assay_bootstrap(spatial, CHILDREN, variance, NULL, &plan, &got, &err));
	assert_close(got.estimate, 171.5, 1e-3);
	assert_close(got.percentile_lo, 97.7, 0.015);
	assert_close(got.percentile_hi, 235.3, 0.015);
	assert_close(got.lo, 115.3, 0.015);
	assert_close(got.hi, 260.8, 0.015);
	assert_int_equal(got.resamples, 20000);
}

/* The standard error of a mean has a closed form: sd / sqrt(n), with divisor n in sd. */
static void error_of_the_mean(void **state)
{
	(void)state;
	static const struct assay_bootstrap_plan plan = {2, 20000, 0.95};
	struct assay_bootstrap got;
	struct assay_err err = {0};
	size_t calls = 0;
	assert_ok(assay_bootstrap(spatial, CHILDREN, mean, &calls, &plan, &got, &err));
	assert_int_equal(calls, 20000 + CHILDREN + 1);
	assert_close(got.standard_error, sqrt(171.5 / CHILDREN), 0.02);
	assert_close(got.hi - got.lo, 2 * 1.96 * got.standard_error, 0.03);
}

/* Whole groups are drawn: the error is that of the group means, however alike their samples are. */
static void error_of_grouped_values(void **state)
{
	(void)state;
	enum { GROUPS = 8, EACH = 25 };
	static const struct assay_bootstrap_plan plan = {3, 20000, 0.95};
	double x[GROUPS * EACH], means[GROUPS];
	uint32_t end[GROUPS];
	size_t calls = 0;
	for (int g = 0; g < GROUPS; g++) {
		for (int i = 0; i < EACH; i++)
			x[g * EACH + i] = 100 + spatial[g] + 0.01 * i;
		means[g] = assay_mean(x + (ptrdiff_t)g * EACH, EACH);
		end[g] = (uint32_t)(g + 1) * EACH;
	}
	struct assay_bootstrap got;
	struct assay_err err = {0};
	assert_ok(assay_bootstrap_groups(x, end, GROUPS, mean, &calls, &plan, &got, &err));
	double want = assay_sd(means, GROUPS) * sqrt((GROUPS - 1.0) / GROUPS / GROUPS);
	assert_close(got.estimate, assay_mean(x, GROUPS * EACH), 1e-14);
	assert_close(got.standard_error, want, 0.02);
	assert_true(got.lo == got.percentile_lo && got.hi == got.percentile_hi);
}

static void same_seed_same_interval(void **state)
{
	(void)state;
	struct assay_bootstrap_plan plan = {4, 500, 0.95};
	struct assay_bootstrap one, two;
	struct assay_err err = {0};
	assert_ok(assay_bootstrap(spatial, CHILDREN, variance, NULL, &plan, &one, &err));
	assert_ok(assay_bootstrap(spatial, CHILDREN, variance, NULL, &plan, &two, &err));
	assert_true(one.lo == two.lo && one.hi == two.hi);
	plan.seed++;
	assert_ok(assay_bootstrap(spatial, CHILDREN, variance, NULL, &plan, &two, &err));
	assert_true(one.lo != two.lo);
}

static void undefined_resamples_are_left_out(void **state)
{
	(void)state;
	static const struct assay_bootstrap_plan plan = {5, 2000, 0.95};
	struct assay_bootstrap got;
	struct assay_err err = {0};
	/* 0 is in a resample with chance 1 - (25/26)^26 = .64, */
	assert_ok(assay_bootstrap(spatial, CHILDREN, needs_zero, NULL, &plan, &got, &err));
	assert_in_range(got.resamples, 1200, 1360);
	assert_close(got.hi, 49, 1e-12);
	/* and in one of 5 of 50 groups with chance .1 at most. */
	double x[50];
	uint32_t end[50];
	for (uint32_t i = 0; i < 50; i++) {
		x[i] = i == 0 ? 0 : 7;
		end[i] = i < 45 ? 0 : 10 * (i - 44);
	}
	assert_ok(assay_bootstrap_groups(x, end, 50, needs_zero, NULL, &plan, &got, &err));
	assert_close(got.estimate, 8, 0);
	assert_true(got.resamples > 0);
}

static void nothing_to_learn(void **state)
{
	(void)state;
	struct assay_bootstrap_plan plan = {6, 100, 0.95};
	static const uint32_t one_group[] = {3};
	static const double gap[] = {1, 2, NAN};
	struct assay_bootstrap got;
	struct assay_err err = {0};
	size_t calls = 0;
	assert_ok(assay_bootstrap(spatial, 0, mean, &calls, &plan, &got, &err));
	assert_true(isnan(got.estimate) && calls == 0);
	assert_ok(assay_bootstrap(spatial, 1, mean, &calls, &plan, &got, &err));
	assert_true(got.estimate == 48 && isnan(got.lo) && isnan(got.standard_error));
	assert_ok(assay_bootstrap(gap, 3, mean, &calls, &plan, &got, &err));
	assert_true(isnan(got.estimate) && isnan(got.lo));
	assert_ok(assay_bootstrap_groups(spatial, one_group, 1, mean, &calls, &plan, &got, &err));
	assert_true(isfinite(got.estimate) && isnan(got.lo));
	assert_ok(assay_bootstrap(spatial, CHILDREN, constant, NULL, &plan, &got, &err));
	assert_true(got.lo == 4 && got.hi == 4 && got.standard_error == 0);
	plan.resamples = 0;
	assert_fails(assay_bootstrap(spatial, 2, mean, &calls, &plan, &got, &err), ASSAY_EUSAGE,
		     "no resamples");
	plan = (struct assay_bootstrap_plan){6, 100, 1};
	assert_fails(assay_bootstrap_groups(spatial, one_group, 1, mean, &calls, &plan, &got, &err),
		     ASSAY_EUSAGE, "confidence 1");
}

static double mean_of(double *x, size_t n, void *context)
{
	(void)context;
	return assay_mean(x, n);
}

/* In other units the interval is the same in those units: nothing in it has a size of its own. */
static void intervals_scale_with_their_values(void **state)
{
	(void)state;
	static const struct assay_bootstrap_plan plan = {5, 500, 0.9};
	double small[CHILDREN], large[CHILDREN];
	struct assay_bootstrap got, scaled;
	struct assay_err err = {0};
	for (size_t i = 0; i < CHILDREN; i++) {
		small[i] = spatial[i] * spatial[i] * 0x1p-30;
		large[i] = small[i] * 0x1p40;
	}
	for (int k = 0; k < 2; k++) {
		assay_statistic *statistic = k ? variance : mean_of;
		double unit = k ? 0x1p80 : 0x1p40;
		assert_ok(assay_bootstrap(small, CHILDREN, statistic, NULL, &plan, &got, &err));
		assert_ok(assay_bootstrap(large, CHILDREN, statistic, NULL, &plan, &scaled, &err));
		assert_close(scaled.lo, got.lo * unit, 1e-12);
		assert_close(scaled.hi, got.hi * unit, 1e-12);
		assert_close(scaled.standard_error, got.standard_error * unit, 1e-12);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(interval_of_efron_and_tibshirani),
		cmocka_unit_test(error_of_the_mean),
		cmocka_unit_test(error_of_grouped_values),
		cmocka_unit_test(same_seed_same_interval),
		cmocka_unit_test(undefined_resamples_are_left_out),
		cmocka_unit_test(nothing_to_learn),
		cmocka_unit_test(intervals_scale_with_their_values),
	};
	return cmocka_run_group_tests_name("resample", tests, NULL, NULL);
}
