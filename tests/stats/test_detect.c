/* SPDX-License-Identifier: MIT */
/* test_detect: Montgomery's charts, outliers, gaps. */
#include "tests/t.h"
#include "harness/stats/detect.h"

/* Montgomery, Introduction to Statistical Quality Control, table 9.1: shift of one sd after 20. */
static const double montgomery[] = {
	9.45,  7.99,  9.29,  11.66, 12.16, 10.18, 8.04,  11.46, 9.20,  10.34,
	9.03,  11.47, 10.51, 9.40,  10.08, 9.37,  10.62, 10.31, 8.52,  10.84,
	10.90, 9.33,  12.29, 11.50, 10.60, 11.08, 10.38, 11.62, 11.31, 10.52,
};
enum { SAMPLES = ASSAY_COUNT_OF(montgomery) };

/* Table 9.2: K = .5, H = 5 signal at sample 29, where C+ = 5.28; at 30 it is 5.30. */
static void cusum_of_montgomery(void **state)
{
	(void)state;
	static const struct assay_cusum chart = {10, 1, 0.5, 5};
	double up[SAMPLES], down[SAMPLES];
	struct assay_alarms alarms = assay_cusum(&chart, montgomery, SAMPLES, up, down);
	assert_int_equal(alarms.up, 28);
	assert_int_equal(alarms.first, 28);
	assert_true(alarms.down == ASSAY_NO_ALARM);
	assert_close(up[28], 5.28, 1e-9);
	assert_close(up[29], 5.30, 1e-9);
	assert_close(down[1], 1.56, 1e-9);
}

/* Table 9.10: lambda = .1, L = 2.7: z1 = 9.945, z2 = 9.7495, limits 10 +- .27, .36, ..., .62. */
static void ewma_of_montgomery(void **state)
{
	(void)state;
	static const struct assay_ewma chart = {10, 1, 0.1, 2.7};
	double z[SAMPLES], limit[SAMPLES];
	assert_int_equal(assay_ewma(&chart, montgomery, SAMPLES, z, limit), 28);
	assert_close(z[0], 9.945, 1e-12);
	assert_close(z[1], 9.7495, 1e-12);
	assert_close(z[28], 10.646823454576364, 1e-13);
	assert_close(limit[0], 0.27, 1e-12);
	assert_close(limit[1], 0.363, 1e-3);
	assert_close(limit[SAMPLES - 1], 2.7 * sqrt(0.1 / 1.9), 1e-3);
}

/* Iglewicz & Hoaglin 1993, 3.3: 8.2 and 8.3 among ten values; median 2.45, MAD .15. */
static void robust_z_of_iglewicz_and_hoaglin(void **state)
{
	(void)state;
	static const double x[] = {2.1, 2.6, 2.4, 2.5, 2.3, 2.1, 2.3, 2.6, 8.2, 8.3};
	double z[10];
	struct assay_err err = {0};
	assert_ok(assay_robust_z(x, 10, z, &err));
	for (int i = 0; i < 8; i++)
		assert_true(fabs(z[i]) < 3.5);
	assert_close(z[8], 0.6745 * 5.75 / 0.15, 1e-4);
	assert_close(z[9], 0.6745 * 5.85 / 0.15, 1e-4);
}

static void half_equal_makes_the_rest_infinitely_far(void **state)
{
	(void)state;
	double x[] = {3, 3, 3, 3, 2, 4, NAN};
	struct assay_err err = {0};
	assert_ok(assay_robust_z(x, 7, x, &err)); /* in place */
	assert_true(x[0] == 0 && x[4] == -INFINITY && x[5] == INFINITY && isnan(x[6]));
	assert_ok(assay_robust_z(x, 0, x, &err));
}

/* A gap changes nothing for the points around it. */
static void gaps_are_passed_over(void **state)
{
	(void)state;
	enum { N = 2 * SAMPLES };
	static const struct assay_cusum cusum = {10, 1, 0.5, 5};
	static const struct assay_ewma ewma = {10, 1, 0.1, 2.7};
	double x[N], up[N], down[N], want_up[SAMPLES], want_down[SAMPLES];
	for (int i = 0; i < N; i++)
		x[i] = i % 2 ? montgomery[i / 2] : NAN;
	assay_cusum(&cusum, montgomery, SAMPLES, want_up, want_down);
	assert_int_equal(assay_cusum(&cusum, x, N, up, down).up, 2 * 28 + 1);
	assert_true(isnan(up[0]) && up[1] == want_up[0] && down[3] == want_down[1]);
	assert_int_equal(assay_ewma(&ewma, x, N, up, down), 2 * 28 + 1);
	size_t want = assay_page_hinkley(montgomery, SAMPLES, 0.1, 4, want_up, want_down).up;
	assert_true(want != ASSAY_NO_ALARM);
	assert_int_equal(assay_page_hinkley(x, N, 0.1, 4, up, down).up, 2 * want + 1);
	assert_true(isnan(down[0]) && down[1] == want_down[0]);
}

/* Half the window around a gap is still a window; the gap itself is never flagged. */
static void hampel_sees_past_gaps(void **state)
{
	(void)state;
	static const double x[] = {1, 1.1, NAN, 0.9, 40, 1, 1.05, NAN};
	static const double gaps[] = {NAN, NAN};
	uint8_t flags[8];
	size_t count;
	struct assay_err err = {0};
	assert_ok(assay_hampel(x, 8, 3, 3, flags, &count, &err));
	assert_int_equal(count, 1);
	assert_int_equal(flags[4], 1);
	assert_ok(assay_hampel(gaps, 2, 1, 3, flags, &count, &err));
	assert_int_equal(count, 0);
	assert_ok(assay_hampel(x, 8, SIZE_MAX, 3, flags, &count, &err));
	assert_int_equal(count, 1);
	assert_ok(assay_hampel(x, 0, 3, 3, flags, &count, &err));
	assert_int_equal(count, 0);
}

static void charts_without_spread(void **state)
{
	(void)state;
	static const double x[] = {1, 1, 1.5};
	static const struct assay_cusum cusum = {1, 0, 0.5, 5};
	static const struct assay_ewma ewma = {1, 0, 0.1, 3};
	double up[3], down[3];
	assert_true(assay_cusum(&cusum, x, 3, up, down).first == ASSAY_NO_ALARM);
	assert_true(isnan(up[2]) && isnan(down[2]));
	assert_int_equal(assay_ewma(&ewma, x, 3, up, down), 2); /* any move is one */
	assert_true(assay_ewma(&ewma, x, 0, up, down) == ASSAY_NO_ALARM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cusum_of_montgomery),
		cmocka_unit_test(ewma_of_montgomery),
		cmocka_unit_test(robust_z_of_iglewicz_and_hoaglin),
		cmocka_unit_test(half_equal_makes_the_rest_infinitely_far),
		cmocka_unit_test(gaps_are_passed_over),
		cmocka_unit_test(hampel_sees_past_gaps),
		cmocka_unit_test(charts_without_spread),
	};
	return cmocka_run_group_tests_name("detect", tests, NULL, NULL);
}
