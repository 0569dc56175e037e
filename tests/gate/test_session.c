/* SPDX-License-Identifier: MIT */
/*
 * The protocol of a gate over launches that a test makes up: what is decided, and what becomes of it
 * when a side crashes, the machine sleeps, load arrives, a clock steps or the time is up. Never a false pass.
 */
#include "tests/t.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/rng.h"
#include "harness/gate/judge.h"
#include "harness/gate/session.h"

enum { CASES = 4, MOST = 4000 };

/* A machine and two sides, and what is wrong with them. */
struct world {
	struct assay_rng rng;
	double slower[CASES]; /* true ratio of the candidate */
	double noise;         /* sd of launches */
	size_t slow_start; /* the candidate's first launches that take half as long again, by case */
	size_t load_from;  /* from this launch on everything takes three times as long; 0: never */
	int crash_side;    /* -1: none; case 0 on this side crashes ... */
	unsigned crash_every; /* ... in every so many launches */
	bool wrong;           /* case 0's candidate fails its oracle */
	int sleep_side;       /* -1: none; launches of this side ... */
	unsigned sleep_every; /* ... are hit by a suspension, every so many */
	unsigned step_every;  /* a clock steps back: every so many launches give no usable time */
	int stop_after;       /* interrupt after so many launches; 0: never */
	int interrupted_at;   /* likewise, and that launch is whole; 0: never */
	int fail_after;       /* the source itself fails at this launch; 0: never */
	bool fail_prepare;    /* ... or when it is to prepare case 2 */
	volatile sig_atomic_t interrupted;
	size_t launches, slept, taken[CASES], prepared[CASES][2];
	size_t asked, pairs_done, open; /* of the progress: how often, and what it said last */
	uint64_t seeds[MOST];
	int sides[MOST];
	size_t items[MOST];
};

static struct world quiet(void)
{
	struct world w = {.noise = 0.005, .crash_side = -1, .sleep_side = -1};
	assay_rng_init(&w.rng, 1);
	for (size_t i = 0; i < CASES; i++)
		w.slower[i] = 1;
	return w;
}

static double gaussian(struct assay_rng *rng)
{
	double sum = 0;
	for (int i = 0; i < 12; i++)
		sum += assay_rng_unit(rng);
	return sum - 6;
}

static bool hit(size_t n, unsigned every)
{
	return every && n % every == every - 1;
}

static enum assay_code prepare(void *context, size_t item, enum assay_gate_which side,
			       struct assay_gate_launch *ret, struct assay_err *err)
{
	struct world *w = context;
	assert_true(side == ASSAY_GATE_BASE || side == ASSAY_GATE_CAND);
	w->prepared[item][side]++;
	if (w->fail_prepare && item == 2)
		return assay_fail(err, ASSAY_EIO, "no oracle");
	if (w->wrong && item == 0 && side == ASSAY_GATE_CAND) {
		ret->status = ASSAY_STATUS_FAILED;
		snprintf(ret->reason, sizeof(ret->reason), "2 + 2 is 5");
	}
	return ASSAY_OK;
}

static enum assay_code launch(void *context, size_t item, enum assay_gate_which side, uint64_t seed,
			      struct assay_gate_launch *ret, struct assay_err *err)
{
	struct world *w = context;
	size_t n = w->launches++;
	assert_true(n < MOST);
	w->seeds[n] = seed;
	w->sides[n] = (int)side;
	w->items[n] = item;
	if (w->stop_after && (int)n + 1 >= w->stop_after) {
		w->interrupted = 1;
		return assay_fail(err, ASSAY_EINTR, "interrupted");
	}
	w->interrupted = w->interrupted_at && (int)n + 1 >= w->interrupted_at;
	if (w->fail_after && (int)n + 1 == w->fail_after)
		return assay_fail(err, ASSAY_EIO, "no worker");
	ret->better = ASSAY_LOWER;
	ret->variant = (unsigned)(n % 7);
	ret->samples = 5;
	ret->preempted = 1;
	ret->ticks = 10;
	ret->steal_ticks = 2;
	ret->summary = 100 * exp(w->noise * gaussian(&w->rng)) *
		       (side == ASSAY_GATE_CAND ? w->slower[item] : 1);
	if (side == ASSAY_GATE_CAND && w->taken[item]++ < w->slow_start)
		ret->summary *= 1.5;
	if (w->load_from && n >= w->load_from)
		ret->summary *= 3;
	if (hit(n, w->step_every))
		ret->summary = -1;
	if ((int)side == w->sleep_side && hit(n / 2, w->sleep_every)) {
		ret->suspended = true;
		w->slept++;
		ret->summary *= 1000;
	}
	if ((int)side == w->crash_side && item == 0 && hit(n / 2 / CASES, w->crash_every)) {
		ret->status = ASSAY_STATUS_CRASHED;
		snprintf(ret->reason, sizeof(ret->reason), "killed by signal 11");
	}
	return ASSAY_OK;
}

static void progress(void *context, size_t item, size_t pairs_done, size_t open)
{
	struct world *w = context;
	assert_true(item < CASES && open >= 1 && open <= CASES);
	assert_in_range(pairs_done, w->pairs_done,
			w->pairs_done + 1); /* a failed case has no pair */
	w->asked++;
	w->pairs_done = pairs_done;
	w->open = open;
}

struct outcome {
	struct assay_gate_trial trials[CASES];
	struct assay_gate_tally tally;
};

static enum assay_code ends(struct world *w, uint64_t budget_ns, uint64_t seed, struct outcome *ret)
{
	const struct assay_gate_source source = {prepare, launch, progress, w};
	const struct assay_gate_session_options options = {
		.policy = assay_gate_policy(ASSAY_GATE_NORMAL),
		.seed = seed,
		.budget_ns = budget_ns,
		.interrupted = &w->interrupted,
	};
	struct assay_err err = {0};
	memset(ret, 0, sizeof(*ret));
	for (size_t i = 0; i < CASES; i++)
		ret->trials[i].policy = options.policy;
	w->asked = w->pairs_done = 0;
	return assay_gate_session(&source, &options, ret->trials, CASES, &ret->tally, &err);
}

static void gate(struct world *w, uint64_t budget_ns, uint64_t seed, struct outcome *ret)
{
	assert_int_equal(ends(w, budget_ns, seed, ret), ASSAY_OK);
}

static struct assay_gate_report judge(const struct outcome *o)
{
	struct assay_gate_report report = {0};
	struct assay_err err = {0};
	for (size_t i = 0; i < CASES; i++) {
		struct assay_gate_row *row = assay_gate_report_add(&report);
		assert_non_null(row);
		assert_int_equal(assay_gate_judge(&o->trials[i], o->tally.survivors, row, &err),
				 ASSAY_OK);
	}
	return report;
}

static void done(struct outcome *o, struct assay_gate_report *report)
{
	assay_gate_trials_done(o->trials, CASES);
	if (report)
		assay_gate_report_done(report);
}

static void changes_are_told_from_none(void **state)
{
	(void)state;
	struct world w = quiet();
	struct outcome o;
	w.slower[1] = 1.10;
	w.slower[2] = 0.90;
	gate(&w, 0, 3, &o);
	struct assay_gate_report report = judge(&o);
	assert_int_equal(report.rows[0].decision, ASSAY_DECISION_OK);
	assert_int_equal(report.rows[1].decision, ASSAY_DECISION_REGRESSED);
	assert_int_equal(report.rows[2].decision, ASSAY_DECISION_IMPROVED);
	assert_int_equal(report.rows[3].decision, ASSAY_DECISION_OK);
	for (size_t i = 0; i < CASES; i++)
		assert_string_equal(report.rows[i].reason, "");
	assert_float_equal(report.rows[1].estimate.ratio, 1.10, 0.01);
	assert_float_equal(report.rows[1].base, 100, 1);
	assert_float_equal(report.rows[1].cand, 110, 1);
	assert_int_equal(o.trials[0].n, 6); /* dismissed by the screen */
	assert_true(o.trials[1].n >= 6 + 8);
	done(&o, &report);
}

static void pairs_are_adjacent_random_and_of_one_seed(void **state)
{
	(void)state;
	struct world w = quiet();
	struct outcome o;
	size_t cand_first = 0, in_order = 0;
	for (uint64_t seed = 0; seed < 40; seed++) {
		w.launches = 0;
		gate(&w, 0, seed, &o);
		for (size_t n = 0; n < 2 * CASES * 6; n += 2) {
			assert_int_equal(w.items[n], w.items[n + 1]);
			assert_int_equal(w.seeds[n], w.seeds[n + 1]);
			assert_int_not_equal(w.sides[n], w.sides[n + 1]);
			cand_first += w.sides[n] == ASSAY_GATE_CAND;
			in_order += n % (2 * CASES) / 2 == w.items[n];
		}
		done(&o, NULL);
	}
	/* 960 coin flips and 240 shuffles of four: within five standard deviations */
	assert_in_range(cand_first, 480 - 78, 480 + 78);
	assert_in_range(in_order, 240 - 68, 240 + 68);
}

static void a_crash_on_either_side_is_lost_coverage(void **state)
{
	(void)state;
	for (int side = 0; side < 2; side++) {
		struct world w = quiet();
		struct outcome o;
		w.crash_side = side;
		w.crash_every = 4; /* flaky, not broken */
		gate(&w, 0, 5, &o);
		struct assay_gate_report report = judge(&o);
		assert_int_equal(report.rows[0].decision, ASSAY_DECISION_FAILED);
		assert_non_null(strstr(report.rows[0].reason, side ? "the candidate" : "the base"));
		assert_non_null(strstr(report.rows[0].reason, "signal 11"));
		assert_int_equal(report.rows[1].decision, ASSAY_DECISION_OK);
		assert_int_equal(assay_gate_report_answer(&report), ASSAY_GATE_LOST);
		done(&o, &report);
	}
}

static void a_wrong_answer_is_no_slow_one(void **state)
{
	(void)state;
	struct world w = quiet();
	struct outcome o;
	w.wrong = true;
	w.slower[0] = 2;
	gate(&w, 0, 5, &o);
	struct assay_gate_report report = judge(&o);
	assert_int_equal(report.rows[0].decision, ASSAY_DECISION_FAILED);
	assert_string_equal(report.rows[0].reason, "the candidate: 2 + 2 is 5");
	assert_int_equal(assay_gate_report_answer(&report), ASSAY_GATE_WRONG);
	for (size_t n = 0; n < w.launches; n++)
		assert_int_not_equal(w.items[n], 0); /* never timed */
	done(&o, &report);
}

static void a_sleeping_machine_costs_pairs_and_no_verdict(void **state)
{
	(void)state;
	struct world w = quiet();
	struct outcome o;
	w.sleep_side = ASSAY_GATE_CAND;
	w.sleep_every = 5;
	w.slower[1] = 1.10;
	gate(&w, 0, 7, &o);
	struct assay_gate_report report = judge(&o);
	assert_true(o.tally.suspended > 0);
	assert_int_equal(o.tally.suspended, w.slept);
	assert_int_equal(report.rows[0].decision, ASSAY_DECISION_OK);
	assert_int_equal(report.rows[1].decision, ASSAY_DECISION_REGRESSED);
	assert_float_equal(report.rows[1].estimate.ratio, 1.10, 0.02);
	done(&o, &report);
}

static void a_side_that_never_counts_is_undecided(void **state)
{
	(void)state;
	struct world w = quiet();
	struct outcome o;
	w.sleep_side = ASSAY_GATE_BASE;
	w.sleep_every = 1;
	gate(&w, 0, 7, &o);
	struct assay_gate_report report = judge(&o);
	for (size_t i = 0; i < CASES; i++) {
		assert_int_equal(report.rows[i].decision, ASSAY_DECISION_INCONCLUSIVE);
		assert_string_equal(report.rows[i].reason, "no pair of launches was usable");
		assert_int_equal(report.rows[i].pairs, 0);
		assert_int_equal(o.trials[i].n, 6 + 90); /* up to the last look, and not beyond */
		assert_int_equal(o.trials[i].lost, 3 * o.trials[i].n); /* each tried three times */
		assert_false(o.trials[i].cut_short);
	}
	assert_int_equal(o.tally.launches, 2 * 3 * (6 + 90) * CASES);
	assert_int_equal(assay_gate_report_answer(&report), ASSAY_GATE_UNDECIDED);
	done(&o, &report);
}

static void a_stepping_clock_costs_pairs(void **state)
{
	(void)state;
	struct world w = quiet();
	struct outcome o;
	w.step_every = 7;
	w.slower[3] = 1.10;
	gate(&w, 0, 11, &o);
	struct assay_gate_report report = judge(&o);
	assert_true(report.rows[3].lost_pairs > 0);
	size_t pairs = 0; /* each lost one was taken once more, and none of the others */
	for (size_t i = 0; i < CASES; i++)
		pairs += o.trials[i].n + o.trials[i].lost;
	assert_int_equal(o.tally.launches, 2 * pairs);
	assert_int_equal(report.rows[0].decision, ASSAY_DECISION_OK);
	assert_int_equal(report.rows[3].decision, ASSAY_DECISION_REGRESSED);
	done(&o, &report);
}

/* Load that arrives in the middle hits both sides of later pairs alike, and one pair at most unequally. */
static void load_half_way_changes_no_verdict(void **state)
{
	(void)state;
	size_t right = 0;
	for (uint64_t seed = 0; seed < 20; seed++) {
		struct world w = quiet();
		struct outcome o;
		w.load_from = 31;
		w.slower[1] = 1.10;
		gate(&w, 0, seed, &o);
		struct assay_gate_report report = judge(&o);
		assert_int_not_equal(report.rows[1].decision, ASSAY_DECISION_OK);
		for (size_t i = 0; i < CASES; i++)
			if (i != 1)
				assert_int_not_equal(report.rows[i].decision,
						     ASSAY_DECISION_REGRESSED);
		right += report.rows[1].decision == ASSAY_DECISION_REGRESSED;
		done(&o, &report);
	}
	assert_true(right >= 18);
}

/* What the screen saw chose the survivors; it must not judge them as well. */
static void survivors_are_judged_on_fresh_pairs(void **state)
{
	(void)state;
	struct world w = quiet();
	struct outcome o;
	w.slow_start = 6;
	gate(&w, 0, 13, &o);
	struct assay_gate_report report = judge(&o);
	for (size_t i = 0; i < CASES; i++) {
		assert_true(o.trials[i].n > 6);
		assert_int_equal(report.rows[i].decision, ASSAY_DECISION_OK);
		assert_int_equal(report.rows[i].pairs, o.trials[i].n - 6);
		assert_float_equal(report.rows[i].estimate.ratio, 1, 0.01);
	}
	done(&o, &report);
}

static void spent_time_is_no_pass(void **state)
{
	(void)state;
	struct world w = quiet();
	struct outcome o;
	gate(&w, 1, 3, &o);
	struct assay_gate_report report = judge(&o);
	assert_true(o.tally.out_of_time);
	for (size_t i = 0; i < CASES; i++) {
		assert_int_equal(report.rows[i].decision, ASSAY_DECISION_INCONCLUSIVE);
		assert_string_equal(report.rows[i].reason, "the time was up before its turn");
	}
	done(&o, &report);
}

static void an_interruption_keeps_what_is_known(void **state)
{
	(void)state;
	struct world w = quiet();
	struct outcome o;
	w.stop_after = 30; /* in the middle of the fourth round */
	gate(&w, 0, 3, &o);
	struct assay_gate_report report = judge(&o);
	assert_true(o.tally.interrupted);
	for (size_t i = 0; i < CASES; i++) {
		assert_true(o.trials[i].n >= 3);
		assert_int_equal(report.rows[i].decision, ASSAY_DECISION_INCONCLUSIVE);
	}
	done(&o, &report);
}

/* What crashes while the machine is suspended may be killed by that; it is taken again. */
static void a_crash_in_its_sleep_is_forgiven(void **state)
{
	(void)state;
	struct world w = quiet();
	struct outcome o;
	w.crash_side = w.sleep_side = ASSAY_GATE_CAND;
	w.crash_every = 3;
	w.sleep_every = 1; /* never awake ... */
	gate(&w, 0, 5, &o);
	assert_int_equal(o.trials[0].status, ASSAY_STATUS_OK);
	done(&o, NULL);
}

static void a_failed_case_is_left_alone(void **state)
{
	(void)state;
	struct world w = quiet();
	struct outcome o;
	w.crash_side = ASSAY_GATE_BASE;
	w.crash_every = 1;
	gate(&w, 0, 5, &o);
	size_t taken = 0;
	for (size_t n = 0; n < w.launches; n++)
		taken += w.items[n] == 0;
	assert_in_range(taken, 1, 2); /* the candidate only where the coin put it first */
	assert_int_equal(o.trials[0].n, 0);
	assert_int_equal(o.trials[0].failed_side, ASSAY_GATE_BASE);
	assert_int_equal(o.tally.launches, taken + 2 * 6 * (CASES - 1));
	done(&o, NULL);
}

/* An error of the source's is the session's; what was measured until then is kept. */
static void errors_of_the_source_end_the_gate(void **state)
{
	(void)state;
	static const int places[] = {1, 2, 25, 2 * 6 * CASES + 3};
	struct outcome o;
	for (size_t i = 0; i < ASSAY_COUNT_OF(places); i++) {
		struct world w = quiet();
		w.slower[1] = 1.2;
		w.fail_after = places[i];
		assert_int_equal(ends(&w, 0, 3, &o), ASSAY_EIO);
		assert_int_equal(w.launches, places[i]);
		size_t pairs = 0;
		for (size_t k = 0; k < CASES; k++)
			pairs += o.trials[k].n;
		assert_int_equal(pairs, (places[i] - 1) / 2);
		done(&o, NULL);
	}
	struct world w = quiet();
	w.fail_prepare = true;
	assert_int_equal(ends(&w, 0, 3, &o), ASSAY_EIO);
	assert_int_equal(w.prepared[2][0] + w.prepared[2][1], 1);
	done(&o, NULL);
}

/* Both sides are prepared once; what is open is told before each pair; time enough cuts nothing. */
static void cases_are_prepared_once_and_progress_is_told(void **state)
{
	(void)state;
	struct world w = quiet();
	struct outcome o;
	w.slower[2] = 1.10;
	gate(&w, 3600000000000, 3, &o);
	assert_false(o.tally.out_of_time);
	size_t pairs = 0;
	for (size_t i = 0; i < CASES; i++) {
		assert_int_equal(w.prepared[i][0], 1);
		assert_int_equal(w.prepared[i][1], 1);
		assert_false(o.trials[i].cut_short);
		pairs += o.trials[i].n;
	}
	assert_int_equal(w.asked, pairs);
	assert_int_equal(w.pairs_done, pairs - 1);
	assert_int_equal(w.open, 1);
	assert_int_equal(o.tally.survivors, 1);
	assay_gate_trials_done(NULL, CASES);
	done(&o, NULL);
}

/* Interrupted while survivors are confirmed: those are cut short, the others stay what they are. */
static void only_what_is_open_is_cut_short(void **state)
{
	(void)state;
	struct world w = quiet();
	struct outcome o;
	w.slower[2] = 1.10;
	w.stop_after = 2 * 6 * CASES + 2 * 5;
	gate(&w, 0, 3, &o);
	assert_true(o.tally.interrupted && !o.tally.out_of_time);
	assert_int_equal(w.launches, w.stop_after);
	for (size_t i = 0; i < CASES; i++) {
		assert_int_equal(o.trials[i].cut_short, i == 2);
		assert_int_equal(o.trials[i].n, i == 2 ? 6 + 4 : 6);
		assert_int_equal(o.trials[i].screening, 6);
	}
	assert_int_equal(o.trials[2].state.verdict, ASSAY_GATE_INCONCLUSIVE);
	done(&o, NULL);
}

/* A pair that was lost is not tried again after an interruption. */
static void no_retry_after_an_interruption(void **state)
{
	(void)state;
	struct world w = quiet();
	struct outcome o;
	w.sleep_side = ASSAY_GATE_CAND;
	w.sleep_every = 1;
	w.interrupted_at = 2;
	gate(&w, 0, 3, &o);
	assert_true(o.tally.interrupted);
	assert_int_equal(w.launches, 2);
	struct assay_gate_report report =
		judge(&o); /* one pair, of nothing, and cases without any */
	for (size_t i = 0; i < CASES; i++) {
		assert_int_equal(report.rows[i].decision, ASSAY_DECISION_INCONCLUSIVE);
		assert_true(*report.rows[i].reason && isnan(report.rows[i].placement_share));
	}
	done(&o, &report);
}

static void the_same_seed_is_the_same_gate(void **state)
{
	(void)state;
	struct world a = quiet(), b = quiet();
	struct outcome first, second;
	gate(&a, 0, 17, &first);
	gate(&b, 0, 17, &second);
	assert_int_equal(a.launches, b.launches);
	assert_memory_equal(a.seeds, b.seeds, a.launches * sizeof(a.seeds[0]));
	assert_memory_equal(a.sides, b.sides, a.launches * sizeof(a.sides[0]));
	done(&first, NULL);
	done(&second, NULL);
}

/* Every launch is added up, and each pair says which of its sides went first. */
static void launches_are_added_up(void **state)
{
	(void)state;
	struct world w = quiet();
	struct outcome o;
	size_t next[CASES] = {0}, samples = 0;
	w.slower[2] = 1.05;
	gate(&w, 0, 3, &o);
	for (size_t n = 0; n + 1 < w.launches; n += 2) {
		size_t item = w.items[n];
		assert_int_equal(w.items[n + 1], item);
		assert_int_equal(w.sides[n] + w.sides[n + 1], ASSAY_GATE_BASE + ASSAY_GATE_CAND);
		assert_true(w.seeds[n] == w.seeds[n + 1]);
		bool cand_first = w.sides[n] == ASSAY_GATE_CAND;
		const struct assay_gate_pair *pair = &o.trials[item].pairs[next[item]++];
		assert_int_equal(pair->cand_first, cand_first);
		assert_int_equal(pair->variant_base, (n + cand_first) % 7);
		assert_int_equal(pair->variant_cand, (n + !cand_first) % 7);
	}
	for (size_t i = 0; i < CASES; i++) {
		const struct assay_gate_trial *t = &o.trials[i];
		assert_int_equal(t->n, next[i]);
		assert_int_equal(t->samples, 10 * t->n);
		assert_int_equal(t->preempted, 2 * t->n);
		assert_int_equal(t->ticks, 20 * t->n);
		assert_int_equal(t->steal_ticks, 4 * t->n);
		samples += t->samples;
	}
	assert_int_equal(o.tally.launches, w.launches);
	assert_int_equal(samples, 5 * w.launches);
	assay_gate_trials_done(o.trials, CASES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(changes_are_told_from_none),
		cmocka_unit_test(pairs_are_adjacent_random_and_of_one_seed),
		cmocka_unit_test(a_crash_on_either_side_is_lost_coverage),
		cmocka_unit_test(a_wrong_answer_is_no_slow_one),
		cmocka_unit_test(a_sleeping_machine_costs_pairs_and_no_verdict),
		cmocka_unit_test(a_side_that_never_counts_is_undecided),
		cmocka_unit_test(a_stepping_clock_costs_pairs),
		cmocka_unit_test(load_half_way_changes_no_verdict),
		cmocka_unit_test(survivors_are_judged_on_fresh_pairs),
		cmocka_unit_test(spent_time_is_no_pass),
		cmocka_unit_test(an_interruption_keeps_what_is_known),
		cmocka_unit_test(a_crash_in_its_sleep_is_forgiven),
		cmocka_unit_test(a_failed_case_is_left_alone),
		cmocka_unit_test(errors_of_the_source_end_the_gate),
		cmocka_unit_test(cases_are_prepared_once_and_progress_is_told),
		cmocka_unit_test(only_what_is_open_is_cut_short),
		cmocka_unit_test(no_retry_after_an_interruption),
		cmocka_unit_test(the_same_seed_is_the_same_gate),
		cmocka_unit_test(launches_are_added_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
