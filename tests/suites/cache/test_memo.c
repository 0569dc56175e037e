/* SPDX-License-Identifier: MIT */
/* memo: power flow against the published solution, singular values known by hand, results kept exactly. */
#include <math.h>
#include <stdlib.h>

#include "suites/cache/memo.h"
#include "suites/kernels/powerflow.h"
#include "suites/kernels/svd.h"
#include "tests/t.h"

#define DEGREES (180 / 3.14159265358979323846)

static void the_base_case_has_its_published_solution(void **state)
{
	/* per unit and degrees, as the archive lists them */
	static const double published[14][2] = {
		{1.060, 0},      {1.045, -4.98},  {1.010, -12.72}, {1.019, -10.33}, {1.020, -8.78},
		{1.070, -14.22}, {1.062, -13.37}, {1.090, -13.36}, {1.056, -14.94}, {1.051, -15.10},
		{1.057, -14.79}, {1.055, -15.07}, {1.050, -15.16}, {1.036, -16.04}};
	struct grid *grid;
	struct assay_err err = {0};
	double loads[28], voltages[28];
	assert_ok(grid_new(1, &grid, &err));
	grid_base_loads(grid, loads);
	assert_ok(grid_solve(grid, loads, voltages, &err));
	assert_true(grid_mismatch(grid, loads, voltages) < 1e-8);
	for (size_t i = 0; i < 14; i++) {
		assert_true(fabs(voltages[2 * i] - published[i][0]) < 0.002);
		assert_true(fabs(voltages[2 * i + 1] * DEGREES - published[i][1]) < 0.05);
	}
	loads[0] += 0.5; /* at the slack bus a load changes nothing else */
	assert_true(grid_mismatch(grid, loads, voltages) < 1e-8);
	loads[7 * 2] += 0.1;
	assert_true(grid_mismatch(grid, loads, voltages) > 0.09);
	for (size_t i = 0; i < 28; i++)
		loads[i] *= 20;
	assert_fails(grid_solve(grid, loads, voltages, &err), ASSAY_ECHECK, "power flow");
	grid_free(grid);
}

static void copies_of_it_are_solved_together(void **state)
{
	struct grid *grid;
	struct assay_err err = {0};
	assert_ok(grid_new(8, &grid, &err));
	assert_int_equal(grid_buses(grid), 112);
	double *loads = calloc(224, sizeof(*loads)), *voltages = calloc(224, sizeof(*voltages));
	grid_base_loads(grid, loads);
	assert_ok(grid_solve(grid, loads, voltages, &err));
	assert_true(grid_mismatch(grid, loads, voltages) < 1e-8);
	free(loads);
	free(voltages);
	grid_free(grid);
	assert_fails(grid_new(0, &grid, &err), ASSAY_EUSAGE, "copies");
}

static void singular_values_are_known_ones(void **state)
{
	double values[3];
	double diagonal[] = {0, -3, 0, 2, 0, 0, 0, 0, 5};
	assert_true(svd_values(diagonal, 3, values) > 0);
	assert_close(values[0], 5, 1e-14);
	assert_close(values[1], 3, 1e-14);
	assert_close(values[2], 2, 1e-14);
	double two[] = {3, 0, 4, 5}; /* squares 45 and 5 */
	assert_true(svd_values(two, 2, values) > 0);
	assert_close(values[0] * values[0], 45, 1e-13);
	assert_close(values[1] * values[1], 5, 1e-13);
	double rank_one[] = {1, 2, 3, 2, 4, 6, 3, 6, 9};
	assert_true(svd_values(rank_one, 3, values) > 0);
	assert_close(values[0], 14, 1e-13);
	assert_true(values[1] < 1e-12 && values[2] < 1e-12);
}

static void results_are_kept_by_the_whole_input(void **state)
{
	struct memo *memo;
	struct assay_err err = {0};
	assert_ok(memo_new(1, 3, 2, &memo, &err)); /* one place: everything collides */
	const double a[] = {1, 2, 3}, b[] = {1, 2, 4}, out[] = {7, 8}, other[] = {9, 10};
	assert_null(memo_get(memo, a));
	memo_put(memo, a, out);
	assert_null(memo_get(memo, b));
	assert_non_null(memo_get(memo, a));
	assert_close(memo_get(memo, a)[1], 8, 0);
	memo_put(memo, b, other);
	assert_null(memo_get(memo, a));
	assert_close(memo_get(memo, b)[0], 9, 0);
	memo_free(memo);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_base_case_has_its_published_solution),
		cmocka_unit_test(copies_of_it_are_solved_together),
		cmocka_unit_test(singular_values_are_known_ones),
		cmocka_unit_test(results_are_kept_by_the_whole_input),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
