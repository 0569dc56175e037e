/* SPDX-License-Identifier: MIT */
/* test_sequential: spending functions, plans over looks, and one p for all looks. */
#include "harness/stats/sequential.h"
#include "tests/t.h"

/*
 * Cumulative levels at alpha .05 and fractions .2, .4, .6, .8, 1 of DeMets & Lan, Statistics in Medicine
 * 1994, computed from their formulae by another program.
 */
static void spending_matches_the_formulae(void **state)
{
	(void)state;
	static const double t[] = {0.2, 0.4, 0.6, 0.8, 1};
	static const double obrien[] = {1.172644684252e-05, 0.001941912996741, 0.01139641846531,
					0.02842963075307, 0.05};
	static const double pocock[] = {0.01476972645602, 0.02615685818058, 0.03542565334312,
					0.04324198625816, 0.05};
	for (size_t i = 0; i < 5; i++) {
		assert_close(assay_spent(ASSAY_SPEND_OBRIEN_FLEMING, 0.05, t[i]), obrien[i], 1e-10);
		assert_close(assay_spent(ASSAY_SPEND_POCOCK, 0.05, t[i]), pocock[i], 1e-10);
		assert_close(assay_spent(ASSAY_SPEND_LINEAR, 0.05, t[i]), 0.05 * t[i], 1e-14);
		assert_close(assay_spent(ASSAY_SPEND_SQUARE, 0.05, t[i]), 0.05 * t[i] * t[i],
			     1e-14);
	}
}

static void nothing_before_and_all_after(void **state)
{
	(void)state;
	for (int s = ASSAY_SPEND_OBRIEN_FLEMING; s <= ASSAY_SPEND_SQUARE; s++) {
		assert_true(assay_spent((enum assay_spending)s, 0.01, 0) == 0);
		assert_true(assay_spent((enum assay_spending)s, 0.01, -1) == 0);
		assert_close(assay_spent((enum assay_spending)s, 0.01, 7), 0.01, 1e-12);
		assert_true(isnan(assay_spent((enum assay_spending)s, 0.01, NAN)));
		assert_true(isnan(assay_spent((enum assay_spending)s, 1, 0.5)));
	}
}

static void plans_spend_all_of_it(void **state)
{
	(void)state;
	static const size_t sizes[] = {8, 12, 18, 27, 40}, bad[] = {8, 8, 9}, zero[] = {0, 4};
	double plan[5];
	for (int s = ASSAY_SPEND_OBRIEN_FLEMING; s <= ASSAY_SPEND_SQUARE; s++) {
		double sum = 0;
		assay_spending_plan((enum assay_spending)s, 0.01, sizes, 5, plan);
		for (size_t i = 0; i < 5; i++) {
			assert_true(plan[i] > 0);
			sum += plan[i];
		}
		assert_close(sum, 0.01, 1e-12);
	}
	assay_spending_plan(ASSAY_SPEND_LINEAR, 0.01, sizes, 5, plan);
	assert_close(plan[3], 0.01 * 9 / 40, 1e-12);
	assay_spending_plan(ASSAY_SPEND_LINEAR, 0.01, bad, 3, plan);
	assert_true(isnan(plan[0]) && isnan(plan[1]) && isnan(plan[2]));
	assay_spending_plan(ASSAY_SPEND_LINEAR, 0.01, zero, 2, plan);
	assert_true(isnan(plan[0]) && isnan(plan[1]));
}

static void one_p_for_all_looks(void **state)
{
	(void)state;
	static const double share[] = {0.1, 0, 0.4, 0.5}, p[] = {0.2, 0, 0.03, 0.01};
	static const double gap[] = {NAN, NAN, 0.03, NAN};
	assert_close(assay_spending_p(p, share, 0), 1, 0);
	assert_close(assay_spending_p(p, share, 2), 1,
		     0); /* .2 / .1 is beyond 1; 0 may spend nothing */
	assert_close(assay_spending_p(p, share, 3), 0.075, 1e-14);
	assert_close(assay_spending_p(p, share, 4), 0.02, 1e-14);
	assert_close(assay_spending_p(gap, share, 4), 0.075, 1e-14);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(spending_matches_the_formulae),
		cmocka_unit_test(nothing_before_and_all_after),
		cmocka_unit_test(plans_spend_all_of_it),
		cmocka_unit_test(one_p_for_all_looks),
	};
	return cmocka_run_group_tests_name("sequential", tests, NULL, NULL);
}
