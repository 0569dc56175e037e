/* SPDX-License-Identifier: MIT */
/* Histories with known changes: where they are found, on which machine, and what the store knows of them. */
#include "tests/t.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "harness/base/rng.h"
#include "harness/gate/history.h"

enum { MOST = 400 };

static struct assay_history_point points[MOST];

/* Normal with standard deviation 1, nearly: twelve uniforms [Irwin-Hall]. */
static double noise(struct assay_rng *rng)
{
	double sum = -6;
	for (int i = 0; i < 12; i++)
		sum += assay_rng_unit(rng);
	return sum;
}

/* Runs 1 to n on one machine, at 100 with noise of 0.5 %. */
static struct assay_history flat(size_t n, uint64_t seed)
{
	struct assay_rng rng;
	assay_rng_init(&rng, seed);
	for (size_t i = 0; i < n; i++)
		points[i] = (struct assay_history_point){
			.run = (int64_t)i + 1,
			.started_ns = i,
			.median = 100 * (1 + 0.005 * noise(&rng)),
			.status = ASSAY_STATUS_OK,
		};
	return (struct assay_history){.id = 1, .points = points, .n = n};
}

static struct assay_shift_list shifts_of(const struct assay_history *series,
					 const struct assay_change_list *known)
{
	struct assay_err err = {0};
	struct assay_shift_list list;
	assert_ok(assay_history_shifts(series, known, &list, &err));
	return list;
}

static void a_step_is_found_where_it_is(void **state)
{
	(void)state;
	struct assay_history series = flat(60, 1);
	for (size_t i = 30; i < 60; i++)
		points[i].median *= 1.05;
	struct assay_shift_list list = shifts_of(&series, NULL);
	assert_int_equal(list.n, 1);
	const struct assay_shift *s = &list.shifts[0];
	assert_in_range(s->at, 29, 31);
	assert_true(s->from <= s->at && s->at <= s->to && s->from <= 30 && s->to >= 30);
	assert_int_equal(s->before, s->from - 1);
	assert_true(s->lo < 1.05 && 1.05 < s->hi && s->hi - s->lo < 0.02);
	assert_true(s->found && !s->change && s->state == ASSAY_CHANGE_PROPOSED);
	assay_shift_list_done(&list);
	assert_true(!list.shifts && !list.n);
}

/* 100 series of 100 runs: at most 5 in a hundred alarm, as the scan promises for such noise. */
static void flat_series_rarely_alarm(void **state)
{
	(void)state;
	size_t alarms = 0;
	for (uint64_t seed = 100; seed < 200; seed++) {
		struct assay_history series = flat(100, seed);
		struct assay_shift_list list = shifts_of(&series, NULL);
		alarms += list.n > 0;
		assay_shift_list_done(&list);
	}
	assert_true(alarms <= 5);
}

/* Another machine has another level. That is no change, and neither machine hides the other's. */
static void machines_are_never_joined(void **state)
{
	(void)state;
	struct assay_history series = flat(80, 3);
	for (size_t i = 0; i < 80; i++)
		if (i >= 40) {
			points[i].fingerprint[0] = 1;
			points[i].median *= 1.5;
		}
	struct assay_shift_list list = shifts_of(&series, NULL);
	assert_int_equal(list.n, 0);
	assay_shift_list_done(&list);

	/* In turns, and the change is on the one of odd runs alone. */
	for (size_t i = 0; i < 80; i++) {
		points[i].fingerprint[0] = i % 2;
		points[i].median = 100 * (1 + 0.001 * (double)(i * 37 % 11));
		if (i % 2)
			points[i].median *= i >= 40 ? 3 : 2;
	}
	list = shifts_of(&series, NULL);
	assert_int_equal(list.n, 1);
	assert_int_equal(list.shifts[0].at, 41);
	assert_int_equal(list.shifts[0].before, 39);
	assert_close(list.shifts[0].ratio, 1.5, 0.01);
	assay_shift_list_done(&list);
}

static void gaps_stay_gaps(void **state)
{
	(void)state;
	struct assay_history series = flat(90, 4);
	for (size_t i = 45; i < 90; i++)
		points[i].median *= 0.9;
	for (size_t i = 0; i < 90; i += 3)
		points[i].status = ASSAY_STATUS_FAILED; /* its value must not count */
	for (size_t i = 0; i < 90; i += 3)
		points[i].median = i % 2 ? NAN : 1;
	points[40].median = 0; /* has no logarithm */
	struct assay_shift_list list = shifts_of(&series, NULL);
	assert_int_equal(list.n, 1);
	assert_int_equal(list.shifts[0].at, 46); /* 45 is a gap */
	const size_t before = list.shifts[0].before;
	assert_true(before < list.shifts[0].from && before % 3 != 0 && before != 40);
	assert_true(list.shifts[0].ratio > 0.88 && list.shifts[0].ratio < 0.92);
	assay_shift_list_done(&list);
}

/* What the store knows meets what is found when its run is one of those that fit, on the same machine. */
static void known_changes_keep_their_state(void **state)
{
	(void)state;
	struct assay_history series = flat(60, 1);
	for (size_t i = 30; i < 60; i++)
		points[i].median *= 1.05;
	struct assay_shift_list list = shifts_of(&series, NULL);
	const int64_t fits = points[list.shifts[0].from].run;
	assay_shift_list_done(&list);
	struct assay_change_point known[] = {
		{.id = 7, .run = 5, .state = ASSAY_CHANGE_CONFIRMED, .method = "m", .ratio = 1.5},
		{.id = 8, .run = fits, .state = ASSAY_CHANGE_DISMISSED, .method = "n"},
		{.id = 9, .run = 4000, .state = ASSAY_CHANGE_CONFIRMED}, /* of points not here */
	};
	const struct assay_change_list all = {known, 3, NULL};
	list = shifts_of(&series, &all);
	assert_int_equal(list.n, 2);
	assert_int_equal(list.shifts[0].change, 7);
	assert_int_equal(list.shifts[0].at, 4);
	assert_int_equal(list.shifts[0].before, 3);
	assert_false(list.shifts[0].found);
	assert_int_equal(list.shifts[0].state, ASSAY_CHANGE_CONFIRMED);
	assert_close(list.shifts[0].ratio, 1.5, 0);
	assert_int_equal(list.shifts[1].change, 8);
	assert_true(list.shifts[1].found);
	assert_int_equal(list.shifts[1].state, ASSAY_CHANGE_DISMISSED);
	assert_string_equal(list.shifts[1].method, "n");
	assay_shift_list_done(&list);
}

static void nothing_in_nothing(void **state)
{
	(void)state;
	struct assay_history series = flat(0, 1);
	struct assay_shift_list list = shifts_of(&series, NULL);
	assert_int_equal(list.n, 0);
	series = flat(13, 1); /* below 14 the scan has no critical value */
	for (size_t i = 6; i < 13; i++)
		points[i].median *= 2;
	list = shifts_of(&series, NULL);
	assert_int_equal(list.n, 0);
}

/* The change point is of +10 % in a time; what a gate says of the pair decides. */
static void settled_by_what_a_gate_decides(struct assay_store *store)
{
	static const struct {
		enum assay_decision decision;
		enum assay_change_state state;
	} cases[] = {
		{ASSAY_DECISION_OK, ASSAY_CHANGE_DISMISSED},
		{ASSAY_DECISION_REGRESSED, ASSAY_CHANGE_CONFIRMED},
		{ASSAY_DECISION_IMPROVED, ASSAY_CHANGE_DISMISSED},
		{ASSAY_DECISION_INCONCLUSIVE, ASSAY_CHANGE_PROPOSED},
		{ASSAY_DECISION_FAILED, ASSAY_CHANGE_PROPOSED},
		{ASSAY_DECISION_MISSING, ASSAY_CHANGE_PROPOSED},
	};
	struct assay_err err = {0};
	struct assay_change_list list;
	enum assay_change_state state;
	assert_ok(assay_store_change(store, 1, &list, &err));
	assert_string_equal(list.points[0].name, "s/b/threads:1");
	assert_string_equal(list.points[0].metric, "time");
	char name[] = "s/b/threads:1", metric[] = "time", unit[] = "ns/op";
	struct assay_gate_row row = {.name = name,
				     .metric = metric,
				     .unit = unit,
				     .better = ASSAY_LOWER,
				     .pairs = 12,
				     .estimate = {.ratio = 1.1, .lo = 1.09, .hi = 1.11}};
	struct assay_gate_report report = {.paired = true, .rows = &row, .n = 1};
	for (size_t i = 0; i < ASSAY_COUNT_OF(cases); i++) {
		row.decision = cases[i].decision;
		assert_ok(assay_history_settle(store, &list.points[0], &report, &state, &err));
		assert_int_equal(state, cases[i].state);
		list.points[0].ratio = 1 / list.points[0].ratio; /* the other way round */
		assert_ok(assay_history_settle(store, &list.points[0], &report, &state, &err));
		if (row.decision == ASSAY_DECISION_IMPROVED)
			assert_int_equal(state, ASSAY_CHANGE_CONFIRMED);
		if (row.decision == ASSAY_DECISION_REGRESSED)
			assert_int_equal(state, ASSAY_CHANGE_DISMISSED);
		list.points[0].ratio = 1 / list.points[0].ratio;
	}
	/* The row is the one of this case and this metric, wherever it stands. */
	char other[] = "s/c/threads:1", tame[] = "tame", longer[] = "times";
	struct assay_gate_row rows[] = {row, row, row, row};
	rows[0].name = other;
	rows[1].metric = tame;
	rows[2].metric = longer;
	rows[0].decision = rows[1].decision = rows[2].decision = ASSAY_DECISION_FAILED;
	rows[3].decision = ASSAY_DECISION_OK;
	struct assay_gate_report several = {.paired = true, .rows = rows, .n = 4};
	assert_ok(assay_history_settle(store, &list.points[0], &several, &state, &err));
	assert_int_equal(state, ASSAY_CHANGE_DISMISSED);
	several.n = 3;
	assert_fails(assay_history_settle(store, &list.points[0], &several, &state, &err),
		     ASSAY_EUSAGE, "did not compare");
	several.n = 4;
	several.hardware = true;
	assert_fails(assay_history_settle(store, &list.points[0], &several, &state, &err),
		     ASSAY_EUSAGE, "in pairs");
	report.paired = false;
	assert_fails(assay_history_settle(store, &list.points[0], &report, &state, &err),
		     ASSAY_EUSAGE, "in pairs");
	report.n = 0;
	assert_fails(assay_history_settle(store, &list.points[0], &report, &state, &err),
		     ASSAY_EUSAGE, "did not compare time of s/b/threads:1");
	/* The change point of a ratio is about the metric it is of. */
	list.points[0].metric = "time_vs_anchor_0123456789";
	report = (struct assay_gate_report){.paired = true, .rows = &row, .n = 1};
	row.decision = ASSAY_DECISION_REGRESSED;
	assert_ok(assay_history_settle(store, &list.points[0], &report, &state, &err));
	assay_change_list_done(&list);
	assert_ok(assay_store_change(store, 1, &list, &err));
	assert_int_equal(list.points[0].state, ASSAY_CHANGE_CONFIRMED);
	assert_non_null(strstr(list.points[0].method,
			       "gate: REGRESSED, 1.100 [1.090, 1.110] from 12 pairs"));
	assay_change_list_done(&list);
	assert_fails(assay_store_change(store, 77, &list, &err), ASSAY_EUSAGE,
		     "no change point 77");
}

/* A store with one series of 40 runs and a step, and what is proposed, settled and read back. */
static void proposals_are_kept_once_and_settled(void **state)
{
	(void)state;
	char folder[T_PATH], path[64];
	struct assay_err err = {0};
	struct assay_store *store;
	assert_non_null(mkdtemp(t_path(folder, "history")));
	snprintf(path, sizeof(path), "%s/results.db", folder);
	assert_ok(assay_store_open(path, ASSAY_STORE_WRITE, &store, &err));
	int64_t run = 0;
	for (unsigned i = 0; i < 40; i++) {
		const struct assay_run_info info = {
			.profile = "ci", .machine_name = "here", .started_ns = i + 1};
		const double median = (i < 20 ? 10 : 11) * (1 + 0.0001 * (i * 7 % 10));
		const struct assay_result result = {
			.name = "s/b/threads:1",
			.suite = "s",
			.benchmark = "b",
			.subject = "",
			.threads = 1,
			.metric = {"time", "ns/op", ASSAY_LOWER},
			.primary = true,
			.reason = "",
			.estimate = {.n = 1, .median = median, .lo = median, .hi = median},
			.driver = "native",
			.clock = "monotonic",
			.noise = 'A',
			.started_ns = i + 1};
		assert_ok(assay_store_begin_run(store, &info, &run, &err));
		assert_ok(assay_store_add_result(store, run, &result, &err));
	}
	for (int round = 0; round < 2; round++) {
		struct assay_history_list list;
		struct assay_change_list known;
		struct assay_shift_list shifts;
		size_t n = 0;
		assert_ok(assay_store_run_history(store, run, 0, &list, &err));
		assert_int_equal(list.n, 1);
		assert_int_equal(list.series[0].n, 40);
		assert_true(list.series[0].primary);
		assert_ok(assay_history_read_shifts(store, &list.series[0], &known, &shifts, &err));
		assert_int_equal(shifts.n, 1);
		assert_ok(assay_history_propose(store, &list.series[0], &shifts, &n, &err));
		assert_int_equal(n, round == 0);
		assay_shift_list_done(&shifts);
		assay_change_list_done(&known);

		assert_ok(assay_history_read_shifts(store, &list.series[0], &known, &shifts, &err));
		assert_int_equal(known.n, 1);
		assert_int_equal(known.points[0].run, 21);
		assert_int_equal(known.points[0].state,
				 round ? ASSAY_CHANGE_CONFIRMED : ASSAY_CHANGE_PROPOSED);
		assert_close(known.points[0].ratio, 1.1, 1e-3);
		assert_ok(assay_store_settle_change(store, shifts.shifts[0].change,
						    ASSAY_CHANGE_CONFIRMED, "gate: REGRESSED",
						    &err));
		if (round)
			assert_string_equal(shifts.shifts[0].method,
					    "max rank-sum scan; gate: REGRESSED");
		assay_shift_list_done(&shifts);
		assay_change_list_done(&known);
		assay_history_list_done(&list);
	}
	settled_by_what_a_gate_decides(store);
	assert_fails(assay_store_settle_change(store, 99, ASSAY_CHANGE_DISMISSED, "", &err),
		     ASSAY_EUSAGE, "no change point 99");
	assay_store_close(store);
	assert_ok(assay_store_open(path, ASSAY_STORE_READ, &store, &err));
	int64_t id;
	assert_fails(assay_store_propose_change(store, &(struct assay_change_point){.series = 1},
						&id, &err),
		     ASSAY_ESTORE, "");
	assay_store_close(store);
	unlink(path);
	rmdir(folder);
	unlink(path);
	rmdir(folder);
}

static void the_policy_is_the_documented_one(void **state)
{
	(void)state;
	const struct assay_change_policy policy = assay_history_policy();
	assert_close(policy.least_effect, log(1.01), 0);
	assert_true(policy.level == 0.001 && policy.least_deviation == 2);
}

/* Values of launches that failed are there to be read, and count for nothing; those below one do count. */
static void only_what_was_measured_counts(void **state)
{
	(void)state;
	struct assay_history series = flat(90, 5);
	for (size_t i = 0; i < 90; i++) {
		points[i].median *= 0.005;
		if (i >= 45 && i % 3 == 0)
			continue;
		if (i >= 45) {
			points[i].median *= 1.5;
			points[i].status = ASSAY_STATUS_FAILED;
		}
	}
	struct assay_shift_list list = shifts_of(&series, NULL);
	assert_int_equal(list.n, 0);
	for (size_t i = 45; i < 90; i++)
		points[i].status = ASSAY_STATUS_OK;
	list = shifts_of(&series, NULL);
	assert_int_equal(list.n, 1);
	assay_shift_list_done(&list);
}

/* Whatever order they are known in; each with the last value before it that its own machine measured. */
static void places_are_in_order(void **state)
{
	(void)state;
	struct assay_history series = flat(60, 1);
	for (size_t i = 30; i < 60; i++)
		points[i].median *= 1.05;
	points[49].status = ASSAY_STATUS_CRASHED;
	points[48].fingerprint[0] = 1;
	struct assay_change_point known[] = {
		{.id = 3, .run = 57, .method = "m", .ratio = 1.5},
		{.id = 1, .run = 1, .method = "m", .ratio = 1.5},
		{.id = 2, .run = 51, .method = "m", .ratio = 1.5},
	};
	const struct assay_change_list all = {known, 3, NULL};
	struct assay_shift_list list = shifts_of(&series, &all);
	static const size_t at[] = {0, 30, 50, 56}, before[] = {0, 0, 47, 55};
	assert_int_equal(list.n, 4);
	for (size_t i = 0; i < 4; i++) {
		assert_true(i == 1 ? list.shifts[i].found : list.shifts[i].at == at[i]);
		if (i != 1)
			assert_int_equal(list.shifts[i].before, before[i]);
	}
	assay_shift_list_done(&list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_step_is_found_where_it_is),
		cmocka_unit_test(flat_series_rarely_alarm),
		cmocka_unit_test(machines_are_never_joined),
		cmocka_unit_test(gaps_stay_gaps),
		cmocka_unit_test(known_changes_keep_their_state),
		cmocka_unit_test(nothing_in_nothing),
		cmocka_unit_test(proposals_are_kept_once_and_settled),
		cmocka_unit_test(the_policy_is_the_documented_one),
		cmocka_unit_test(only_what_was_measured_counts),
		cmocka_unit_test(places_are_in_order),
	};
	return cmocka_run_group_tests_name("history", tests, NULL, NULL);
}
