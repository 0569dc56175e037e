/* SPDX-License-Identifier: MIT */
/*
 * test_gate_math: rules by hand, then whole gates over synthetic noise with fixed seeds.
 * usage: test_gate_math [GATES]; with GATES the simulation is that large and prints its table.
 */
#include "harness/stats/gate_math.h"

#include <stdio.h>
#include <stdlib.h>

#include "harness/base/rng.h"
#include "harness/stats/distribution.h"
#include "harness/stats/ranks.h"
#include "tests/stats/gate_simulation.h"
#include "tests/t.h"

static void presets_have_their_margins(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		double m0, m1;
	} want[] = {{"strict", 0.005, 0.02}, {"normal", 0.01, 0.03}, {"loose", 0.02, 0.05}};
	struct assay_err err = {0};
	enum assay_gate_preset preset;
	for (size_t i = 0; i < ASSAY_COUNT_OF(want); i++) {
		assert_true(assay_gate_preset_parse(want[i].name, &preset));
		struct assay_gate_policy policy = assay_gate_policy(preset);
		assert_true(policy.m0 == want[i].m0 && policy.m1 == want[i].m1);
		assert_int_equal(policy.screen_pairs, 6);
		assert_int_equal(policy.look_pairs[policy.looks - 1], 90);
		assert_ok(assay_gate_policy_check(&policy, &err));
	}
	assert_false(assay_gate_preset_parse("lax", &preset));
}

static void nonsense_policies_are_named(void **state)
{
	(void)state;
	const struct assay_gate_policy good = assay_gate_policy(ASSAY_GATE_NORMAL);
	struct assay_gate_policy bad[10];
	static const char *const says[] = {"margins", "margins",      "margins", "levels",
					   "levels",  "screen",       "looks",   "look 3",
					   "share",   "more than all"};
	struct assay_err err = {0};
	for (size_t i = 0; i < ASSAY_COUNT_OF(bad); i++)
		bad[i] = good;
	bad[0].m0 = 0.03;
	bad[1].m0 = -0.01;
	bad[2].m1 = NAN;
	bad[3].alpha = 0;
	bad[4].ok_level = 1;
	bad[5].screen_pairs = 0;
	bad[6].looks = ASSAY_GATE_LOOKS + 1;
	bad[7].look_pairs[2] = 12;
	bad[8].red_share[1] = -0.1;
	bad[9].ok_share[4] = 0.31;
	for (size_t i = 0; i < ASSAY_COUNT_OF(bad); i++)
		assert_fails(assay_gate_policy_check(&bad[i], &err), ASSAY_EUSAGE, says[i]);
	struct assay_gate_policy least = good; /* one pair, then one look, is one too */
	least.screen_pairs = least.looks = 1;
	assert_ok(assay_gate_policy_check(&least, &err));
	least.looks = 0;
	assert_fails(assay_gate_policy_check(&least, &err), ASSAY_EUSAGE, "looks");
	struct assay_gate_policy none = good; /* no margin at all is a policy */
	none.m0 = 0;
	assert_ok(assay_gate_policy_check(&none, &err));
}

static void launches_are_summarised_on_the_fast_side(void **state)
{
	(void)state;
	static const double x[] = {5, 1, 4, 2, 3};
	static const uint8_t preempted[] = {1, 0, 1, 0, 0}, most[] = {1, 0, 1, 1, 1};
	static const uint8_t rejected[] = {2, 2, 2, 2, 2};
	double scratch[5];
	bool used;
	assert_close(assay_gate_launch(x, NULL, 5, ASSAY_LOWER, scratch, &used), 2, 0);
	assert_false(used);
	assert_close(assay_gate_launch(x, NULL, 5, ASSAY_HIGHER, scratch, &used), 4, 0);
	assert_close(assay_gate_launch(x, preempted, 5, ASSAY_LOWER, scratch, &used), 1.5, 0);
	assert_false(used);
	assert_close(assay_gate_launch(x, most, 5, ASSAY_LOWER, scratch, &used), 2, 0);
	assert_true(used);
	assert_true(isnan(assay_gate_launch(x, rejected, 5, ASSAY_LOWER, scratch, &used)));
	assert_false(used);
	assert_true(isnan(assay_gate_launch(x, NULL, 0, ASSAY_LOWER, scratch, &used)));
}

static void differences_point_to_worse(void **state)
{
	(void)state;
	assert_close(assay_gate_difference(2, 3, ASSAY_LOWER), log(1.5), 1e-15);
	assert_close(assay_gate_difference(2, 3, ASSAY_HIGHER), -log(1.5), 1e-15);
	assert_true(isnan(assay_gate_difference(0, 3, ASSAY_LOWER)));
	assert_true(isnan(assay_gate_difference(2, -1, ASSAY_LOWER)));
	assert_true(isnan(assay_gate_difference(NAN, 1, ASSAY_LOWER)));
	assert_true(isnan(assay_gate_difference(1, INFINITY, ASSAY_LOWER)));
}

/* n values about `centre`, 0.1 % apart, so that no two are tied. */
static void spread_about(double centre, size_t n, double *ret)
{
	for (size_t i = 0; i < n; i++)
		ret[i] = centre + 0.001 * ((double)i - (double)(n - 1) / 2);
}

static void screen_dismisses_what_is_not_slower(void **state)
{
	(void)state;
	const struct assay_gate_policy policy = assay_gate_policy(ASSAY_GATE_NORMAL);
	static const struct {
		double centre;
		bool survives, pursued;
	} cases[] = {
		{0, false, false}, {0.05, true, false}, {0.03, true, false}, {-0.05, true, true}};
	double d[6];
	struct assay_gate_state got;
	struct assay_err err = {0};
	for (size_t i = 0; i < ASSAY_COUNT_OF(cases); i++) {
		spread_about(cases[i].centre, 6, d);
		assert_ok(assay_gate_screen(&policy, d, 6, &got, &err));
		assert_int_equal(got.survived, cases[i].survives);
		assert_int_equal(got.pursued, cases[i].pursued);
		assert_int_equal(got.verdict, cases[i].survives ? ASSAY_GATE_OPEN : ASSAY_GATE_OK);
	}
	/* Four valid pairs can reject nothing at 5 %: it stays in. */
	spread_about(0, 6, d);
	d[1] = d[4] = NAN;
	assert_ok(assay_gate_screen(&policy, d, 6, &got, &err));
	assert_true(got.survived && got.verdict == ASSAY_GATE_OPEN);
	assert_ok(assay_gate_screen(&policy, d, 0, &got, &err));
	assert_true(got.survived);
}

/*
 * All of n pairs on one side have p = 2^-n. At 12 pairs a survivor alone may spend .1 of 1 %, 2^-12 is
 * .00024 and enough; of five survivors it is not, by Holm, until the look at 18.
 */
static void looks_spend_and_holm_counts_survivors(void **state)
{
	(void)state;
	enum { SERIES = 5 };
	const struct assay_gate_policy policy = assay_gate_policy(ASSAY_GATE_NORMAL);
	struct assay_gate_state states[SERIES] = {0};
	struct assay_gate_series series[SERIES];
	double d[SERIES][40];
	struct assay_err err = {0};
	for (size_t i = 0; i < SERIES; i++) {
		spread_about(i == 0 ? 0.08 : 0.015, 40, d[i]);
		assert_ok(assay_gate_screen(&policy, d[0], 6, &states[i], &err));
		series[i] = (struct assay_gate_series){d[i], 0, &states[i]};
	}
	static const enum assay_gate_verdict alone[] = {ASSAY_GATE_OPEN, ASSAY_GATE_REGRESSED};
	for (size_t look = 0; look < 2; look++) {
		series[0].n = policy.look_pairs[look];
		assert_ok(assay_gate_look(&policy, look, series, 1, &err));
		assert_int_equal(states[0].verdict, alone[look]);
	}
	assert_close(states[0].adjusted_p_slower, ldexp(1, -12) / 0.10, 1e-12);

	assert_ok(assay_gate_screen(&policy, d[0], 6, &states[0], &err));
	for (size_t look = 0; look < 3; look++) {
		for (size_t i = 0; i < SERIES; i++)
			series[i].n = policy.look_pairs[look];
		assert_ok(assay_gate_look(&policy, look, series, SERIES, &err));
		assert_int_equal(states[0].verdict == ASSAY_GATE_REGRESSED, look == 2);
	}
	assert_close(states[0].adjusted_p_slower, SERIES * ldexp(1, -18) / 0.18, 1e-12);
}

/* The same on the other side, with a family of its own. */
static void improvements_have_their_family(void **state)
{
	(void)state;
	enum { SERIES = 5 };
	const struct assay_gate_policy policy = assay_gate_policy(ASSAY_GATE_NORMAL);
	struct assay_gate_state states[SERIES] = {0};
	struct assay_gate_series series[SERIES];
	double d[2][18];
	struct assay_err err = {0};
	spread_about(-0.08, 18, d[0]);
	spread_about(-0.015, 18, d[1]);
	for (size_t i = 0; i < SERIES; i++) {
		assert_ok(assay_gate_screen(&policy, d[0], 6, &states[i], &err));
		series[i] = (struct assay_gate_series){d[i > 0], 12, &states[i]};
	}
	assert_ok(assay_gate_look(&policy, 1, series, SERIES, &err));
	assert_int_equal(states[0].verdict, ASSAY_GATE_OPEN);
	assert_close(states[0].adjusted_p_faster, SERIES * ldexp(1, -12) / 0.10, 1e-12);
	series[0].n = 18;
	assert_ok(assay_gate_look(&policy, 2, series, SERIES, &err));
	assert_int_equal(states[0].verdict, ASSAY_GATE_IMPROVED);
	assert_close(states[0].adjusted_p_slower, 1, 0);
}

/* All of 12 pairs between 0 and m0: slower for sure, but by nothing that counts; without m0 it counts. */
static void differences_within_m0_do_not_count(void **state)
{
	(void)state;
	for (int side = -1; side <= 1; side += 2) {
		double d[12];
		struct assay_err err = {0};
		for (size_t i = 0; i < 12; i++)
			d[i] = side * (0.006 + 0.0002 * (double)i);
		for (int margin = 0; margin <= 1; margin++) {
			struct assay_gate_policy policy = assay_gate_policy(ASSAY_GATE_NORMAL);
			struct assay_gate_state one = {
				.survived = true, .p_slower = 1, .p_faster = 1};
			policy.m0 = margin ? 0.01 : 0;
			assert_ok(assay_gate_look(
				&policy, 1, &(struct assay_gate_series){d, 12, &one}, 1, &err));
			assert_close(side > 0 ? one.p_slower : one.p_faster,
				     margin ? 1 : ldexp(1, -12) / 0.10, 1e-12);
			assert_close(side > 0 ? one.p_faster : one.p_slower, 1, 0);
		}
	}
}

/* Six lucky pairs, and then 90 that show nothing at all. */
static void an_improvement_of_the_screen_is_no_verdict(void **state)
{
	(void)state;
	const struct assay_gate_policy policy = assay_gate_policy(ASSAY_GATE_NORMAL);
	struct assay_gate_state one;
	struct assay_err err = {0};
	double lucky[6], wide[90];
	spread_about(-0.05, 6, lucky);
	for (size_t i = 0; i < 90; i++)
		wide[i] = 0.03 + (i % 2 ? 1 : -1) * (0.1 + 0.002 * (double)i);
	assert_ok(assay_gate_screen(&policy, lucky, 6, &one, &err));
	assert_true(one.survived && one.pursued);
	for (size_t look = 0; look < policy.looks; look++)
		assert_ok(assay_gate_look(
			&policy, look,
			&(struct assay_gate_series){wide, policy.look_pairs[look], &one}, 1, &err));
	assert_int_equal(one.verdict, ASSAY_GATE_INCONCLUSIVE);
}

/* Benchmarks that the screen dismissed are no part of the family. */
static void dismissed_ones_are_ignored(void **state)
{
	(void)state;
	const struct assay_gate_policy policy = assay_gate_policy(ASSAY_GATE_NORMAL);
	struct assay_gate_state states[2];
	double slow[12], same[12];
	struct assay_err err = {0};
	spread_about(0.08, 12, slow);
	spread_about(0, 12, same);
	assert_ok(assay_gate_screen(&policy, slow, 6, &states[0], &err));
	assert_ok(assay_gate_screen(&policy, same, 6, &states[1], &err));
	const struct assay_gate_series series[] = {{slow, 12, &states[0]}, {same, 0, &states[1]}};
	assert_ok(assay_gate_look(&policy, 1, series, 2, &err));
	assert_int_equal(states[0].verdict, ASSAY_GATE_REGRESSED);
	assert_int_equal(states[1].verdict, ASSAY_GATE_OK);
	assert_close(states[1].adjusted_p_slower, 1, 0);
}

static enum assay_gate_verdict last_verdict(double centre, double width)
{
	const struct assay_gate_policy policy = assay_gate_policy(ASSAY_GATE_NORMAL);
	struct assay_gate_state state = {
		.survived = true, .pursued = centre < 0, .p_slower = 1, .p_faster = 1};
	struct assay_gate_series series = {NULL, 0, &state};
	double d[90];
	struct assay_err err = {0};
	for (size_t i = 0; i < 90; i++) /* 0, 1, -1, 2, -2 ...: every prefix is centred */
		d[i] = centre + width * (i % 2 ? 1 : -1) * (double)((i + 1) / 2) / 45 +
		       1e-6 * (double)i;
	series.d = d;
	for (size_t look = 0; look < policy.looks && state.verdict == ASSAY_GATE_OPEN; look++) {
		series.n = policy.look_pairs[look];
		assert_ok(assay_gate_look(&policy, look, &series, 1, &err));
	}
	return state.verdict;
}

static void all_verdicts_are_reached(void **state)
{
	(void)state;
	assert_int_equal(last_verdict(0, 0.01), ASSAY_GATE_OK);
	assert_int_equal(last_verdict(0.08, 0.05), ASSAY_GATE_REGRESSED);
	assert_int_equal(last_verdict(-0.08, 0.05), ASSAY_GATE_IMPROVED);
	assert_int_equal(last_verdict(0.02, 0.3), ASSAY_GATE_INCONCLUSIVE);
}

/* When the budget ends early: known not to be slower is OK, nothing known is not. */
static void early_end(void **state)
{
	(void)state;
	struct assay_gate_state pursued = {.survived = true, .pursued = true, .not_slower = true};
	struct assay_gate_state open = {.survived = true};
	struct assay_gate_state red = {.survived = true, .verdict = ASSAY_GATE_REGRESSED};
	assay_gate_end(&pursued);
	assay_gate_end(&open);
	assay_gate_end(&red);
	assert_int_equal(pursued.verdict, ASSAY_GATE_OK);
	assert_int_equal(open.verdict, ASSAY_GATE_INCONCLUSIVE);
	assert_int_equal(red.verdict, ASSAY_GATE_REGRESSED);
}

static double noise(struct assay_rng *rng)
{
	return assay_normal_quantile(assay_rng_unit(rng) + 0x1p-54);
}

/* With the pairs it names, 9 gates of 10 decide: tried 300 times, three standard errors allowed. */
static void deciding_n_decides(void **state)
{
	(void)state;
	enum { LARGE = 190, TRIALS = 300, MOST = 400 };
	struct assay_gate_policy policy = assay_gate_policy(ASSAY_GATE_NORMAL);
	policy.looks = 1;
	policy.look_pairs[0] = MOST;
	policy.red_share[0] = policy.ok_share[0] = 1;
	double d[MOST];
	struct assay_gate_estimate estimate;
	struct assay_rng rng;
	struct assay_err err = {0};
	assay_rng_init(&rng, 12);
	for (size_t i = 0; i < LARGE; i++)
		d[i] = 0.05 + 0.06 * noise(&rng);
	assert_ok(assay_gate_estimate(&policy, d, LARGE, 1, &estimate, &err));
	assert_close(log(estimate.ratio), 0.05, 0.2);
	assert_true(estimate.lo < estimate.ratio && estimate.ratio < estimate.hi);
	/* (2.326 + 1.282)^2 (pi / 3) (.06 / .04)^2 is 31, but never less than is there already */
	assert_int_equal(estimate.deciding_n, LARGE + 1);
	assert_close(log(estimate.detectable), log(1.01) + 3.608 * 0.06 * sqrt(M_PI / 3 / MOST),
		     0.15);
	assert_ok(assay_gate_estimate(&policy, d, 12, 1, &estimate, &err));
	size_t decided = 0, n = estimate.deciding_n;
	assert_in_range(n, 13, MOST);
	double truth = log(estimate.ratio), sd = 0.06;
	for (int trial = 0; trial < TRIALS; trial++) {
		struct assay_gate_state one = {.survived = true, .p_slower = 1, .p_faster = 1};
		for (size_t i = 0; i < n; i++)
			d[i] = truth + sd * noise(&rng);
		assert_ok(assay_gate_look(&policy, 0, &(struct assay_gate_series){d, n, &one}, 1,
					  &err));
		decided += one.verdict == ASSAY_GATE_REGRESSED || one.verdict == ASSAY_GATE_OK;
	}
	assert_in_range(decided, TRIALS * 80 / 100, TRIALS);
}

static void estimate_of_little(void **state)
{
	(void)state;
	const struct assay_gate_policy policy = assay_gate_policy(ASSAY_GATE_NORMAL);
	static const double d[] = {0.01, NAN, 0.03, 0.02}, same[8] = {0};
	struct assay_gate_estimate got;
	struct assay_err err = {0};
	assert_ok(assay_gate_estimate(&policy, d, 0, 1, &got, &err));
	assert_true(isnan(got.ratio) && got.n == 0 && got.deciding_n == 0);
	assert_ok(assay_gate_estimate(&policy, d, 4, 1, &got, &err));
	assert_int_equal(got.n, 3);
	assert_close(got.ratio, exp(0.02), 1e-12);
	assert_true(isnan(got.detectable) && got.deciding_n == 0);
	/* No noise at all: only the level that few pairs cannot reach stands in the way. */
	assert_ok(assay_gate_estimate(&policy, same, 8, 10, &got, &err));
	assert_close(got.detectable, 1.01, 1e-12);
	assert_int_equal(got.deciding_n, 9);
}

/*
 * Rates of whole gates of 50 benchmarks, the first of which has the effect: red and missed at most, caught and
 * improved at least, with two standard errors for the number of gates that is tried.
 */
static const struct expectation {
	double m0, m1, effect;
	double red, caught, missed, improved;
} expectations[] = {
	{0, 0.02, 0, 0.01, 0, 1, 0},
	{0.01, 0.03, 0, 0.001, 0, 1, 0},
	{0.01, 0.03, 0.05, 0.01, 0.98, 0.005, 0},
	{0.01, 0.03, 0.10, 0.01, 0.99, 0, 0},
	{0.01, 0.03, -0.05, 0.01, 0, 1, 0.95},
};

static size_t gates; /* 0: few enough for a quick test */

static double allowance(double rate, size_t n)
{
	return 2 * sqrt(rate * (1 - rate) / (double)n) + 1e-9;
}

static void expect_rates(const struct expectation *want, enum simulated_noise noise_kind,
			 uint64_t seed)
{
	static const char *const names[NOISES] = {"normal", "heavy", "drift"};
	struct assay_gate_policy policy = assay_gate_policy(ASSAY_GATE_NORMAL);
	policy.m0 = want->m0;
	policy.m1 = want->m1;
	size_t n = gates ? gates : want->effect == 0 ? 200 : 50;
	const struct simulation simulation = {noise_kind, 50, n, want->effect, seed};
	struct simulated got;
	struct assay_err err = {0};
	assert_ok(simulate_gates(&policy, &simulation, &got, &err));
	if (gates)
		printf("# %-6s m0 %g m1 %g effect %+g: red %.4f caught %.4f OK %.4f inconclusive "
		       "%.4f improved %.4f pairs %.1f\n",
		       names[noise_kind], want->m0, want->m1, want->effect, got.red, got.caught,
		       got.missed, got.undecided, got.improved, got.pairs);
	assert_true(got.red <= want->red + allowance(want->red, n));
	assert_true(got.caught >= want->caught - allowance(want->caught, n));
	assert_true(got.missed <= want->missed + allowance(want->missed, n));
	assert_true(got.improved >= want->improved - allowance(want->improved, n));
	assert_true(got.pairs < 17);
}

static void gates_keep_their_promises(void **state)
{
	(void)state;
	for (size_t i = 0; i < ASSAY_COUNT_OF(expectations); i++)
		for (int n = 0; n < NOISES; n++)
			expect_rates(&expectations[i], (enum simulated_noise)n, 100 + 10 * i + n);
}

/* The same figures by the formulae of the header, from differences that lie symmetrically. */
static void estimate_by_hand(void **state)
{
	(void)state;
	enum { N = 20 };
	double d[N];
	struct assay_err err = {0};
	struct assay_gate_estimate got;
	const struct assay_gate_policy policy = assay_gate_policy(ASSAY_GATE_NORMAL);
	struct assay_rank_quantile tail;
	static const double centres[] = {0, 0.025, 0.05, 0, 0.02, 0.05};
	assert_ok(assay_signed_rank_quantile(N, 0.025, &tail, &err));
	for (size_t c = 0; c < ASSAY_COUNT_OF(centres); c++) {
		double width =
			c < 3 ? 0.02 : 0.3; /* with the second, many more pairs would decide */
		for (int i = 0; i < N; i++)
			d[i] = centres[c] + width * (i - (N - 1) / 2.0) / N;
		assert_ok(assay_gate_estimate(&policy, d, N, 3, &got, &err));
		assert_close(got.ratio, exp(centres[c]), 1e-9);
		double z = -assay_normal_quantile(tail.below);
		double spread = (log(got.hi) - log(got.lo)) / 2 / z * sqrt(N);
		size_t last = policy.looks - 1;
		double power = assay_normal_quantile(0.9);
		double red = policy.alpha / 3 * policy.red_share[last];
		double ok = policy.ok_level * policy.ok_share[last];
		double z_red = power - assay_normal_quantile(red);
		double z_ok = power - assay_normal_quantile(ok);
		double m0 = log1p(policy.m0), m1 = log1p(policy.m1);
		assert_close(got.detectable, exp(m0 + z_red * spread / sqrt(90)), 1e-5);
		double n_red =
			centres[c] > m0 ? pow(z_red * spread / (centres[c] - m0), 2) : INFINITY;
		double n_ok =
			centres[c] < m1 ? pow(z_ok * spread / (m1 - centres[c]), 2) : INFINITY;
		n_red = fmax(n_red, ceil(-log2(red)));
		n_ok = fmax(n_ok, ceil(-log2(ok)));
		double want = fmax(ceil(fmin(n_red, n_ok)), N + 1);
		assert_close((double)got.deciding_n, want, 1e-3);
	}
}

/* Two samples that count are enough to do without the interrupted; one is not. */
static void two_clean_samples_are_enough(void **state)
{
	(void)state;
	static const double x[] = {5, 7, 1, 2};
	static const uint8_t two[] = {0, 0, ASSAY_SAMPLE_PREEMPTED, ASSAY_SAMPLE_PREEMPTED};
	static const uint8_t one[] = {0, ASSAY_SAMPLE_PREEMPTED, ASSAY_SAMPLE_PREEMPTED,
				      ASSAY_SAMPLE_REJECTED};
	double scratch[4];
	bool used;
	assert_close(assay_gate_launch(x, two, 4, ASSAY_LOWER, scratch, &used), 5.5, 1e-12);
	assert_false(used);
	assert_close(assay_gate_launch(x, one, 4, ASSAY_LOWER, scratch, &used), 3, 1e-12);
	assert_true(used);
	assert_close(assay_gate_launch(x, one, 1, ASSAY_LOWER, scratch, &used), 5, 1e-12);
	assert_false(used);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(presets_have_their_margins),
		cmocka_unit_test(nonsense_policies_are_named),
		cmocka_unit_test(launches_are_summarised_on_the_fast_side),
		cmocka_unit_test(differences_point_to_worse),
		cmocka_unit_test(screen_dismisses_what_is_not_slower),
		cmocka_unit_test(looks_spend_and_holm_counts_survivors),
		cmocka_unit_test(improvements_have_their_family),
		cmocka_unit_test(differences_within_m0_do_not_count),
		cmocka_unit_test(an_improvement_of_the_screen_is_no_verdict),
		cmocka_unit_test(dismissed_ones_are_ignored),
		cmocka_unit_test(all_verdicts_are_reached),
		cmocka_unit_test(early_end),
		cmocka_unit_test(deciding_n_decides),
		cmocka_unit_test(estimate_of_little),
		cmocka_unit_test(gates_keep_their_promises),
		cmocka_unit_test(estimate_by_hand),
		cmocka_unit_test(two_clean_samples_are_enough),
	};
	gates = argc > 1 ? strtoul(argv[1], NULL, 10) : 0;
	return cmocka_run_group_tests_name("gate_math", tests, NULL, NULL);
}
