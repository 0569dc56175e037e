/* SPDX-License-Identifier: MIT */
/* test_ranks: worked examples, enumeration, and what happens at the ends. */
#include "harness/base/rng.h"
#include "harness/stats/ranks.h"
#include "tests/t.h"

/*
 * Hollander & Wolfe, Nonparametric Statistical Methods, 2nd ed. 1999, example 3.1: Hamilton depression
 * scale factor before and after; T+ = 40 of 45, P = .020 (R's ?wilcox.test: V = 40, p = 0.01953).
 */
static const double before[] = {1.83, 0.50, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.30};
static const double after[] = {0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29};

static void signed_rank_of_hollander_and_wolfe(void **state)
{
	(void)state;
	double d[9];
	struct assay_rank_test test;
	struct assay_err err = {0};
	for (size_t i = 0; i < 9; i++)
		d[i] = before[i] - after[i];
	assert_ok(assay_signed_rank(d, 9, 0, &test, &err));
	assert_close(test.statistic, 40, 0);
	assert_int_equal(test.n_used, 9);
	assert_close(test.p_greater, 10.0 / 512, 1e-14);
	assert_close(test.p_two_sided, 20.0 / 512, 1e-14);
	assert_true(test.exact);
	/* A shift of all values is a shift of the centre. */
	for (size_t i = 0; i < 9; i++)
		d[i] += 8;
	assert_ok(assay_signed_rank(d, 9, 8, &test, &err));
	assert_close(test.statistic, 40, 0);
}

/* Hollander & Wolfe, example 4.1: permeability of the chorioamnion; W = 35, p = .1272 (?wilcox.test). */
static void rank_sum_of_hollander_and_wolfe(void **state)
{
	(void)state;
	static const double x[] = {0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46};
	static const double y[] = {1.15, 0.88, 0.90, 0.74, 1.21};
	struct assay_rank_test test;
	struct assay_err err = {0};
	assert_ok(assay_rank_sum(x, 10, y, 5, &test, &err));
	assert_close(test.statistic, 35, 0);
	assert_close(test.p_greater, 0.1272, 5e-4);
	struct assay_rank_test swapped;
	assert_ok(assay_rank_sum(y, 5, x, 10, &swapped, &err));
	assert_close(swapped.statistic, 15, 0);
	assert_close(swapped.p_less, test.p_greater, 1e-13);
}

/* All 2^n signs of the mid-ranks that are there, one by one. */
static void signed_rank_with_ties_is_its_enumeration(void **state)
{
	(void)state;
	static const double x[] = {1, -1, 2, 2, -2, 3, 0, 1, 4, 4, -4, 0.5};
	enum { N = 12 };
	double magnitude[N], ranks[N];
	struct assay_ranked scratch[N];
	size_t n = 0;
	for (size_t i = 0; i < N; i++)
		if (x[i] != 0)
			magnitude[n++] = fabs(x[i]);
	assert_true(assay_mid_ranks(magnitude, n, ranks, scratch) > 0);
	struct assay_rank_test test;
	struct assay_err err = {0};
	assert_ok(assay_signed_rank(x, N, 0, &test, &err));
	double greater = 0, less = 0;
	for (unsigned signs = 0; signs < 1u << n; signs++) {
		double v = 0;
		for (size_t i = 0; i < n; i++)
			v += signs >> i & 1 ? ranks[i] : 0;
		greater += v >= test.statistic;
		less += v <= test.statistic;
	}
	assert_int_equal(test.n_used, 11);
	assert_close(test.p_greater, ldexp(greater, -11), 1e-14);
	assert_close(test.p_less, ldexp(less, -11), 1e-14);
}

/* All choices of 5 of 11, with ties. */
static void rank_sum_with_ties_is_its_enumeration(void **state)
{
	(void)state;
	static const double all[] = {3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5};
	enum { N = 5, ALL = 11 };
	double ranks[ALL], wanted = 0, greater = 0, less = 0, ways = 0;
	struct assay_ranked scratch[ALL];
	assay_mid_ranks(all, ALL, ranks, scratch);
	for (size_t i = 0; i < N; i++)
		wanted += ranks[i];
	for (unsigned set = 0; set < 1u << ALL; set++) {
		double sum = 0;
		if (__builtin_popcount(set) != N)
			continue;
		for (size_t i = 0; i < ALL; i++)
			sum += set >> i & 1 ? ranks[i] : 0;
		ways++;
		greater += sum >= wanted;
		less += sum <= wanted;
	}
	struct assay_rank_test test;
	struct assay_err err = {0};
	assert_ok(assay_rank_sum(all, N, all + N, ALL - N, &test, &err));
	assert_close(test.statistic, wanted - N * (N + 1) / 2.0, 0);
	assert_close(test.p_greater, greater / ways, 1e-13);
	assert_close(test.p_less, less / ways, 1e-13);
}

/* The smallest p there is keeps its digits: 2^-200, and 1 of choose(100, 50). */
static void tails_keep_their_digits(void **state)
{
	(void)state;
	double x[200];
	struct assay_rank_test test;
	struct assay_err err = {0};
	for (size_t i = 0; i < 200; i++)
		x[i] = (double)(i + 1);
	assert_ok(assay_signed_rank(x, 200, 0, &test, &err));
	assert_close(test.p_greater, ldexp(1, -200), 1e-12);
	assert_ok(assay_rank_sum(x, 50, x + 50, 50, &test, &err));
	assert_close(test.p_less, 1 / 1.00891344545564193334812497256e29, 1e-12);
	assert_close(test.statistic, 0, 0);
}

/* One value more than is exact: the approximation continues where the exact test ends. */
static void approximation_continues_the_exact_test(void **state)
{
	(void)state;
	enum { N = ASSAY_SIGNED_RANK_EXACT, ALL = ASSAY_RANK_SUM_EXACT };
	struct assay_rng rng;
	struct assay_rank_test exact, normal;
	struct assay_err err = {0};
	double x[N + 1];
	assay_rng_init(&rng, 7);
	for (size_t i = 0; i < N + 1; i++)
		x[i] = assay_rng_unit(&rng) - 0.47;
	assert_ok(assay_signed_rank(x, N, 0, &exact, &err));
	assert_ok(assay_signed_rank(x, N + 1, 0, &normal, &err));
	assert_true(exact.exact && !normal.exact);
	assert_close(normal.p_greater, exact.p_greater, 0.15);
	assert_ok(assay_rank_sum(x, 40, x + 40, ALL - 40, &exact, &err));
	assert_ok(assay_rank_sum(x, 40, x + 40, ALL - 39, &normal, &err));
	assert_true(exact.exact && !normal.exact);
	assert_close(normal.p_greater, exact.p_greater, 0.15);
	for (size_t i = 0; i < N + 1; i++)
		x[i] = 1;
	assert_ok(assay_rank_sum(x, 100, x + 100, 101, &normal, &err));
	assert_close(normal.p_two_sided, 1, 0);
}

static void quantiles_match_r(void **state)
{
	(void)state;
	struct assay_rank_quantile q;
	struct assay_err err = {0};
	assert_ok(assay_signed_rank_quantile(10, 0.025, &q, &err)); /* qsignrank(0.025, 10) */
	assert_int_equal(q.q, 9);
	assert_close(q.below, 25.0 / 1024, 1e-14);
	assert_ok(assay_rank_sum_quantile(10, 10, 0.025, &q, &err)); /* qwilcox(0.025, 10, 10) */
	assert_int_equal(q.q, 24);
	assert_ok(assay_signed_rank_quantile(2, 0.01, &q, &err));
	assert_int_equal(q.q, 1);
	assert_close(q.below, 0.25, 0);
	/* Beyond the exact sizes: 10050 - 1.96 sd, and half of all. */
	assert_ok(assay_signed_rank_quantile(250, 0.5, &q, &err));
	assert_true(q.q >= 15687 && q.q <= 15688);
	assert_close(q.below, 0.5, 0.01);
	assert_ok(assay_rank_sum_quantile(80, 90, 0.5, &q, &err));
	assert_int_equal(q.q, 3600);
	assert_ok(assay_signed_rank_quantile(0, 0.5, &q, &err));
	assert_int_equal(q.q, 0);
	assert_ok(assay_rank_sum_quantile(5, 5, NAN, &q, &err));
	assert_int_equal(q.q, 0);
}

static void nothing_and_nan(void **state)
{
	(void)state;
	static const double bad[] = {1, NAN, 2}, far[] = {-INFINITY, 1, INFINITY, INFINITY};
	struct assay_rank_test test;
	struct assay_err err = {0};
	assert_ok(assay_signed_rank(bad, 0, 0, &test, &err));
	assert_true(test.n_used == 0 && test.statistic == 0 && test.p_two_sided == 1);
	assert_ok(assay_signed_rank(bad, 3, 0, &test, &err));
	assert_true(isnan(test.statistic) && isnan(test.p_greater) && isnan(test.p_less));
	assert_ok(assay_signed_rank(far, 4, 0, &test, &err));
	assert_close(test.statistic, 7, 0); /* 1 has rank 1, the infinities share 3 */
	assert_ok(assay_rank_sum(bad, 3, bad, 1, &test, &err));
	assert_true(isnan(test.p_two_sided));
	assert_ok(assay_rank_sum(bad, 0, bad, 1, &test, &err));
	assert_true(test.statistic == 0 && test.p_greater == 1 && test.p_less == 1);
	assert_ok(assay_rank_sum(bad, 0, bad, 0, &test, &err));
	assert_true(test.p_two_sided == 1);
}

/* The null distribution that is kept between tests is that of as many values. */
static void many_centres_are_one_test_each(void **state)
{
	(void)state;
	static const double x[] = {1, 2.2, -3.7, 4.1, 5.9, 7.3, -8.6, 9.8, 11.15, 12.77};
	static const double centres[] = {0, 2.2, 0.01, 7.3, 0.02, 0.03, 5.9, 4.1};
	enum { N = ASSAY_COUNT_OF(x), CENTRES = ASSAY_COUNT_OF(centres) };
	struct assay_rank_test all[CENTRES], one;
	struct assay_err err = {0};
	assert_ok(assay_signed_ranks(x, N, centres, CENTRES, all, &err));
	for (size_t i = 0; i < CENTRES; i++) {
		assert_ok(assay_signed_rank(x, N, centres[i], &one, &err));
		assert_true(one.statistic == all[i].statistic && one.n_used == all[i].n_used);
		assert_true(one.p_greater == all[i].p_greater && one.p_less == all[i].p_less);
	}
}

/* With continuity correction [Hollander & Wolfe 1999, 3.1]. */
static void normal_tails_by_hand(void **state)
{
	(void)state;
	enum { N = ASSAY_SIGNED_RANK_EXACT + 50 };
	double x[N], statistic = 0, n = N;
	for (int i = 0; i < N; i++) {
		x[i] = i % 9 < 4 ? -(i + 1) : i + 1;
		statistic += x[i] > 0 ? i + 1 : 0;
	}
	struct assay_rank_test test;
	struct assay_err err = {0};
	assert_ok(assay_signed_rank(x, N, 0, &test, &err));
	assert_false(test.exact);
	assert_close(test.statistic, statistic, 0);
	double sd = sqrt(n * (n + 1) * (2 * n + 1) / 24), away = statistic - n * (n + 1) / 4;
	assert_close(test.p_greater, erfc((away - 0.5) / sd / sqrt(2)) / 2, 1e-12);
	assert_close(test.p_less, erfc(-(away + 0.5) / sd / sqrt(2)) / 2, 1e-12);
}

static void quantiles_at_the_edge(void **state)
{
	(void)state;
	struct assay_rank_quantile q, next;
	struct assay_err err = {0};
	static const double none[] = {0, 1, -0.5, 1.5, NAN};
	for (size_t i = 0; i < ASSAY_COUNT_OF(none); i++) {
		assert_ok(assay_signed_rank_quantile(10, none[i], &q, &err));
		assert_true(q.q == 0 && q.below == 0);
		assert_ok(assay_rank_sum_quantile(4, 5, none[i], &q, &err));
		assert_true(q.q == 0 && q.below == 0);
	}
	assert_ok(assay_signed_rank_quantile(0, 0.5, &q, &err));
	assert_int_equal(q.q, 0);
	assert_ok(assay_rank_sum_quantile(0, 5, 0.5, &q, &err));
	assert_int_equal(q.q, 0);
	assert_ok(assay_rank_sum_quantile(5, 0, 0.5, &q, &err));
	assert_int_equal(q.q, 0);
	/* sums 0, 1, 2 in one of 64 ways each, 3 in two */
	assert_ok(assay_signed_rank_quantile(6, 2.5 / 64, &q, &err));
	assert_int_equal(q.q, 2);
	assert_close(q.below, 2.0 / 64, 1e-14);
	assert_ok(assay_signed_rank_quantile(6, 3.5 / 64, &q, &err));
	assert_int_equal(q.q, 3);
	assert_close(q.below, 3.0 / 64, 1e-14);
	assert_ok(assay_signed_rank_quantile(1, 0.5, &q, &err));
	assert_int_equal(q.q, 1);
	/* the last size that is exact, and the first that is not */
	assert_ok(assay_signed_rank_quantile(ASSAY_SIGNED_RANK_EXACT, 0.025, &q, &err));
	assert_ok(assay_signed_rank_quantile(ASSAY_SIGNED_RANK_EXACT + 1, 0.025, &next, &err));
	assert_true(next.q > q.q && (double)(next.q - q.q) < 0.02 * (double)q.q);
	assert_close(next.below, q.below, 0.02);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(signed_rank_of_hollander_and_wolfe),
		cmocka_unit_test(rank_sum_of_hollander_and_wolfe),
		cmocka_unit_test(signed_rank_with_ties_is_its_enumeration),
		cmocka_unit_test(rank_sum_with_ties_is_its_enumeration),
		cmocka_unit_test(tails_keep_their_digits),
		cmocka_unit_test(approximation_continues_the_exact_test),
		cmocka_unit_test(quantiles_match_r),
		cmocka_unit_test(nothing_and_nan),
		cmocka_unit_test(many_centres_are_one_test_each),
		cmocka_unit_test(normal_tails_by_hand),
		cmocka_unit_test(quantiles_at_the_edge),
	};
	return cmocka_run_group_tests_name("ranks", tests, NULL, NULL);
}
