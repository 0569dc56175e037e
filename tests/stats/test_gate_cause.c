/* SPDX-License-Identifier: MIT */
/* test_gate_cause: each cause planted alone, and none where there is none. */
#include "harness/stats/gate_cause.h"

#include "harness/base/rng.h"
#include "harness/stats/distribution.h"
#include "tests/t.h"

enum { PAIRS = 40 };

/* Forty pairs of noisy launches, for each test to spoil in its own way. */
struct fixture {
	struct assay_gate_policy policy;
	struct assay_gate_evidence evidence;
	double d[PAIRS], log_a[PAIRS], log_b[PAIRS];
	unsigned variant_a[PAIRS], variant_b[PAIRS];
};

static void finish(struct fixture *f)
{
	for (size_t i = 0; i < PAIRS; i++)
		f->d[i] = f->log_b[i] - f->log_a[i];
	f->evidence = (struct assay_gate_evidence){f->d,         f->log_a, f->log_b, f->variant_a,
						   f->variant_b, PAIRS,    0,        0};
}

static void prepare(struct fixture *f, double sd)
{
	struct assay_rng rng;
	assay_rng_init(&rng, 6);
	f->policy = assay_gate_policy(ASSAY_GATE_NORMAL);
	f->policy.looks = 5; /* the last of them after PAIRS pairs */
	for (size_t i = 0; i < PAIRS; i++) {
		f->log_a[i] = sd * assay_normal_quantile(assay_rng_unit(&rng) + 0x1p-54);
		f->log_b[i] = 0.02 + sd * assay_normal_quantile(assay_rng_unit(&rng) + 0x1p-54);
		f->variant_a[i] = (unsigned)assay_rng_below(&rng, 4);
		f->variant_b[i] = (unsigned)assay_rng_below(&rng, 4);
	}
	finish(f);
}

static void expect_first(const struct fixture *f, enum assay_gate_cause want)
{
	struct assay_gate_causes got;
	struct assay_err err = {0};
	assert_ok(assay_gate_causes(&f->policy, &f->evidence, &got, &err));
	assert_true(got.n >= 1);
	assert_string_equal(assay_gate_cause_name(got.found[0].cause), assay_gate_cause_name(want));
	for (size_t i = 1; i < got.n; i++)
		assert_true(got.found[i].strength <= got.found[i - 1].strength);
}

static void plain_noise(void **state)
{
	(void)state;
	struct fixture f;
	prepare(&f, 0.1);
	expect_first(&f, ASSAY_CAUSE_NOISE);
	f.evidence.preempted_share = f.evidence.steal_share = NAN; /* unknown is no cause */
	expect_first(&f, ASSAY_CAUSE_NOISE);
}

static void well_measured_between_the_margins(void **state)
{
	(void)state;
	struct fixture f;
	prepare(&f, 0.01);
	f.evidence.preempted_share = 1; /* even so */
	expect_first(&f, ASSAY_CAUSE_MARGINS);
}

static void what_the_system_did(void **state)
{
	(void)state;
	struct fixture f;
	struct assay_gate_causes got;
	struct assay_err err = {0};
	prepare(&f, 0.1);
	f.evidence.preempted_share = 0.3;
	expect_first(&f, ASSAY_CAUSE_PREEMPTION);
	f.evidence.steal_share = 0.09;
	expect_first(&f, ASSAY_CAUSE_STEAL);
	assert_ok(assay_gate_causes(&f.policy, &f.evidence, &got, &err));
	assert_int_equal(got.n, 2);
	assert_close(got.found[0].strength, 0.9, 1e-12);
	assert_close(got.found[1].strength, 0.6, 1e-12);
	f.evidence.preempted_share = 0.05;
	f.evidence.steal_share = 0.005;
	expect_first(&f, ASSAY_CAUSE_NOISE);
}

static void machine_that_slows_down(void **state)
{
	(void)state;
	struct fixture f;
	prepare(&f, 0.1);
	for (size_t i = 0; i < PAIRS; i++) {
		f.log_a[i] += 0.01 * (double)i;
		f.log_b[i] += 0.01 * (double)i;
	}
	finish(&f);
	expect_first(&f, ASSAY_CAUSE_DRIFT);
}

static void placement_of_one_side(void **state)
{
	(void)state;
	struct fixture f;
	prepare(&f, 0.04);
	for (size_t i = 0; i < PAIRS; i++)
		f.log_b[i] += 0.1 * f.variant_b[i];
	finish(&f);
	expect_first(&f, ASSAY_CAUSE_PLACEMENT);
	f.evidence.variant_a = f.evidence.variant_b = NULL;
	expect_first(&f, ASSAY_CAUSE_NOISE);
}

/* A coin decides which of two speeds a launch of B has. */
static void two_kinds_of_launches(void **state)
{
	(void)state;
	struct fixture f;
	prepare(&f, 0.01);
	for (size_t i = 0; i < PAIRS; i++)
		f.log_b[i] += i % 5 % 2 ? 0.3 : 0;
	finish(&f);
	expect_first(&f, ASSAY_CAUSE_BIMODAL);
	f.evidence.log_a = f.evidence.log_b = NULL; /* the differences show it too */
	expect_first(&f, ASSAY_CAUSE_BIMODAL);
}

static void too_few_pairs(void **state)
{
	(void)state;
	struct fixture f;
	prepare(&f, 0.1);
	for (size_t i = 9; i < PAIRS; i++)
		f.d[i] = NAN;
	expect_first(&f, ASSAY_CAUSE_TOO_FEW);
	f.evidence.n = 0;
	expect_first(&f, ASSAY_CAUSE_TOO_FEW);
}

static void causes_have_words(void **state)
{
	(void)state;
	for (int c = 0; c < ASSAY_CAUSES; c++) {
		assert_true(strlen(assay_gate_cause_name((enum assay_gate_cause)c)) > 3);
		assert_true(strlen(assay_gate_cause_text((enum assay_gate_cause)c)) > 10);
	}
}

static double strength_of(const struct fixture *f, enum assay_gate_cause cause)
{
	struct assay_gate_causes got;
	struct assay_err err = {0};
	assert_ok(assay_gate_causes(&f->policy, &f->evidence, &got, &err));
	for (size_t i = 0; i < got.n; i++)
		if (got.found[i].cause == cause)
			return got.found[i].strength;
	return NAN;
}

/* A trend without any noise is all trend: Kendall's tau is 1. It takes eight pairs to see one. */
static void strength_of_a_drift_is_tau(void **state)
{
	(void)state;
	struct fixture f;
	prepare(&f, 0.3);
	for (size_t i = 0; i < PAIRS; i++) {
		double noise = f.log_a[i];
		f.log_a[i] = 10 * (double)i + noise; /* the level rises whatever the noise */
		f.log_b[i] = 10 * (double)i - noise;
	}
	finish(&f);
	assert_close(strength_of(&f, ASSAY_CAUSE_DRIFT), 1, 1e-12);
	f.log_a[0] += 15; /* two places out of order: tau is 1 - 2 of 780 pairs */
	f.log_b[0] += 15;
	finish(&f);
	assert_close(strength_of(&f, ASSAY_CAUSE_DRIFT), 1 - 2.0 / 780, 1e-12);
	f.evidence.n = 8;
	assert_false(isnan(strength_of(&f, ASSAY_CAUSE_DRIFT)));
	f.evidence.n = 7;
	assert_true(isnan(strength_of(&f, ASSAY_CAUSE_DRIFT)));
}

/* Differences of two values with noise between them; variances within and without follow by hand. */
static void two_groups_by_hand(void **state)
{
	(void)state;
	struct fixture f;
	prepare(&f, 0.1);
	/* two of ten at 1 and eight at 0: all of the variance lies between them */
	for (size_t i = 0; i < 10; i++)
		f.d[i] = i < 2;
	f.evidence.log_a = f.evidence.log_b = NULL;
	f.evidence.n = 10;
	assert_close(strength_of(&f, ASSAY_CAUSE_BIMODAL), 1, 1e-12);
	f.evidence.n = 9;
	assert_true(isnan(strength_of(&f, ASSAY_CAUSE_BIMODAL)));
	/* one of ten is an outlier, no group */
	f.evidence.n = 10;
	f.d[1] = 0;
	assert_true(isnan(strength_of(&f, ASSAY_CAUSE_BIMODAL)));
	/* 0 +- s and 1 +- s, five each: inside 10 s^2, all of it 10 s^2 + 10 / 4 */
	static const double share[] = {0.9, 0.86, 0.84};
	for (size_t j = 0; j < ASSAY_COUNT_OF(share); j++) {
		double s = sqrt((1 - share[j]) / share[j] / 4);
		static const int sign[] = {-1, 1, -1, 1};
		for (size_t i = 0; i < 8; i++)
			f.d[i] = (i < 4) + s * sign[i % 4];
		for (size_t i = 8; i < 16; i++)
			f.d[i] = (i < 12) + s * sign[i % 4];
		f.evidence.n = 16;
		double got = strength_of(&f, ASSAY_CAUSE_BIMODAL);
		if (share[j] < 0.85)
			assert_true(isnan(got));
		else
			assert_close(got, share[j], 1e-12);
	}
}

/* Sixty pairs would have been allowed, forty were made; and with a policy that ends at forty none is missing. */
static void the_last_look_counts(void **state)
{
	(void)state;
	struct fixture f;
	prepare(&f, 0.1);
	assert_true(isnan(strength_of(&f, ASSAY_CAUSE_TOO_FEW)));
	f.policy.looks = 6;
	assert_close(strength_of(&f, ASSAY_CAUSE_TOO_FEW), 0, 0);
	f.policy.looks = 5;
	f.evidence.n = 39;
	assert_close(strength_of(&f, ASSAY_CAUSE_TOO_FEW), 0, 0);
}

/* Margins come first, before whatever else was found; they take six pairs. Noise is what is left. */
static void margins_before_the_rest(void **state)
{
	(void)state;
	struct fixture f;
	struct assay_gate_causes got;
	struct assay_err err = {0};
	prepare(&f, 0.001);
	f.evidence.preempted_share = 0.3;
	f.evidence.steal_share = 0.09;
	assert_ok(assay_gate_causes(&f.policy, &f.evidence, &got, &err));
	assert_int_equal(got.n, 3);
	assert_int_equal(got.found[0].cause, ASSAY_CAUSE_MARGINS);
	assert_close(got.found[0].strength, 1, 0);
	assert_int_equal(got.found[1].cause, ASSAY_CAUSE_STEAL);
	assert_close(got.found[1].strength, 0.9, 1e-12);
	assert_int_equal(got.found[2].cause, ASSAY_CAUSE_PREEMPTION);
	f.evidence.n = 6;
	assert_close(strength_of(&f, ASSAY_CAUSE_MARGINS), 1, 0);
	f.evidence.n = 5;
	assert_true(isnan(strength_of(&f, ASSAY_CAUSE_MARGINS)));
	prepare(&f, 0.1);
	assert_close(strength_of(&f, ASSAY_CAUSE_NOISE), 0, 0);
}

/* A pair of which something is not known is none. */
static void incomplete_pairs_are_left_out(void **state)
{
	(void)state;
	struct fixture f;
	prepare(&f, 0.1);
	f.log_a[3] = -INFINITY;
	assert_close(strength_of(&f, ASSAY_CAUSE_TOO_FEW), 0, 0);
	prepare(&f, 0.1);
	f.log_b[3] = NAN;
	assert_close(strength_of(&f, ASSAY_CAUSE_TOO_FEW), 0, 0);
	prepare(&f, 0.1);
	f.d[3] = NAN;
	assert_close(strength_of(&f, ASSAY_CAUSE_TOO_FEW), 0, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain_noise),
		cmocka_unit_test(well_measured_between_the_margins),
		cmocka_unit_test(what_the_system_did),
		cmocka_unit_test(machine_that_slows_down),
		cmocka_unit_test(placement_of_one_side),
		cmocka_unit_test(two_kinds_of_launches),
		cmocka_unit_test(too_few_pairs),
		cmocka_unit_test(causes_have_words),
		cmocka_unit_test(strength_of_a_drift_is_tau),
		cmocka_unit_test(two_groups_by_hand),
		cmocka_unit_test(the_last_look_counts),
		cmocka_unit_test(margins_before_the_rest),
		cmocka_unit_test(incomplete_pairs_are_left_out),
	};
	return cmocka_run_group_tests_name("gate_cause", tests, NULL, NULL);
}
