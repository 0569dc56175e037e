/* SPDX-License-Identifier: MIT */
/* What a gate's report comes to, and how a row reads. */
#include "tests/t.h"

#include <math.h>
#include <string.h>

#include "harness/gate/verdict.h"

static void add(struct assay_gate_report *report, enum assay_decision decision,
		enum assay_status status)
{
	struct assay_gate_row *row = assay_gate_report_add(report);
	assert_non_null(row);
	row->decision = decision;
	row->status = status;
}

static void the_worst_row_answers(void **state)
{
	(void)state;
	static const struct {
		enum assay_decision decision;
		enum assay_status status;
		enum assay_gate_answer answer;
	} steps[] = {
		/* each row outranks those before it */
		{ASSAY_DECISION_OK, ASSAY_STATUS_OK, ASSAY_GATE_GREEN},
		{ASSAY_DECISION_NEW, ASSAY_STATUS_OK, ASSAY_GATE_GREEN},
		{ASSAY_DECISION_SKIPPED, ASSAY_STATUS_SKIPPED, ASSAY_GATE_GREEN},
		{ASSAY_DECISION_IMPROVED, ASSAY_STATUS_OK, ASSAY_GATE_GREEN},
		{ASSAY_DECISION_INCONCLUSIVE, ASSAY_STATUS_OK, ASSAY_GATE_UNDECIDED},
		{ASSAY_DECISION_MISSING, ASSAY_STATUS_OK, ASSAY_GATE_LOST},
		{ASSAY_DECISION_FAILED, ASSAY_STATUS_CRASHED, ASSAY_GATE_LOST},
		{ASSAY_DECISION_FAILED, ASSAY_STATUS_FAILED, ASSAY_GATE_WRONG},
		{ASSAY_DECISION_REGRESSED, ASSAY_STATUS_OK, ASSAY_GATE_RED},
	};
	struct assay_gate_report report = {0};
	for (size_t i = 0; i < ASSAY_COUNT_OF(steps); i++) {
		add(&report, steps[i].decision, steps[i].status);
		assert_int_equal(assay_gate_report_answer(&report), steps[i].answer);
	}
	assay_gate_report_done(&report);
}

static void nothing_compared_is_coverage_lost(void **state)
{
	(void)state;
	struct assay_gate_report report = {0};
	assert_int_equal(assay_gate_report_answer(&report), ASSAY_GATE_LOST);
	add(&report, ASSAY_DECISION_NEW, ASSAY_STATUS_OK);
	add(&report, ASSAY_DECISION_SKIPPED, ASSAY_STATUS_SKIPPED);
	assert_int_equal(assay_gate_report_answer(&report), ASSAY_GATE_LOST);
	assay_gate_report_done(&report);
}

static void a_change_reads_in_the_metrics_direction(void **state)
{
	(void)state;
	struct assay_gate_row row = {.estimate = {.ratio = 1.25, .lo = 1.0, .hi = 2.0}};
	struct assay_gate_change time = assay_gate_row_change(&row);
	assert_true(time.ratio == 1.25 && time.lo == 1 && time.hi == 2);
	row.better = ASSAY_HIGHER; /* worse by a quarter: the rate is 0.8 of what it was */
	struct assay_gate_change rate = assay_gate_row_change(&row);
	assert_true(rate.ratio == 0.8 && rate.lo == 0.5 && rate.hi == 1);
}

static void remarks_are_kept_in_order(void **state)
{
	(void)state;
	struct assay_gate_report report = {0};
	struct assay_err err = {0};
	for (int i = 0; i < 20; i++)
		assert_ok(assay_gate_report_remark(&report, &err, "remark %d", i));
	assert_ok(assay_gate_report_remark(&report, &err, "%s", ""));
	assert_int_equal(report.n_remarks, 21);
	assert_string_equal(report.remarks[0], "remark 0");
	assert_string_equal(report.remarks[19], "remark 19");
	assert_string_equal(report.remarks[20], "");
	assay_gate_report_done(&report);
	assert_true(!report.remarks && !report.n_remarks);
}

/* What was not measured is no number. */
static void a_new_row_knows_nothing(void **state)
{
	(void)state;
	struct assay_gate_report report = {0};
	for (size_t i = 0; i < 9; i++) {
		const struct assay_gate_row *row = assay_gate_report_add(&report);
		assert_non_null(row);
		assert_int_equal(report.n, i + 1);
		assert_ptr_equal(row, &report.rows[i]);
		assert_true(isnan(row->base) && isnan(row->cand) && isnan(row->p));
		assert_true(isnan(row->adjusted_p) && isnan(row->preempted_share));
		assert_true(isnan(row->steal_share) && isnan(row->placement_share));
		assert_true(isnan(row->estimate.ratio) && isnan(row->placement_sd));
		assert_true(!row->name && !row->reason && !row->causes.n && !row->pairs);
	}
	assay_gate_report_done(&report);
}

static void names_come_back(void **state)
{
	(void)state;
	for (int i = 0; i < ASSAY_DECISIONS; i++)
		assert_int_equal(assay_decision_parse(assay_decision_name((enum assay_decision)i)),
				 i);
	assert_int_equal(assay_decision_parse("ok"), -1);
	static const char *const answers[] = {
		[ASSAY_GATE_RED] = "REGRESSION",     [ASSAY_GATE_WRONG] = "FAILED",
		[ASSAY_GATE_LOST] = "COVERAGE LOST", [ASSAY_GATE_UNDECIDED] = "CANNOT DECIDE",
		[ASSAY_GATE_GREEN] = "PASS",
	};
	for (size_t i = 0; i < ASSAY_COUNT_OF(answers); i++)
		assert_string_equal(assay_gate_answer_name((enum assay_gate_answer)i), answers[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_worst_row_answers),
		cmocka_unit_test(nothing_compared_is_coverage_lost),
		cmocka_unit_test(a_change_reads_in_the_metrics_direction),
		cmocka_unit_test(remarks_are_kept_in_order),
		cmocka_unit_test(a_new_row_knows_nothing),
		cmocka_unit_test(names_come_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
