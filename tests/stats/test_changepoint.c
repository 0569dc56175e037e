/* SPDX-License-Identifier: MIT */
/* test_changepoint: a famous change, the null table by other means, and what must not alarm. */
#include "harness/stats/changepoint.h"

#include "harness/base/rng.h"
#include "harness/stats/distribution.h"
#include "tests/stats/scan_null.h"
#include "tests/t.h"

static const double levels[] = {0.05, 0.01, 0.001};
static const struct assay_change_policy policy = {0.001, 0.01, 2};

/* Annual flow of the Nile at Aswan from 1871; Cobb, Biometrika 1978: it fell after 1898. */
static const double nile[] = {
	1120, 1160, 963, 1210, 1160, 1160, 813,  1230, 1370, 1140, 995,  935,  1110, 994,  1020,
	960,  1180, 799, 958,  1140, 1100, 1210, 1150, 1250, 1260, 1220, 1030, 1100, 774,  840,
	874,  694,  940, 833,  701,  916,  692,  1020, 1050, 969,  831,  726,  456,  824,  702,
	1120, 1100, 832, 764,  821,  768,  845,  864,  862,  698,  845,  744,  796,  1040, 759,
	781,  865,  845, 944,  984,  897,  822,  1010, 771,  676,  649,  846,  812,  742,  801,
	1040, 860,  874, 848,  890,  744,  749,  838,  1050, 918,  986,  797,  923,  975,  815,
	1020, 906,  901, 1170, 912,  746,  919,  718,  714,  740,
};
enum { YEARS = ASSAY_COUNT_OF(nile) };

static void nile_changes_once_after_1898(void **state)
{
	(void)state;
	struct assay_change changes[4];
	size_t n;
	struct assay_err err = {0};
	assert_ok(assay_change_points(nile, YEARS, &policy, changes, 4, &n, &err));
	assert_int_equal(n, 1);
	assert_int_equal(changes[0].at, 1899 - 1871);
	assert_true(changes[0].from <= changes[0].at && changes[0].at <= changes[0].to);
	assert_true(changes[0].lo < changes[0].effect && changes[0].effect < changes[0].hi);
	assert_true(changes[0].effect < -200 && changes[0].hi < -100);
}

/* The table against sums over all orders: exact for these n. */
static void table_is_exact_for_small_n(void **state)
{
	(void)state;
	for (size_t n = ASSAY_SCAN_LEAST; n <= 13; n++) {
		for (size_t i = 0; i < 3; i++) {
			double critical = assay_scan_critical(n, levels[i]);
			double exact = scan_critical_value(n, levels[i], NULL, 0);
			if (isinf(exact))
				assert_true(isinf(critical));
			else
				assert_true(critical >= exact && critical < exact + 1.1e-4);
		}
	}
	/* One split of 4 and 4: only the two extreme orders, 2 / 70, lie beyond. */
	assert_close(scan_exact_tail(8, assay_scan_critical(8, 0.05)), 2.0 / 70, 1e-12);
	assert_true(isinf(assay_scan_critical(8, 0.01)));
}

/* The table against random orders that did not make it: five standard errors. */
static void table_holds_for_large_n(void **state)
{
	(void)state;
	enum { TRIALS = 40000 };
	static const size_t sizes[] = {20, 21, 35, 60};
	double *statistic = test_malloc(TRIALS * sizeof(*statistic));
	for (size_t s = 0; s < ASSAY_COUNT_OF(sizes); s++) {
		scan_simulate(sizes[s], TRIALS, 99 + s, statistic);
		for (size_t i = 0; i < 3; i++) {
			double critical = assay_scan_critical(sizes[s], levels[i]), beyond = 0;
			for (size_t t = 0; t < TRIALS; t++)
				beyond += statistic[t] > critical;
			double error = sqrt(levels[i] / TRIALS);
			assert_true(fabs(beyond / TRIALS - levels[i]) <
				    5 * error + 0.15 * levels[i]);
		}
	}
	test_free(statistic);
}

/* The walk over sets and the walk over orders know the same distribution. */
static void both_nulls_agree(void **state)
{
	(void)state;
	enum { TRIALS = 40000, N = 12 };
	double *statistic = test_malloc(TRIALS * sizeof(*statistic));
	scan_simulate(N, TRIALS, 5, statistic);
	for (double bound = 1; bound < 3; bound += 0.25) {
		double beyond = 0, exact = scan_exact_tail(N, bound);
		for (size_t t = 0; t < TRIALS; t++)
			beyond += statistic[t] > bound + 1e-9;
		assert_true(fabs(beyond / TRIALS - exact) < 5 * sqrt(0.25 / TRIALS));
	}
	test_free(statistic);
}

static double noise(struct assay_rng *rng)
{
	return assay_normal_quantile(assay_rng_unit(rng) * (1 - 0x1p-40) + 0x1p-41);
}

/* Changes in the middle of noise of 1 %: found, in order, at the right place or beside it. */
static void several_changes_are_found_in_order(void **state)
{
	(void)state;
	enum { N = 120 };
	static const struct assay_change_policy one_percent = {0.001, 0.01, 2};
	double x[N];
	struct assay_rng rng;
	struct assay_change changes[8];
	size_t n;
	struct assay_err err = {0};
	assay_rng_init(&rng, 1);
	for (int i = 0; i < N; i++)
		x[i] = 0.01 * noise(&rng) + (i >= 40 ? 0.05 : 0) - (i >= 90 ? 0.08 : 0);
	assert_ok(assay_change_points(x, N, &one_percent, changes, 8, &n, &err));
	assert_int_equal(n, 2);
	assert_in_range(changes[0].at, 39, 41);
	assert_in_range(changes[1].at, 89, 91);
	assert_true(changes[0].effect > 0.03 && changes[1].effect < -0.05);
	/* More than there is room for are still counted. */
	assert_ok(assay_change_points(x, N, &one_percent, changes, 1, &n, &err));
	assert_int_equal(n, 2);
}

/*
 * The first is noticed six points late, at 46; the second, at 50, only shows against the points from 40
 * on, four of which had passed by then.
 */
static void points_since_a_change_are_not_forgotten(void **state)
{
	(void)state;
	double x[80];
	struct assay_change changes[4];
	size_t n;
	struct assay_err err = {0};
	for (int i = 0; i < 80; i++)
		x[i] = 1e-4 * (i * 37 % 80) + (i >= 40 ? 0.1 : 0) + (i >= 50 ? 0.1 : 0);
	assert_ok(assay_change_points(x, 46, &policy, changes, 4, &n, &err));
	assert_int_equal(n, 1);
	assert_ok(assay_change_points(x, 45, &policy, changes, 4, &n, &err));
	assert_int_equal(n, 0);
	assert_ok(assay_change_points(x, 80, &policy, changes, 4, &n, &err));
	assert_int_equal(n, 2);
	assert_int_equal(changes[0].at, 40);
	assert_int_equal(changes[1].at, 50);
}

/* 150 series of 100 points that never change: a few in a hundred may alarm, as was measured. */
static void quiet_series_stay_quiet(void **state)
{
	(void)state;
	enum { SERIES = 150, N = 100 };
	struct assay_rng rng;
	struct assay_err err = {0};
	size_t alarmed = 0;
	assay_rng_init(&rng, 2);
	for (int s = 0; s < SERIES; s++) {
		double x[N];
		struct assay_change change;
		size_t n;
		for (int i = 0; i < N; i++)
			x[i] = 0.01 * noise(&rng);
		assert_ok(assay_change_points(x, N, &policy, &change, 1, &n, &err));
		alarmed += n > 0;
	}
	assert_true(alarmed <= SERIES * 8 / 100);
}

/* The same series with gaps has its change at the same point. */
static void gaps_stay_gaps(void **state)
{
	(void)state;
	double x[2 * YEARS];
	struct assay_change change;
	size_t n;
	struct assay_err err = {0};
	for (size_t i = 0; i < 2 * YEARS; i++)
		x[i] = i % 2 ? NAN : nile[i / 2];
	assert_ok(assay_change_points(x, 2 * YEARS, &policy, &change, 1, &n, &err));
	assert_int_equal(n, 1);
	assert_int_equal(change.at, 2 * 28);
}

static void small_effects_are_not_changes(void **state)
{
	(void)state;
	double x[20];
	struct assay_change change;
	bool found;
	struct assay_err err = {0};
	for (int i = 0; i < 20; i++)
		x[i] = 0.0001 * (i % 3) + (i >= 10 ? 0.009 : 0);
	assert_ok(assay_find_change(x, 20, &policy, &found, &change, &err));
	assert_false(found);
	const struct assay_change_policy sensitive = {0.001, 0.005, 2};
	assert_ok(assay_find_change(x, 20, &sensitive, &found, &change, &err));
	assert_true(found);
	assert_int_equal(change.at, 10);
	const struct assay_change_policy wide = {0.001, 0, 1000};
	assert_ok(assay_find_change(x, 20, &wide, &found, &change, &err));
	assert_false(found);
}

static void nothing_to_scan(void **state)
{
	(void)state;
	double same[60] = {0};
	struct assay_change change;
	bool found = true;
	struct assay_err err = {0};
	assert_ok(assay_find_change(same, 0, &policy, &found, &change, &err));
	assert_false(found);
	assert_ok(assay_find_change(same, 7, &policy, &found, &change, &err));
	assert_false(found);
	assert_ok(assay_find_change(same, 60, &policy, &found, &change, &err));
	assert_false(found);
	assert_true(isnan(assay_scan(same, 7).statistic) && isnan(assay_scan(same, 61).statistic));
	assert_close(assay_scan(same, 60).statistic, 0, 0);
	assert_true(isnan(assay_scan_critical(30, 0.02)) && isnan(assay_scan_critical(7, 0.05)));
	const struct assay_change_policy odd = {0.02, 0.01, 2};
	assert_fails(assay_find_change(same, 60, &odd, &found, &change, &err), ASSAY_EUSAGE,
		     "level 0.02 has no table");
}

/* The same step up and down: both places are as good, and the first is taken. Below the least there is none. */
static void ties_and_too_few(void **state)
{
	(void)state;
	double x[30];
	for (int i = 0; i < 30; i++)
		x[i] = i >= 10 && i < 20 ? 2 : 1;
	struct assay_scan scan = assay_scan(x, 30);
	assert_int_equal(scan.at, 10);
	assert_int_equal(scan.from, 9); /* nine tenths of it: 45 / sqrt(488) of 50 / sqrt(517) */
	assert_int_equal(scan.to, 21);
	scan = assay_scan(x, ASSAY_SCAN_LEAST - 1);
	assert_true(isnan(scan.statistic) && !scan.at && !scan.from && !scan.to);
}

/* Places of a second change are counted from the beginning of all. */
static void a_second_change_is_told_from_the_beginning(void **state)
{
	(void)state;
	enum { N = 90 };
	double x[N];
	struct assay_change changes[4];
	struct assay_err err = {0};
	size_t found;
	const struct assay_change_policy lax = {.level = 0.01, .least_effect = 0.5};
	struct assay_rng rng;
	assay_rng_init(&rng, 4);
	for (int i = 0; i < N; i++)
		x[i] = (i < 30 ? 0 : i < 60 ? 5 : 10) + 0.2 * assay_rng_unit(&rng);
	assert_ok(assay_change_points(x, N, &lax, changes, 4, &found, &err));
	assert_int_equal(found, 2);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(changes[i].at, 30 * (i + 1));
		assert_true(changes[i].from <= changes[i].at && changes[i].at <= changes[i].to);
		assert_in_range(changes[i].to, changes[i].at, changes[i].at + 10);
	}
	assert_ok(assay_change_points(x, N, &lax, changes, 1, &found, &err));
	assert_int_equal(found, 2); /* though there is room for one */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nile_changes_once_after_1898),
		cmocka_unit_test(table_is_exact_for_small_n),
		cmocka_unit_test(table_holds_for_large_n),
		cmocka_unit_test(both_nulls_agree),
		cmocka_unit_test(several_changes_are_found_in_order),
		cmocka_unit_test(points_since_a_change_are_not_forgotten),
		cmocka_unit_test(quiet_series_stay_quiet),
		cmocka_unit_test(gaps_stay_gaps),
		cmocka_unit_test(small_effects_are_not_changes),
		cmocka_unit_test(nothing_to_scan),
		cmocka_unit_test(ties_and_too_few),
		cmocka_unit_test(a_second_change_is_told_from_the_beginning),
	};
	return cmocka_run_group_tests_name("changepoint", tests, NULL, NULL);
}
