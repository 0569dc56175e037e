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

static struct assay_gate_report judge(double ratio, double spread, size_t launches,
				      struct assay_gate_unpaired in)
{
	static struct side base, cand;
	struct assay_gate_report report = {0};
	struct assay_err err = {0};
	make_side(&base, 100, spread, launches);
	make_side(&cand, 100 * ratio, spread, launches);
	in.base = (struct assay_side){&base.samples, &base.estimate};
	in.cand = (struct assay_side){&cand.samples, &cand.estimate};
	in.policy = in.policy.looks ? in.policy : assay_gate_policy(ASSAY_GATE_NORMAL);
	in.family = in.family ? in.family : 1;
	struct assay_gate_row *row = assay_gate_report_add(&report);
	assert_non_null(row);
	assert_int_equal(assay_gate_judge_unpaired(&in, row, &err), ASSAY_OK);
	return report;
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
		cmocka_unit_test(another_machine_is_no_regression),
		cmocka_unit_test(what_was_accepted_moves_the_margins),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
