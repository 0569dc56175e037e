/* SPDX-License-Identifier: MIT */
/* test_placement_share: worked examples, planted placements, and what happens with too little. */
#include "harness/stats/placement_share.h"

#include "harness/base/rng.h"
#include "harness/stats/distribution.h"
#include "tests/t.h"

/*
 * R's InsectSprays [Beall, Biometrika 1942], six groups of twelve. kruskal.test() prints chi-squared =
 * 54.69134476. Within groups the median of the 396 distances is 3; their medians are 14, 16.5, 1.5, 5, 3
 * and 15, with variance 45.0666...
 */
static const double sprays[] = {
	10, 7,  20, 14, 14, 12, 10, 23, 17, 20, 14, 13, 11, 17, 21, 11, 16, 14,
	17, 17, 19, 21, 7,  13, 0,  1,  7,  2,  3,  1,  2,  1,  3,  0,  1,  4,
	3,  5,  12, 6,  4,  3,  5,  5,  5,  5,  2,  4,  3,  5,  3,  5,  3,  6,
	1,  1,  3,  2,  6,  4,  11, 9,  15, 22, 15, 16, 13, 10, 26, 26, 24, 13,
};

static void sprays_of_beall(void **state)
{
	(void)state;
	enum { N = 72 };
	unsigned variant[N];
	double shuffled[N];
	struct assay_placement got;
	struct assay_err err = {0};
	for (size_t i = 0; i < N; i++) { /* in no order: 35 and 72 have no common factor */
		size_t from = i * 35 % N;
		shuffled[i] = sprays[from];
		variant[i] = (unsigned)(from / 12) * 7; /* numbers need not follow each other */
	}
	assert_ok(assay_placement_of(shuffled, variant, N, &got, &err));
	assert_int_equal(got.n, 72);
	assert_int_equal(got.variants, 6);
	assert_close(got.share, (54.69134476 - 5) / 66, 1e-8);
	double within = 3 / (sqrt(2) * 0.6744897501960817);
	assert_close(got.sd_within, within, 1e-12);
	assert_close(got.sd, sqrt(676.0 / 15 - within * within * M_PI / 26.5), 1e-12);
}

static void groups_of_unequal_size(void **state)
{
	(void)state;
	/* Medians 2 and 9; distances 1 1 2 and 0 2 2 2 2 4. */
	static const double x[] = {1, 7, 3, 9, 2, NAN, 11, 9, INFINITY};
	static const unsigned variant[] = {1, 4, 1, 4, 1, 4, 4, 4, 2};
	struct assay_placement got;
	struct assay_err err = {0};
	assert_ok(assay_placement_of(x, variant, 9, &got, &err));
	assert_int_equal(got.n, 7);
	assert_int_equal(got.variants, 2);
	double within = 2 / (sqrt(2) * 0.6744897501960817);
	double of_medians = (M_PI / (4 + M_PI) + M_PI / 10.5) / 2;
	assert_close(got.sd_within, within, 1e-12);
	assert_close(got.sd, sqrt(24.5 - within * within * of_medians), 1e-12);
}

static void too_little_says_nothing(void **state)
{
	(void)state;
	static const double x[] = {1, 2, 3, 4, 5, 6};
	static const unsigned one[] = {0, 0, 0, 0, 0, 0}, three[] = {0, 1, 2, 0, 1, 2};
	struct assay_placement got;
	struct assay_err err = {0};
	assert_ok(assay_placement_of(x, one, 6, &got, &err));
	assert_int_equal(got.variants, 1);
	assert_true(isnan(got.share) && isnan(got.sd) && isnan(got.sd_within));
	assert_ok(assay_placement_of(x, three, 6, &got, &err));
	assert_true(isnan(got.share) && isnan(got.sd));
	assert_ok(assay_placement_of(x, one, 0, &got, &err));
	assert_int_equal(got.n, 0);
	assert_true(isnan(got.share));
}

static void equal_launches_have_no_placement(void **state)
{
	(void)state;
	static const double x[] = {5, 5, 5, 5, 5, 5};
	static const unsigned variant[] = {0, 1, 0, 1, 0, 1};
	struct assay_placement got;
	struct assay_err err = {0};
	assert_ok(assay_placement_of(x, variant, 6, &got, &err));
	assert_true(got.share == 0 && got.sd == 0 && got.sd_within == 0);
}

/* Launches with noise of 1 %; variants apart by `sd`. Averages over many draws. */
static void simulate(double sd, double *ret_share, double *ret_sd)
{
	enum { DRAWS = 400, N = 64, VARIANTS = 8 };
	struct assay_rng rng;
	struct assay_err err = {0};
	double variance = 0;
	assay_rng_init(&rng, 4);
	*ret_share = 0;
	for (size_t draw = 0; draw < DRAWS; draw++) {
		double level[VARIANTS], x[N];
		unsigned variant[N];
		struct assay_placement got;
		for (size_t v = 0; v < VARIANTS; v++)
			level[v] = sd * assay_normal_quantile(assay_rng_unit(&rng) + 0x1p-54);
		for (size_t i = 0; i < N; i++) {
			variant[i] = (unsigned)assay_rng_below(&rng, VARIANTS);
			x[i] = level[variant[i]] +
			       0.01 * assay_normal_quantile(assay_rng_unit(&rng) + 0x1p-54);
		}
		assert_ok(assay_placement_of(x, variant, N, &got, &err));
		*ret_share += got.share / DRAWS;
		variance += got.sd * got.sd / DRAWS;
	}
	*ret_sd = sqrt(variance);
}

static void planted_placement_is_found(void **state)
{
	(void)state;
	double share, sd;
	simulate(0, &share, &sd);
	assert_true(share < 0.05 && sd < 0.003);
	simulate(0.05, &share, &sd);
	assert_true(share > 0.85);
	assert_close(sd, 0.05, 0.1);
	simulate(0.01, &share, &sd);
	assert_true(share > 0.3 && share < 0.6);
	assert_close(sd, 0.01, 0.15);
}

/* A neighbour wakes up during three of forty launches: neither figure may follow. */
static void wild_launches_are_not_placement(void **state)
{
	(void)state;
	enum { N = 40 };
	double x[N];
	unsigned variant[N];
	struct assay_rng rng;
	struct assay_placement calm, wild;
	struct assay_err err = {0};
	assay_rng_init(&rng, 9);
	for (size_t i = 0; i < N; i++) {
		variant[i] = (unsigned)i % 4;
		x[i] = 0.1 * variant[i] +
		       0.01 * assay_normal_quantile(assay_rng_unit(&rng) + 0x1p-54);
	}
	assert_ok(assay_placement_of(x, variant, N, &calm, &err));
	x[0] += 0.7;
	x[6] += 0.9;
	x[7] += 0.5;
	assert_ok(assay_placement_of(x, variant, N, &wild, &err));
	assert_close(wild.sd, calm.sd, 0.1);
	assert_close(wild.sd_within, calm.sd_within, 0.35);
	assert_close(calm.sd, 0.129, 0.1); /* of 0, 0.1, 0.2, 0.3 */
	/* A variant that is bad each time is no accident. */
	for (size_t i = 3; i < N; i += 4)
		x[i] += 1;
	assert_ok(assay_placement_of(x, variant, N, &wild, &err));
	assert_true(wild.sd > 0.5);
}

static void reach_is_that_of_a_difference(void **state)
{
	(void)state;
	assert_close(assay_placement_reach(0.03, 0.04, 0.95), 0.05 * 1.959963984540054, 1e-12);
	assert_true(assay_placement_reach(0, 0, 0.95) == 0);
	assert_true(isnan(assay_placement_reach(NAN, 0.1, 0.95)));
	assert_true(isnan(assay_placement_reach(0.1, 0.1, 1)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sprays_of_beall),
		cmocka_unit_test(groups_of_unequal_size),
		cmocka_unit_test(too_little_says_nothing),
		cmocka_unit_test(equal_launches_have_no_placement),
		cmocka_unit_test(planted_placement_is_found),
		cmocka_unit_test(wild_launches_are_not_placement),
		cmocka_unit_test(reach_is_that_of_a_difference),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
