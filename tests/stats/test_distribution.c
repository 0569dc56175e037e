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

/* For an even number of degrees of freedom there is a finite sum [Abramowitz & Stegun 26.7.4]. */
static void t_tail_matches_finite_sums(void **state)
{
	(void)state;
	static const int df[] = {4, 10, 60, 1998, 2000, 2002, 3000, 20000};
	static const double t[] = {0.3, 1, 1.96, 3};
	for (size_t i = 0; i < ASSAY_COUNT_OF(df); i++)
		for (size_t j = 0; j < ASSAY_COUNT_OF(t); j++) {
			double angle = atan(t[j] / sqrt(df[i])), square = cos(angle) * cos(angle);
			double term = 1, sum = 1;
			for (int k = 1; k <= df[i] / 2 - 1; k++)
				sum += term *= square * (2 * k - 1) / (2 * k);
			assert_close(assay_t_tail(t[j], df[i]), (1 - sin(angle) * sum) / 2, 2e-10);
			assert_close(assay_t_quantile((1 + sin(angle) * sum) / 2, df[i]), t[j],
				     1e-9);
		}
}

/* Tails far out, where nothing may be lost: the integral of the density, by its leading terms for df 1 and 2. */
static void t_tails_far_out(void **state)
{
	(void)state;
	assert_close(assay_t_tail(1e8, 1), 1e-8 / M_PI, 1e-12);
	assert_close(assay_t_tail(1e8, 2), 0.5e-16, 1e-10);
	/* so many degrees that it is the normal distribution and a little [Abramowitz & Stegun 26.7.5] */
	double more = exp(-1.96 * 1.96 / 2) / sqrt(2 * M_PI) * (pow(1.96, 3) + 1.96) / 4e8;
	assert_close(assay_t_tail(1.96, 1e8), assay_normal_cdf(-1.96) + more, 1e-8);
	assert_true(assay_t_tail(1e200, 3) == 0 && assay_t_tail(-1e200, 3) == 1);
	assert_close(assay_t_quantile(0.5, 3) + 1, 1, 1e-12);
	assert_close(assay_t_quantile(0.001, 1), -1 / tan(0.001 * M_PI), 1e-10);
	static const double bad[] = {0, 1, -0.1, 1.1, NAN};
	for (size_t i = 0; i < ASSAY_COUNT_OF(bad); i++)
		assert_true(isnan(assay_t_quantile(bad[i], 3)));
	assert_true(isnan(assay_t_quantile(0.3, 0)) && isnan(assay_t_quantile(0.3, -1)));
	assert_true(isnan(assay_t_tail(1, -1)) && isnan(assay_t_tail(1, NAN)));
}

/* Every sum of the terms themselves, from both ends. */
static void binomial_cdf_is_the_sum_of_its_terms(void **state)
{
	(void)state;
	enum { N = 23 };
	static const double p[] = {0.02, 0.3, 0.5, 0.77, 0.999};
	for (size_t i = 0; i < ASSAY_COUNT_OF(p); i++) {
		double ways = 1, below = 0;
		for (int k = 0; k <= N; k++) {
			below += ways * pow(p[i], k) * pow(1 - p[i], N - k);
			assert_true(fabs(assay_binomial_cdf(N, p[i], (size_t)k) - below) < 1e-13);
			if (below < 0.1)
				assert_close(assay_binomial_cdf(N, p[i], (size_t)k), below, 1e-11);
			ways *= (double)(N - k) / (k + 1);
		}
	}
	assert_true(isnan(assay_binomial_cdf(5, -0.1, 2)));
	assert_close(assay_binomial_cdf(5, 1, 5), 1, 0);
	assert_close(assay_binomial_cdf(5, 0.3, 9), 1, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(normal_cdf_keeps_its_tails),
		cmocka_unit_test(normal_quantile_inverts),
		cmocka_unit_test(t_tail_matches_closed_forms),
		cmocka_unit_test(binomial_cdf_matches),
		cmocka_unit_test(t_tail_matches_finite_sums),
		cmocka_unit_test(t_tails_far_out),
		cmocka_unit_test(binomial_cdf_is_the_sum_of_its_terms),
	};
	return cmocka_run_group_tests_name("distribution", tests, NULL, NULL);
}
