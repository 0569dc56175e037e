/* SPDX-License-Identifier: MIT */
/* test_multiplicity: the authors' own examples, gaps, and the promise itself. */
#include "harness/base/rng.h"
#include "harness/stats/multiplicity.h"
#include "tests/t.h"

/* Benjamini & Hochberg 1995, section 3.3: at 5 % their procedure rejects four, Bonferroni's three. */
static const double thrombolysis[] = {0.0001, 0.0004, 0.0019, 0.0095, 0.0201,
				      0.0278, 0.0298, 0.0344, 0.0459, 0.3240,
				      0.4262, 0.5719, 0.6528, 0.7590, 1.0000};

static size_t count_up_to(const double *p, size_t n, double level)
{
	size_t count = 0;
	for (size_t i = 0; i < n; i++)
		count += p[i] <= level;
	return count;
}

static void example_of_benjamini_and_hochberg(void **state)
{
	(void)state;
	double adjusted[15];
	struct assay_err err = {0};
	assert_ok(assay_benjamini_hochberg(thrombolysis, 15, adjusted, &err));
	assert_int_equal(count_up_to(adjusted, 15, 0.05), 4);
	assert_close(adjusted[3], 0.0095 * 15 / 4, 1e-14);
	assert_ok(assay_holm(thrombolysis, 15, adjusted, &err));
	assert_int_equal(count_up_to(adjusted, 15, 0.05), 3);
	assert_close(adjusted[0], 0.0015, 1e-14);
}

/* Not-made tests stay out of the count, and the result may replace the argument. */
static void gaps_do_not_count(void **state)
{
	(void)state;
	double p[] = {NAN, 0.04, 0.01, NAN, 0.03}, q[] = {NAN, 0.04, 0.01, NAN, 0.03};
	struct assay_err err = {0};
	assert_ok(assay_holm(p, 5, p, &err));
	assert_true(isnan(p[0]) && isnan(p[3]));
	assert_close(p[2], 0.03, 1e-14);
	assert_close(p[4], 0.06, 1e-14);
	assert_close(p[1], 0.06, 1e-14);
	assert_ok(assay_benjamini_hochberg(q, 5, q, &err));
	assert_true(isnan(q[0]) && isnan(q[3]));
	assert_close(q[2], 0.03, 1e-14);
	assert_close(q[4], 0.04, 1e-14);
	assert_ok(assay_holm(p, 0, p, &err));
	assert_ok(assay_benjamini_hochberg(p, 1, p, &err));
	assert_true(isnan(p[0]));
}

/* 4,000 families of 20 true nulls, all copies of one: dependence does not break Holm's promise. */
static void holm_keeps_the_family_under_dependence(void **state)
{
	(void)state;
	enum { FAMILIES = 4000, TESTS = 20 };
	struct assay_rng rng;
	struct assay_err err = {0};
	size_t independent = 0, copied = 0;
	assay_rng_init(&rng, 5);
	for (int f = 0; f < FAMILIES; f++) {
		double p[TESTS], same[TESTS];
		for (int i = 0; i < TESTS; i++) {
			p[i] = assay_rng_unit(&rng);
			same[i] = p[0];
		}
		assert_ok(assay_holm(p, TESTS, p, &err));
		assert_ok(assay_holm(same, TESTS, same, &err));
		independent += count_up_to(p, TESTS, 0.05) > 0;
		copied += count_up_to(same, TESTS, 0.05) > 0;
	}
	/* expected 1 - (1 - .05/20)^20 = 4.88 %, and .05/20 = .25 %; four standard errors allowed */
	assert_in_range(independent, 141, 250);
	assert_in_range(copied, 1, 23);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(example_of_benjamini_and_hochberg),
		cmocka_unit_test(gaps_do_not_count),
		cmocka_unit_test(holm_keeps_the_family_under_dependence),
	};
	return cmocka_run_group_tests_name("multiplicity", tests, NULL, NULL);
}
