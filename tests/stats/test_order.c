/* SPDX-License-Identifier: MIT */
/* test_order: ranks of distribution-free intervals. */
#include "harness/stats/order.h"
#include "tests/t.h"

enum { MOST = 1000 };

static double counting[MOST];

static int fill(void **state)
{
	(void)state;
	for (size_t i = 0; i < MOST; i++)
		counting[i] = (double)(i + 1);
	return 0;
}

/* Conover, Practical Nonparametric Statistics, 3rd ed. 1999, table A3: binomial sums at p = 1/2. */
static void median_ranks_match_the_table(void **state)
{
	(void)state;
	static const struct {
		size_t n, lower;
		double confidence, coverage;
	} cases[] = {
		{6, 1, 0.95, 0.96875},      {8, 1, 0.95, 0.9921875},   {9, 2, 0.95, 0.9609375},
		{10, 2, 0.95, 0.978515625}, {15, 4, 0.95, 0.96484375}, {20, 6, 0.95, 0.958610535},
		{4, 1, 0.875, 0.875}, /* the level is met exactly */
	};
	for (size_t i = 0; i < ASSAY_COUNT_OF(cases); i++) {
		size_t n = cases[i].n;
		struct assay_order_interval got =
			assay_order_interval(counting, n, 0.5, cases[i].confidence);
		assert_int_equal(got.lower_rank, cases[i].lower);
		assert_int_equal(got.upper_rank, n + 1 - cases[i].lower);
		assert_close(got.lo, (double)got.lower_rank, 0);
		assert_close(got.hi, (double)got.upper_rank, 0);
		assert_close(got.coverage, cases[i].coverage, 1e-8);
	}
}

/* Ranks by summing the rational terms of the binomial distribution from both ends. */
static void other_quantiles_keep_both_tails(void **state)
{
	(void)state;
	static const struct {
		double p;
		size_t lower, upper;
		double coverage;
	} cases[] = {
		{0.1, 82, 120, 0.9549071811148258},
		{0.25, 223, 278, 0.9554797357634445},
		{0.99, 983, 997, 0.9760947634979771},
	};
	for (size_t i = 0; i < ASSAY_COUNT_OF(cases); i++) {
		struct assay_order_interval got =
			assay_order_interval(counting, MOST, cases[i].p, 0.95);
		struct assay_order_interval mirror =
			assay_order_interval(counting, MOST, 1 - cases[i].p, 0.95);
		assert_int_equal(got.lower_rank, cases[i].lower);
		assert_int_equal(got.upper_rank, cases[i].upper);
		assert_close(got.coverage, cases[i].coverage, 1e-11);
		assert_int_equal(mirror.lower_rank, MOST + 1 - got.upper_rank);
	}
}

/* The maximum of 10 values says nothing about where the 99th percentile ends. */
static void no_interval_where_there_is_none(void **state)
{
	(void)state;
	static const struct {
		size_t n;
		double p, confidence;
	} cases[] = {{0, 0.5, 0.95},  {5, 0.5, 0.95}, {7, 0.5, 0.99},   {10, 0.99, 0.95},
		     {100, 0, 0.95},  {100, 1, 0.95}, {100, NAN, 0.95}, {100, 0.5, 1},
		     {100, 0.5, NAN}, {100, 0.5, 0},  {100, 0.5, -0.05}};
	for (size_t i = 0; i < ASSAY_COUNT_OF(cases); i++) {
		struct assay_order_interval got =
			assay_order_interval(counting, cases[i].n, cases[i].p, cases[i].confidence);
		assert_int_equal(got.lower_rank, 0);
		assert_int_equal(got.upper_rank, 0);
		assert_true(isnan(got.lo) && isnan(got.hi) && isnan(got.coverage));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(median_ranks_match_the_table),
		cmocka_unit_test(other_quantiles_keep_both_tails),
		cmocka_unit_test(no_interval_where_there_is_none),
	};
	return cmocka_run_group_tests_name("order", tests, fill, NULL);
}
