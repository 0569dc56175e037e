/* SPDX-License-Identifier: MIT */
/* test_distribution: normal, Student's t and binomial against R 4.2.2 and closed forms. */
#include "harness/stats/distribution.h"
#include "tests/t.h"

/* pnorm() */
static void normal_cdf_keeps_its_tails(void **state)
{
	(void)state;
	assert_close(assay_normal_cdf(0), 0.5, 0);
	assert_close(assay_normal_cdf(1.96), 0.9750021048517795, 1e-14);
	assert_close(assay_normal_cdf(-6), 9.865876450376981e-10, 1e-13);
	assert_close(assay_normal_cdf(-20), 2.753624118606234e-89, 1e-12);
	assert_true(isnan(assay_normal_cdf(NAN)));
}

/* qnorm() */
static void normal_quantile_inverts(void **state)
{
	(void)state;
	static const double p[] = {1e-300, 1e-10, 0.025, 0.31, 0.5, 0.69, 0.975, 0.999999};
	assert_close(assay_normal_quantile(0.975), 1.959963984540054, 1e-14);
	assert_close(assay_normal_quantile(1e-10), -6.361340902404056, 1e-14);
	for (size_t i = 0; i < ASSAY_COUNT_OF(p); i++)
		assert_close(assay_normal_cdf(assay_normal_quantile(p[i])), p[i], 1e-12);
	assert_true(assay_normal_quantile(0) == -INFINITY && assay_normal_quantile(1) == INFINITY);
	assert_true(isnan(assay_normal_quantile(-0.1)) && isnan(assay_normal_quantile(1.1)));
	assert_true(isnan(assay_normal_quantile(NAN)));
}

/* df 1 and 2 have closed forms [Abramowitz & Stegun 26.7.3, 26.7.4]. */
static void t_tail_matches_closed_forms(void **state)
{
	(void)state;
	static const double t[] = {0.1, 1, 3.5, 40, 1e6};
	for (size_t i = 0; i < ASSAY_COUNT_OF(t); i++) {
		double two = 1 / ((2 + t[i] * t[i]) * (1 + t[i] / sqrt(2 + t[i] * t[i])));
		assert_close(assay_t_tail(t[i], 1), atan2(1, t[i]) / M_PI, 1e-12);
		assert_close(assay_t_tail(t[i], 2), two, 1e-11);
		assert_close(assay_t_tail(-t[i], 2), 1 - two, 1e-12);
	}
	assert_true(isnan(assay_t_tail(NAN, 3)) && isnan(assay_t_tail(1, 0)));
	assert_close(assay_t_tail(0, 7), 0.5, 1e-15);
}

/* Exact sums of rational terms, and the normal approximation of a million. */
static void binomial_cdf_matches(void **state)
{
	(void)state;
	assert_close(assay_binomial_cdf(10, 0.5, 2), 56.0 / 1024, 1e-13);
	assert_close(assay_binomial_cdf(10, 0.5, 8), 1013.0 / 1024, 1e-13);
	assert_close(assay_binomial_cdf(4, 0.25, 0), 0.31640625, 1e-14);
	assert_close(assay_binomial_cdf(100, 0.9, 70), 2.445112239390966e-08, 1e-11);
	assert_close(assay_binomial_cdf(1000000, 0.5, 499020), 0.0250564, 1e-4);
	assert_close(assay_binomial_cdf(5, 0.3, 5), 1, 0);
	assert_close(assay_binomial_cdf(5, 0, 0), 1, 0);
	assert_true(assay_binomial_cdf(5, 1, 4) == 0);
	assert_true(isnan(assay_binomial_cdf(5, NAN, 2)) && isnan(assay_binomial_cdf(5, 1.5, 2)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(normal_cdf_keeps_its_tails),
		cmocka_unit_test(normal_quantile_inverts),
		cmocka_unit_test(t_tail_matches_closed_forms),
		cmocka_unit_test(binomial_cdf_matches),
	};
	return cmocka_run_group_tests_name("distribution", tests, NULL, NULL);
}
