/* SPDX-License-Identifier: MIT */
/* test_trend: worked examples and the ends of the range. */
#include "harness/stats/trend.h"
#include "tests/t.h"

/* Sen, JASA 1968, section 7: seven points, slope 4, and the least squares line at 4.02 close by. */
static void line_of_sen(void **state)
{
	(void)state;
	static const double t[] = {1, 2, 3, 4, 10, 12, 18}, x[] = {9, 15, 19, 20, 45, 55, 78};
	struct assay_line line;
	struct assay_err err = {0};
	assert_ok(assay_theil_sen(t, x, 7, 0.93, &line, &err));
	assert_close(line.slope, 4, 1e-12);
	assert_close(line.intercept, 20 - 4 * 4, 1e-12);
	/* of the 21 slopes, ranks round((21 - 12.06) / 2) = 4 and round((21 + 12.06) / 2) + 1 = 18 */
	assert_close(line.lo, 26.0 / 7, 1e-12);
	assert_close(line.hi, 35.0 / 8, 1e-12);
}

/* Any three of ten points may lie: the line does not move. */
static void line_stands_outliers(void **state)
{
	(void)state;
	double x[10], y[10];
	struct assay_line line;
	struct assay_err err = {0};
	for (int i = 0; i < 10; i++) {
		x[i] = i;
		y[i] = 3 - 0.5 * i;
	}
	y[0] = 1e9;
	y[9] = -1e9;
	assert_ok(assay_theil_sen(x, y, 10, 0.95, &line, &err));
	assert_close(line.slope, -0.5, 1e-12);
	assert_close(line.intercept, 3, 1e-12);
}

static void no_line(void **state)
{
	(void)state;
	static const double x[] = {1, 1, 2}, y[] = {1, 2, NAN};
	static const struct {
		size_t n;
		double confidence;
	} cases[] = {{0, 0.95}, {1, 0.95}, {2, 0.95}, {3, 0.95}};
	struct assay_line line;
	struct assay_err err = {0};
	for (size_t i = 0; i < ASSAY_COUNT_OF(cases); i++) {
		assert_ok(assay_theil_sen(x, y, cases[i].n, cases[i].confidence, &line, &err));
		assert_true(isnan(line.slope) && isnan(line.intercept) && isnan(line.lo));
	}
	assert_ok(assay_theil_sen(x + 1, y, 2, 1, &line, &err));
	assert_true(isnan(line.slope));
}

/* Gilbert, Statistical Methods for Environmental Pollution Monitoring, 1987, 16.4.1: 10, 15, 14, 20. */
static void trend_of_gilbert(void **state)
{
	(void)state;
	static const double y[] = {10, 15, 14, 20};
	struct assay_trend_test test;
	struct assay_err err = {0};
	assert_ok(assay_mann_kendall(y, 4, &test, &err));
	assert_close(test.s, 4, 0);
	assert_close(test.variance, 4 * 3 * 13 / 18.0, 1e-15);
	assert_close(test.z, 3 / sqrt(4 * 3 * 13 / 18.0), 1e-15);
}

static void trend_of_nothing(void **state)
{
	(void)state;
	static const double y[] = {5, 5, 5, NAN};
	struct assay_trend_test test;
	struct assay_err err = {0};
	for (size_t n = 0; n <= 3; n++) {
		assert_ok(assay_mann_kendall(y, n, &test, &err));
		assert_true(test.s == 0 && test.z == 0 && test.p_two_sided == 1);
	}
	assert_ok(assay_mann_kendall(y, 4, &test, &err));
	assert_true(isnan(test.s) && isnan(test.p_two_sided));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(line_of_sen),      cmocka_unit_test(line_stands_outliers),
		cmocka_unit_test(no_line),          cmocka_unit_test(trend_of_gilbert),
		cmocka_unit_test(trend_of_nothing),
	};
	return cmocka_run_group_tests_name("trend", tests, NULL, NULL);
}
