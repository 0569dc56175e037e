/* SPDX-License-Identifier: MIT */
/* A verdict without pairs: what the interval must do for each decision, and what it never says. */
#include "tests/t.h"

#include <math.h>
#include <string.h>

#include "harness/gate/unpaired.h"

enum { LAUNCHES = 10, SAMPLES = 5, N = LAUNCHES * SAMPLES };

/* One run: launches at `level`, each a little off, by a fixed pattern. */
struct side {
	double values[N];
	uint8_t flags[N];
	uint32_t ends[LAUNCHES];
	struct assay_samples samples;
	struct assay_estimate estimate;
};

static void make_side(struct side *side, double level, double spread, size_t launches)
{
	static const double pattern[LAUNCHES] = {0.1, -0.7, 0.9, -0.2, 0.4, -1, 0.6, -0.4, 1, -0.7};
	memset(side, 0, sizeof(*side));
	for (size_t l = 0; l < launches; l++) {
		for (size_t i = 0; i < SAMPLES; i++)
			side->values[l * SAMPLES + i] = level * (1 + spread * pattern[l]);
		side->ends[l] = (uint32_t)((l + 1) * SAMPLES);
	}
	side->samples = (struct assay_samples){side->values, side->flags, launches * SAMPLES,
					       side->ends, launches};
	side->estimate = (struct assay_estimate){
		.n = launches * SAMPLES, .median = level, .lo = level, .hi = level};
}

static struct assay_gate_report judge_two(double ratio, double spread, size_t launches_a,
					  size_t launches_b, struct assay_gate_unpaired in)
{
	static struct side base, cand;
	struct assay_gate_report report = {0};
	struct assay_err err = {0};
	make_side(&base, 100, spread, launches_a);
	make_side(&cand, 100 * ratio, spread, launches_b);
	in.base = (struct assay_side){&base.samples, &base.estimate};
	in.cand = (struct assay_side){&cand.samples, &cand.estimate};
	in.policy = in.policy.looks ? in.policy : assay_gate_policy(ASSAY_GATE_NORMAL);
	struct assay_gate_row *row = assay_gate_report_add(&report);
	assert_non_null(row);
	assert_int_equal(assay_gate_judge_unpaired(&in, row, &err), ASSAY_OK);
	return report;
}

static struct assay_gate_report judge(double ratio, double spread, size_t launches,
				      struct assay_gate_unpaired in)
{
	return judge_two(ratio, spread, launches, launches, in);
}

static void each_decision_has_its_interval(void **state)
{
	(void)state;
	static const struct {
		double ratio, spread, allowance;
		size_t launches, family;
		enum assay_better better;
		enum assay_decision decision;
	} cases[] = {
		{1.00, 0.005, 0.02, 10, 1, ASSAY_LOWER, ASSAY_DECISION_OK},
		{1.10, 0.005, 0.02, 10, 1, ASSAY_LOWER, ASSAY_DECISION_REGRESSED},
		{0.90, 0.005, 0.02, 10, 1, ASSAY_LOWER, ASSAY_DECISION_IMPROVED},
		{0.90, 0.005, 0.02, 10, 1, ASSAY_HIGHER, ASSAY_DECISION_REGRESSED},
		{1.10, 0.005, 0.02, 10, 1, ASSAY_HIGHER, ASSAY_DECISION_IMPROVED},
		/* between what drift may do and what must not pass */
		{1.035, 0.005, 0.05, 10, 1, ASSAY_LOWER, ASSAY_DECISION_INCONCLUSIVE},
		/* the same change is decided alone, and not among a thousand */
		{1.05, 0.030, 0.00, 10, 1, ASSAY_LOWER, ASSAY_DECISION_REGRESSED},
		{1.05, 0.030, 0.00, 10, 1000, ASSAY_LOWER, ASSAY_DECISION_INCONCLUSIVE},
		/* noise decides nothing, and neither do two launches */
		{1.00, 0.200, 0.02, 10, 1, ASSAY_LOWER, ASSAY_DECISION_INCONCLUSIVE},
		{1.50, 0.001, 0.02, 2, 1, ASSAY_LOWER, ASSAY_DECISION_INCONCLUSIVE},
		{1.50, 0.001, 0.02, 3, 1, ASSAY_LOWER, ASSAY_DECISION_REGRESSED},
	};
	for (size_t i = 0; i < ASSAY_COUNT_OF(cases); i++) {
		struct assay_gate_report report =
			judge(cases[i].ratio, cases[i].spread, cases[i].launches,
			      (struct assay_gate_unpaired){.better = cases[i].better,
							   .allowance = cases[i].allowance,
							   .family = cases[i].family});
		assert_int_equal(report.rows[0].decision, cases[i].decision);
		bool open = cases[i].decision == ASSAY_DECISION_INCONCLUSIVE;
		assert_int_equal(report.rows[0].reason[0] != '\0', open);
		assay_gate_report_done(&report);
	}
}

/* Three launches are asked of either side. */
static void both_sides_need_launches(void **state)
{
	(void)state;
	for (size_t few = 2; few <= 3; few++)
		for (int cand = 0; cand < 2; cand++) {
			struct assay_gate_report report =
				judge_two(1.5, 0.001, cand ? 10 : few, cand ? few : 10,
					  (struct assay_gate_unpaired){.allowance = 0.02});
			const struct assay_gate_row *row = &report.rows[0];
			assert_int_equal(row->decision, few == 2 ? ASSAY_DECISION_INCONCLUSIVE
								 : ASSAY_DECISION_REGRESSED);
			assert_string_equal(row->reason,
					    few == 2 ? "needs 3 launches on each side" : "");
			assert_int_equal(row->pairs, few);
			assert_int_equal(row->estimate.n, few);
			assert_int_equal(row->causes.n, 0);
			assay_gate_report_done(&report);
		}
}

/* Bonferroni: among four a test has a quarter of the level; a family of none is one of one. */
static void a_family_shares_the_level(void **state)
{
	(void)state;
	struct assay_gate_policy quarter = assay_gate_policy(ASSAY_GATE_NORMAL);
	quarter.alpha /= 4;
	const struct assay_gate_unpaired asked[][2] = {
		{{.family = 4, .allowance = 0.01},
		 {.policy = quarter, .family = 1, .allowance = 0.01}},
		{{.family = 1, .allowance = 0.01}, {.family = 0, .allowance = 0.01}},
	};
	double lo[2];
	for (size_t i = 0; i < 2; i++) {
		struct assay_gate_report a = judge(1.05, 0.01, 10, asked[i][0]),
					 b = judge(1.05, 0.01, 10, asked[i][1]);
		lo[i] = a.rows[0].estimate.lo;
		assert_close(lo[i], b.rows[0].estimate.lo, 1e-12);
		assert_close(a.rows[0].estimate.hi, b.rows[0].estimate.hi, 1e-12);
		assay_gate_report_done(&a);
		assay_gate_report_done(&b);
	}
	assert_true(lo[0] < lo[1]);
}

/* What stands for the drift is told in per cent, as the cause. */
static void drift_is_the_cause(void **state)
{
	(void)state;
	struct assay_gate_report report =
		judge(1.05, 0.2, 10, (struct assay_gate_unpaired){.allowance = 0.57, .family = 1});
	const struct assay_gate_row *row = &report.rows[0];
	assert_int_equal(row->decision, ASSAY_DECISION_INCONCLUSIVE);
	assert_non_null(strstr(row->reason, "and 57 % may be drift"));
	assert_int_equal(row->causes.n, 1);
	assert_int_equal(row->causes.found[0].cause, ASSAY_CAUSE_DRIFT);
	assert_true(row->causes.found[0].strength == 1);
	assert_true(row->base == 100 && row->cand == 105);
	assert_true(row->m0 == assay_gate_policy(ASSAY_GATE_NORMAL).m0);
	assert_true(row->m1 == assay_gate_policy(ASSAY_GATE_NORMAL).m1);
	assay_gate_report_done(&report);
}

static void another_machine_is_no_regression(void **state)
{
	(void)state;
	struct assay_gate_report report =
		judge(2, 0.005, 10, (struct assay_gate_unpaired){.hardware = true});
	assert_int_equal(report.rows[0].decision, ASSAY_DECISION_INCONCLUSIVE);
	assert_non_null(strstr(report.rows[0].reason, "machines differ"));
	assay_gate_report_done(&report);
}

static void what_was_accepted_moves_the_margins(void **state)
{
	(void)state;
	struct assay_gate_policy policy = assay_gate_policy(ASSAY_GATE_NORMAL);
	policy.accepted = 0.06;
	static const struct {
		double ratio;
		enum assay_decision decision;
	} cases[] = {{1.06, ASSAY_DECISION_OK}, {1.12, ASSAY_DECISION_REGRESSED}};
	for (size_t i = 0; i < ASSAY_COUNT_OF(cases); i++) {
		struct assay_gate_report report =
			judge(cases[i].ratio, 0.005, 10,
			      (struct assay_gate_unpaired){.policy = policy, .allowance = 0.01});
		assert_int_equal(report.rows[0].decision, cases[i].decision);
		assay_gate_report_done(&report);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_decision_has_its_interval),
		cmocka_unit_test(both_sides_need_launches),
		cmocka_unit_test(a_family_shares_the_level),
		cmocka_unit_test(drift_is_the_cause),
		cmocka_unit_test(another_machine_is_no_regression),
		cmocka_unit_test(what_was_accepted_moves_the_margins),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
