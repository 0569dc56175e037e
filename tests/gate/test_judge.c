/* SPDX-License-Identifier: MIT */
/* test_judge: what becomes a row of a verdict: levels, shares, fresh pairs alone, words. */
#include "harness/gate/judge.h"

#include <math.h>
#include <stdlib.h>

#include "tests/t.h"

enum { SCREENING = 3, PAIRS = 15 };

struct fixture {
	struct assay_gate_pair pairs[PAIRS];
	struct assay_gate_trial trial;
	struct assay_gate_report report;
	struct assay_gate_row *row;
};

/* The screen saw a candidate twice as slow, the fresh pairs one that is 2 % slower, give or take. */
static void prepare(struct fixture *f)
{
	*f = (struct fixture){0};
	for (size_t i = 0; i < PAIRS; i++) {
		double base = 100 + (double)(i % 5);
		f->pairs[i] = (struct assay_gate_pair){
			.base = base,
			.cand = base * (i < SCREENING ? 2 : 1.02 + 0.001 * (double)(i % 7)),
		};
	}
	f->trial = (struct assay_gate_trial){
		.policy = assay_gate_policy(ASSAY_GATE_NORMAL),
		.pairs = f->pairs,
		.n = PAIRS,
		.screening = SCREENING,
		.lost = 2,
		.better = ASSAY_LOWER,
		.samples = 200,
		.preempted = 10,
		.ticks = 400,
		.steal_ticks = 4,
		.state = {.survived = true,
			  .verdict = ASSAY_GATE_INCONCLUSIVE,
			  .p_slower = 0.25,
			  .adjusted_p_slower = 0.5},
	};
	f->row = assay_gate_report_add(&f->report);
	assert_non_null(f->row);
}

static const struct assay_gate_row *judge(struct fixture *f)
{
	struct assay_err err = {0};
	assert_ok(assay_gate_judge(&f->trial, 1, f->row, &err));
	return f->row;
}

static void finish(struct fixture *f)
{
	assay_gate_report_done(&f->report);
}

static void fresh_pairs_decide(void **state)
{
	(void)state;
	struct fixture f;
	prepare(&f);
	const struct assay_gate_row *row = judge(&f);
	assert_int_equal(row->decision, ASSAY_DECISION_INCONCLUSIVE);
	assert_int_equal(row->pairs, PAIRS - SCREENING);
	assert_int_equal(row->lost_pairs, 2);
	assert_close(row->estimate.ratio, 1.023, 1e-3);
	assert_true(row->estimate.hi < 1.03);
	assert_close(row->base, 102, 1e-12);
	assert_true(row->cand > 103 && row->cand < 107); /* a median of all, screen included */
	assert_close(row->preempted_share, 0.05, 1e-12);
	assert_close(row->steal_share, 0.01, 1e-12);
	assert_true(row->p == 0.25 && row->adjusted_p == 0.5);
	assert_true(row->m0 == 0.01 && row->m1 == 0.03 && row->better == ASSAY_LOWER);
	assert_string_equal(row->reason, "");
	assert_true(row->causes.n > 0);
	assert_string_equal(assay_gate_cause_name(row->causes.found[0].cause), "margins");
	finish(&f);
}

/* A case that the screen dismissed was never tested, and is judged by the pairs it has. */
static void what_was_not_tested_has_no_p(void **state)
{
	(void)state;
	struct fixture f;
	prepare(&f);
	double none = f.row->p;
	f.trial.state.survived = false;
	f.trial.state.verdict = ASSAY_GATE_OK;
	const struct assay_gate_row *row = judge(&f);
	assert_int_equal(row->decision, ASSAY_DECISION_OK);
	assert_true(isnan(none) && isnan(row->p) && isnan(row->adjusted_p));
	assert_int_equal(row->causes.n, 0);
	f.trial.state.survived = true;
	f.trial.n = SCREENING;
	row = judge(&f);
	assert_true(isnan(row->p));
	assert_int_equal(row->pairs, SCREENING); /* the screen's, when there are no others */
	assert_close(row->estimate.ratio, 2, 1e-12);
	f.trial.n = SCREENING + 1;
	row = judge(&f);
	assert_true(row->p == 0.25);
	assert_int_equal(row->pairs, 1);
	finish(&f);
}

static void verdicts_become_decisions(void **state)
{
	(void)state;
	static const struct {
		enum assay_gate_verdict verdict;
		enum assay_decision decision;
	} cases[] = {
		{ASSAY_GATE_OK, ASSAY_DECISION_OK},
		{ASSAY_GATE_REGRESSED, ASSAY_DECISION_REGRESSED},
		{ASSAY_GATE_IMPROVED, ASSAY_DECISION_IMPROVED},
		{ASSAY_GATE_OPEN, ASSAY_DECISION_INCONCLUSIVE},
		{ASSAY_GATE_INCONCLUSIVE, ASSAY_DECISION_INCONCLUSIVE},
	};
	for (size_t i = 0; i < ASSAY_COUNT_OF(cases); i++) {
		struct fixture f;
		prepare(&f);
		f.trial.state.verdict = cases[i].verdict;
		assert_int_equal(judge(&f)->decision, cases[i].decision);
		finish(&f);
	}
}

static void a_side_that_failed_is_named(void **state)
{
	(void)state;
	static const struct {
		enum assay_status status;
		enum assay_gate_which side;
		const char *reason;
		enum assay_decision decision;
		const char *text;
	} cases[] = {
		{ASSAY_STATUS_SKIPPED, ASSAY_GATE_BASE, "no GPU", ASSAY_DECISION_SKIPPED,
		 "the base: no GPU"},
		{ASSAY_STATUS_SKIPPED, ASSAY_GATE_CAND, "no GPU", ASSAY_DECISION_MISSING,
		 "the candidate: no GPU"},
		{ASSAY_STATUS_CRASHED, ASSAY_GATE_CAND, "", ASSAY_DECISION_FAILED,
		 "the candidate: crashed"},
		{ASSAY_STATUS_FAILED, ASSAY_GATE_BASE, "2 + 2 is 5", ASSAY_DECISION_FAILED,
		 "the base: 2 + 2 is 5"},
	};
	for (size_t i = 0; i < ASSAY_COUNT_OF(cases); i++) {
		struct fixture f;
		prepare(&f);
		f.trial.status = cases[i].status;
		f.trial.failed_side = cases[i].side;
		snprintf(f.trial.reason, sizeof(f.trial.reason), "%s", cases[i].reason);
		const struct assay_gate_row *row = judge(&f);
		assert_int_equal(row->decision, cases[i].decision);
		assert_int_equal(row->status, cases[i].status);
		assert_string_equal(row->reason, cases[i].text);
		finish(&f);
	}
}

static void nothing_measured_says_why(void **state)
{
	(void)state;
	struct fixture f;
	prepare(&f);
	f.trial.n = 0;
	f.trial.samples = f.trial.ticks = 0;
	const struct assay_gate_row *row = judge(&f);
	assert_string_equal(row->reason, "no pair of launches was usable");
	assert_true(isnan(row->base) && isnan(row->preempted_share) && isnan(row->steal_share));
	f.trial.cut_short = true;
	assert_string_equal(judge(&f)->reason, "the time was up before its turn");
	f.trial.n = PAIRS; /* cut short, but not before its turn */
	assert_string_equal(judge(&f)->reason, "");
	for (size_t i = 0; i < PAIRS; i++)
		f.pairs[i].cand = NAN;
	row = judge(&f);
	assert_string_equal(row->reason, "no pair of launches was usable");
	assert_true(fabs(row->base - 102) < 1e-9 && isnan(row->cand));
	finish(&f);
}

/* Levels that follow the variant of one side, whichever it is; with one variant nothing is said. */
static void placement_is_of_the_side_it_disturbs_more(void **state)
{
	(void)state;
	for (int side = 0; side < 2; side++) {
		struct fixture f;
		prepare(&f);
		for (size_t i = 0; i < PAIRS; i++) {
			unsigned variant = (unsigned)(i % 3);
			double level = 100 * (1 + 0.1 * variant) + 0.01 * (double)(i % 2);
			f.pairs[i].base = side ? 100 + 0.01 * (double)(i % 4) : level;
			f.pairs[i].cand = side ? level : 100 + 0.01 * (double)(i % 4);
			f.pairs[i].variant_base = side ? 0 : variant;
			f.pairs[i].variant_cand = side ? variant : 0;
		}
		const struct assay_gate_row *row = judge(&f);
		assert_true(row->placement_share > 0.85 && row->placement_share <= 1);
		/* 0, 9.5 and 18.2 % on the logarithmic scale: a deviation of 9.1 % */
		assert_true(row->placement_sd > 0.07 && row->placement_sd < 0.12);
		assert_string_equal(assay_gate_cause_name(row->causes.found[0].cause), "placement");
		for (size_t i = 0; i < PAIRS; i++)
			f.pairs[i].variant_base = f.pairs[i].variant_cand = 2;
		finish(&f);
		f.report = (struct assay_gate_report){0};
		f.row = assay_gate_report_add(&f.report);
		row = judge(&f);
		assert_true(isnan(row->placement_share) && isnan(row->placement_sd));
		finish(&f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fresh_pairs_decide),
		cmocka_unit_test(what_was_not_tested_has_no_p),
		cmocka_unit_test(verdicts_become_decisions),
		cmocka_unit_test(a_side_that_failed_is_named),
		cmocka_unit_test(nothing_measured_says_why),
		cmocka_unit_test(placement_is_of_the_side_it_disturbs_more),
	};
	return cmocka_run_group_tests_name("judge", tests, NULL, NULL);
}
