/* SPDX-License-Identifier: MIT */
/* Estimates against values computed by R 4.2.2; each table names the call. */
#include "harness/stats/distribution.h"
#include "harness/stats/estimate.h"
#include "tests/t.h"

static const double normal[] = {97.4306,  98.2563, 99.8571, 97.6457, 101.1539, 94.8677,
				104.1483, 92.1451, 94.4342, 93.2528, 109.1952, 100.3765};
static const double heavy[] = {-0.4816118, 0.1004116,  -24.96334, -0.03889745, 0.9237676,
			       1.41064,    2.572891,   0.6173708, -0.03616334, 1.245197,
			       4.976744,   7.822653,   -1.455792, -0.6339763,  -0.5153253,
			       7.334292,   -0.4323176, 0.7249461, 1.597608,    -1.115743};
static const double tiny[] = {1.82644e-09, 1.64547e-09, 2.1328e-09,  1.81286e-09, 3.89104e-09,
			      2.29019e-09, 2.09777e-09, 3.29426e-09, 2.97422e-09, 2.48841e-09,
			      1.11464e-09, 2.10395e-09, 1.22971e-09, 2.54838e-09, 6.4817e-10};
static const double ties[] = {6, 5, 3, 6, 2, 6, 5, 5, 4, 6, 6, 1};
static const double six[] = {0.94046, -1.44262, -0.34571, -0.25068, -0.38591, 0.22499};
static const double large[] = {286788151604, 312125844325, 301823646000, 374544846548, 267855799420,
			       284745505169, 369690713524, 249230757692, 315114128284};

enum { MOST = 64 };

static const double *sorted(const double *x, size_t n, double copy[MOST])
{
	memcpy(copy, x, n * sizeof(*x));
	assay_sort(copy, n);
	return copy;
}

/* quantile(x, p, type = 7) */
static void quantile_matches_r(void **state)
{
	static const double p[] = {0, 0.25, 0.5, 0.75, 1};
	static const double want[] = {92.1451, 94.759325, 97.951, 100.570850, 109.1952};
	double x[MOST];
	sorted(normal, 12, x);
	for (size_t i = 0; i < 5; i++)
		assert_close(assay_quantile(x, 12, p[i]), want[i], 1e-12);
	sorted(large, 9, x);
	assert_close(assay_quantile(x, 9, 0.05), 256680774383.2, 1e-12);
	assert_close(assay_quantile(x, 9, 0.95), 372603193338.4, 1e-12);
	assert_close(assay_quantile((const double[]){3.25}, 1, 0.5), 3.25, 0);
	assert_true(isnan(assay_quantile(x, 0, 0.5)));
	assert_true(isnan(assay_median(x, 0)));
	assert_close(assay_median(sorted(normal, 12, x), 12), 97.951, 1e-12);
}

/* Ranks from pbinom(k - 1, n, 0.5). */
static void median_interval_matches_r(void **state)
{
	static const struct {
		const double *x;
		size_t n;
		double confidence, lo, hi;
	} cases[] = {
		{six, 6, 0.95, -1.44262, 0.94046},
		{ties, 12, 0.95, 3, 6},
		{tiny, 15, 0.99, 1.22971e-09, 2.97422e-09},
		{heavy, 20, 0.95, -0.4816118, 1.41064},
		/* too few for the confidence: all there is */
		{six, 5, 0.95, -1.44262, 0.94046},
		{six, 1, 0.95, 0.94046, 0.94046},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		double x[MOST], lo, hi;
		sorted(cases[i].x, cases[i].n, x);
		assay_median_interval(x, cases[i].n, cases[i].confidence, &lo, &hi);
		assert_close(lo, cases[i].lo, 0);
		assert_close(hi, cases[i].hi, 0);
	}
}

/* qbinom(0.025, 1e6, 0.5) = 499020: the ranks of a million samples, which no table holds. */
static void median_interval_of_a_million(void **state)
{
	enum { N = 1000000 };
	double *x = test_malloc(N * sizeof(*x)), lo, hi;
	for (size_t i = 0; i < N; i++)
		x[i] = (double)(i + 1);
	assay_median_interval(x, N, 0.95, &lo, &hi);
	test_free(x);
	assert_close(lo, 499020, 0);
	assert_close(hi, N + 1 - 499020, 0);
}

/* mean(x), sd(x), mad(x, constant = 1) */
static void spread_matches_r(void **state)
{
	double x[MOST], scratch[MOST];
	sorted(normal, 12, x);
	assert_close(assay_sd(x, 12), 4.84508390167213, 1e-12);
	assert_close(assay_mad(x, 12, scratch), 4.65996006 / 1.4826, 1e-12);
	sorted(large, 9, x);
	assert_close(assay_mad(x, 9, scratch), 25320051596.0406 / 1.4826, 1e-12);
	assert_close(assay_sd((const double[]){-3.5, 0, -1.25, 0, 2}, 5), 2.018662923818635, 1e-12);
	assert_close(assay_sd((const double[]){0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1}, 7), 0, 0);
	assert_close(assay_sd(x, 1), 0, 0);
	assert_close(assay_mean((const double[]){0.3, 0.1, 0.2}, 3), 0.2, 1e-15);
	assert_true(isnan(assay_mean(x, 0)));
}

/* NIST NumAcc4: mean 10000000.2 and standard deviation 0.1 exactly, where one pass loses all digits. */
static void spread_survives_a_large_mean(void **state)
{
	enum { N = 1001 };
	double x[N];
	for (size_t i = 0; i < N; i++)
		x[i] = i == 0 ? 10000000.2 : i % 2 ? 10000000.1 : 10000000.3;
	assert_close(assay_mean(x, N), 10000000.2, 1e-15);
	assert_close(assay_sd(x, N), 0.1, 1e-7);
}

/*
 * df 1, 2 and 4 have closed forms, 10 and 30 a finite series [Abramowitz & Stegun 26.7.4] (summed with 40
 * digits), 1e6 the expansion
 * about the normal quantile [26.7.5].
 */
static void t_quantile_matches(void **state)
{
	static const double p[] = {0.6, 0.9, 0.975, 0.995, 0.9999};
	for (size_t i = 0; i < 5; i++) {
		double a = 4 * p[i] * (1 - p[i]);
		double cosine = cos(acos(sqrt(a)) / 3) / sqrt(a);
		assert_close(assay_t_quantile(p[i], 1), tan(M_PI * (p[i] - 0.5)), 1e-11);
		assert_close(assay_t_quantile(p[i], 2), (2 * p[i] - 1) * sqrt(2 / a), 1e-11);
		assert_close(assay_t_quantile(p[i], 4), 2 * sqrt(cosine - 1), 1e-10);
		assert_close(assay_t_quantile(1 - p[i], 4), -assay_t_quantile(p[i], 4), 1e-12);
	}
	assert_close(assay_t_quantile(0.975, 10), 2.228138851986275, 1e-13);
	assert_close(assay_t_quantile(0.975, 30), 2.042272456301238, 1e-13);
	assert_close(assay_t_quantile(0.995, 10), 3.169272672616951, 1e-13);
	assert_close(assay_t_quantile(0.975, 1e6), 1.9599663568141064, 1e-10);
	assert_true(assay_t_quantile(0.5, 7) < 1e-9);
	assert_true(isnan(assay_t_quantile(0, 3)));
	assert_true(isnan(assay_t_quantile(0.5, 0)));
}

/*
 * t.test(x, y, var.equal = FALSE)$p.value: at confidence 1 - p the interval ends exactly at zero,
 * whatever the fractional degrees of freedom.
 */
static void welch_matches_p_values_of_r(void **state)
{
	static const double x3[] = {2.77455, 2.62994, 2.81115}, y3[] = {-0.7595, 1.44913, 1.57223};
	static const double x5[] = {1.12957, 2.46164, 10.5471, 3.36972, 14.6578};
	static const double y8[] = {4.71302, 1.32204, 8.47109,  10.5463,
				    6.32931, 2.57358, 0.387288, 0.457616};
	struct assay_interval i = assay_welch(y3, 3, x3, 3, 1 - 0.11927322549345738);
	assert_true(fabs(i.lo) < 1e-9 * i.estimate);
	i = assay_welch(y8, 8, x5, 5, 1 - 0.5064399308366002);
	assert_true(fabs(i.lo) < 1e-9 * i.estimate);
	assert_close(i.hi, 2 * i.estimate, 1e-9);
}

/* t.test(extra ~ group, data = sleep): Student's own data. */
static void welch_of_the_sleep_data(void **state)
{
	static const double one[] = {0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0};
	static const double two[] = {1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4};
	struct assay_interval i = assay_welch(two, 10, one, 10, 0.95);
	assert_close(i.estimate, -1.58, 1e-12);
	assert_close(i.lo, -3.3654832, 1e-7);
	assert_close(i.hi, 0.2054832, 1e-6);
}

static void welch_knows_when_it_knows_nothing(void **state)
{
	static const double one[] = {1}, same[] = {2, 2, 2};
	struct assay_interval i = assay_welch(one, 1, same, 3, 0.95);
	assert_true(isinf(i.lo) && i.lo < 0 && isinf(i.hi) && i.hi > 0);
	i = assay_welch(same, 3, same, 3, 0.95);
	assert_close(i.estimate, 0, 0);
	assert_true(i.lo == 0 && i.hi == 0);
}

/* t.test(extra ~ group, data = sleep): t = -1.8608, df = 17.776, p = 0.07939. */
static void welch_test_of_the_sleep_data(void **state)
{
	static const double one[] = {0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0};
	static const double two[] = {1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4};
	struct assay_t_test test = assay_welch_test(one, 10, two, 10);
	assert_close(test.t, -1.8608, 1e-4);
	assert_close(test.df, 17.776, 1e-4);
	assert_close(test.p_two_sided, 0.07939, 1e-4);
	assert_close(test.p_less, test.p_two_sided / 2, 1e-12);
	assert_close(test.p_greater, 1 - test.p_less, 1e-12);
	test = assay_welch_test(one, 1, two, 10);
	assert_true(isnan(test.t) && isnan(test.p_two_sided));
}

/* A NaN is never a spread of zero, a mean, or a verdict. */
static void nan_spreads(void **state)
{
	static const double x[] = {1, NAN, 2}, y[] = {1, 2, 4};
	assert_true(isnan(assay_mean(x, 3)) && isnan(assay_sd(x, 3)));
	assert_true(isnan(assay_welch_test(x, 3, y, 3).p_greater));
	assert_true(isnan(assay_welch(x, 3, y, 3, 0.95).lo));
}

/* Where a quantile is a value itself its neighbour has no part in it, and one value is every quantile. */
static void quantiles_at_the_edge(void **state)
{
	(void)state;
	static const double x[] = {1, INFINITY}, y[] = {1, 2, 5};
	assert_true(assay_quantile(x, 2, 0) == 1 && assay_quantile(x, 2, 0.5) == INFINITY);
	assert_true(assay_quantile(y, 3, 0.5) == 2 && assay_quantile(y, 3, 1) == 5);
	assert_close(assay_quantile(y, 3, 0.75), 3.5, 1e-15);
	assert_true(assay_quantile(y, 1, 0) == 1 && assay_quantile(y, 1, 1) == 1);
	assert_true(assay_sd(y, 1) == 0 && assay_sd(y, 0) == 0);
	assert_close(assay_sd(y, 2), sqrt(0.5), 1e-15);
	double scratch[3], lo, hi;
	assert_true(assay_mad(y, 3, scratch) == 1);
	assay_median_interval(y, 0, 0.95, &lo, &hi);
	assert_true(isnan(lo) && isnan(hi));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(quantile_matches_r),
		cmocka_unit_test(median_interval_matches_r),
		cmocka_unit_test(median_interval_of_a_million),
		cmocka_unit_test(spread_matches_r),
		cmocka_unit_test(spread_survives_a_large_mean),
		cmocka_unit_test(t_quantile_matches),
		cmocka_unit_test(welch_matches_p_values_of_r),
		cmocka_unit_test(welch_of_the_sleep_data),
		cmocka_unit_test(welch_knows_when_it_knows_nothing),
		cmocka_unit_test(welch_test_of_the_sleep_data),
		cmocka_unit_test(nan_spreads),
		cmocka_unit_test(quantiles_at_the_edge),
	};
	return cmocka_run_group_tests_name("estimate", tests, NULL, NULL);
}
