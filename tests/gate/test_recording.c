/* SPDX-License-Identifier: MIT */
/*
 * Whole gates replayed over launches that were recorded on a busy machine: false alarms and misses. Seeds are fixed,
 * so a rate either holds or does not. With a file as argument: the rates of that recording, by case.
 */
#include "tests/t.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/gate/recording.h"

#define ANY SIZE_MAX

/* 2000, but fewer where a sanitizer makes them slow. */
static size_t gates = 2000;

static struct assay_gate_recording busy;

static void load(const char *path)
{
	struct assay_err err = {0};
	json_t *json = json_load_file(path, 0, NULL);
	if (!json || assay_gate_recording_read(json, &busy, &err) != ASSAY_OK) {
		fprintf(stderr, "%s: %s\n", path, err.text);
		exit(1);
	}
	json_decref(json);
}

static struct assay_gate_score replay(struct assay_gate_policy policy, double injected,
				      size_t number, size_t case_index, uint64_t seed)
{
	const struct assay_gate_experiment experiment = {
		.policy = policy,
		.benchmarks = 50,
		.gates = number,
		.injected = injected,
		.case_index = case_index,
		.seed = seed,
	};
	struct assay_gate_score score;
	struct assay_err err = {0};
	if (assay_gate_replay(&busy, &experiment, &score, &err) != ASSAY_OK) {
		fprintf(stderr, "%s\n", err.text);
		exit(1);
	}
	return score;
}

static void the_same_code_is_hardly_ever_red(void **state)
{
	(void)state;
	struct assay_gate_policy normal = assay_gate_policy(ASSAY_GATE_NORMAL), none = normal;
	none.m0 = 0;
	none.m1 = 0.02;
	assert_true(replay(none, 0, gates, ANY, 1).red <= 0.01);
	assert_true(replay(normal, 0, gates, ANY, 2).red <= 0.001);
}

static void a_change_is_found_or_said_to_be_open(void **state)
{
	(void)state;
	struct assay_gate_policy normal = assay_gate_policy(ASSAY_GATE_NORMAL);
	struct assay_gate_score five = replay(normal, 0.05, gates / 10, ANY, 3);
	struct assay_gate_score ten = replay(normal, 0.10, gates / 10, ANY, 4);
	assert_true(five.caught >= 0.88 && five.missed <= 0.02);
	assert_true(ten.caught >= 0.98 && ten.missed == 0);
	assert_true(five.red <= 0.01 && ten.red <= 0.01); /* the other 49 */
}

static void a_recording_survives_the_trip(void **state)
{
	(void)state;
	struct assay_gate_recording again = {0};
	struct assay_err err = {0};
	json_t *json = assay_gate_recording_json(&busy);
	assert_int_equal(assay_gate_recording_read(json, &again, &err), ASSAY_OK);
	json_decref(json);
	assert_int_equal(again.n, busy.n);
	for (size_t i = 0; i < busy.n; i++) {
		assert_string_equal(again.cases[i].name, busy.cases[i].name);
		assert_int_equal(again.cases[i].n, busy.cases[i].n);
		assert_true(again.cases[i].launches[7].summary ==
			    busy.cases[i].launches[7].summary);
	}
	assay_gate_recording_done(&again);
}

static void nonsense_is_refused(void **state)
{
	(void)state;
	static const char *const bad[] = {
		"{\"cases\": [{\"name\": \"x\", \"better\": \"lower\"}]}",
		"{\"cases\": [{\"name\": \"x\", \"better\": \"lower\", \"launches\": [[0]]}]}",
		"{\"cases\": [{\"name\": \"x\", \"better\": \"lower\", \"launches\": [[1, 2]]}]}",
	};
	for (size_t i = 0; i < ASSAY_COUNT_OF(bad); i++) {
		struct assay_gate_recording none = {0};
		struct assay_err err = {0};
		json_t *json = json_loads(bad[i], 0, NULL);
		assert_int_equal(assay_gate_recording_read(json, &none, &err), ASSAY_EPARSE);
		json_decref(json);
		assay_gate_recording_done(&none);
	}
}

static void nothing_is_not_replayed(void **state)
{
	(void)state;
	const struct assay_gate_experiment fine = {
		.policy = assay_gate_policy(ASSAY_GATE_NORMAL), .benchmarks = 1, .gates = 1};
	struct assay_gate_experiment no_gates = fine, no_benchmarks = fine;
	const struct assay_gate_recording empty = {0};
	struct assay_gate_score score;
	struct assay_err err = {0};
	no_gates.gates = 0;
	no_benchmarks.benchmarks = 0;
	assert_fails(assay_gate_replay(&empty, &fine, &score, &err), ASSAY_EUSAGE, "nothing");
	assert_fails(assay_gate_replay(&busy, &no_gates, &score, &err), ASSAY_EUSAGE, "nothing");
	assert_fails(assay_gate_replay(&busy, &no_benchmarks, &score, &err), ASSAY_EUSAGE,
		     "nothing");
}

static void too_short_a_recording_is_refused(void **state)
{
	(void)state;
	struct assay_recorded_launch launches[45] = {{.summary = 1}};
	struct assay_recorded_case one = {(char *)(uintptr_t) "x", ASSAY_LOWER, launches, 45};
	const struct assay_gate_recording small = {&one, 1};
	const struct assay_gate_experiment experiment = {
		.policy = assay_gate_policy(ASSAY_GATE_NORMAL), .benchmarks = 1, .gates = 1};
	struct assay_gate_score score;
	struct assay_err err = {0};
	assert_int_equal(assay_gate_replay(&small, &experiment, &score, &err), ASSAY_EUSAGE);
	assert_non_null(strstr(err.text, "45 launches of 'x'"));
}

static int by_case(void)
{
	struct assay_gate_policy normal = assay_gate_policy(ASSAY_GATE_NORMAL), none = normal;
	none.m0 = 0;
	none.m1 = 0.02;
	printf("red: %.2f %% without a margin, %.2f %% with 1 %%\n",
	       100 * replay(none, 0, 2000, ANY, 1).red, 100 * replay(normal, 0, 2000, ANY, 2).red);
	printf("%-60s %17s %17s\n", "found, undecided, missed in per cent", "+5 %", "+10 %");
	for (size_t i = 0; i < busy.n; i++) {
		struct assay_gate_score five = replay(normal, 0.05, 300, i, 3);
		struct assay_gate_score ten = replay(normal, 0.10, 300, i, 4);
		printf("%-60s %5.1f %5.1f %5.1f %5.1f %5.1f %5.1f\n", busy.cases[i].name,
		       100 * five.caught, 100 * five.undecided, 100 * five.missed, 100 * ten.caught,
		       100 * ten.undecided, 100 * ten.missed);
	}
	return 0;
}

enum { LAUNCHES = 96, KINDS = 2 };

/* Launches that are all alike but for the level of every `period`th, of two cases. */
static struct assay_gate_recording made(struct assay_recorded_case cases[KINDS],
					struct assay_recorded_launch launches[LAUNCHES],
					enum assay_better better, size_t period)
{
	for (size_t i = 0; i < LAUNCHES; i++) {
		double level = period && i % period == 0 ? 120 : 100;
		launches[i].summary = level;
		for (size_t k = 0; k < ASSAY_RECORDED_SAMPLES; k++)
			launches[i].samples[k] = level + 0.01 * (double)k;
	}
	for (size_t i = 0; i < KINDS; i++)
		cases[i] = (struct assay_recorded_case){(char *)(uintptr_t) "x", better, launches,
							LAUNCHES};
	return (struct assay_gate_recording){cases, KINDS};
}

static struct assay_gate_score score_of(const struct assay_gate_recording *recording,
					double injected, size_t benchmarks)
{
	const struct assay_gate_experiment experiment = {
		.policy = assay_gate_policy(ASSAY_GATE_NORMAL),
		.benchmarks = benchmarks,
		.gates = 40,
		.injected = injected,
		.case_index = ANY,
		.seed = 9,
	};
	struct assay_gate_score score;
	struct assay_err err = {0};
	memset(&score, 0x55, sizeof(score)); /* what was there before does not count */
	if (assay_gate_replay(recording, &experiment, &score, &err) != ASSAY_OK)
		fail_msg("%s", err.text);
	return score;
}

/* Without noise everything is known: who is red, who is caught, and after how many launches. */
static void scores_by_hand(void **state)
{
	(void)state;
	static const enum assay_better ways[] = {ASSAY_LOWER, ASSAY_HIGHER};
	struct assay_recorded_case cases[KINDS];
	static struct assay_recorded_launch launches[LAUNCHES];
	for (size_t i = 0; i < 2; i++) {
		struct assay_gate_recording same = made(cases, launches, ways[i], 0);
		struct assay_gate_score s = score_of(&same, 0, 4);
		assert_true(s.red == 0 && s.caught == 0 && s.missed == 0 && s.undecided == 0);
		assert_true(s.peer_red == 0 && s.peer_caught == 0);
		assert_close(s.launches, 12, 1e-12); /* six pairs of each: the screen dismisses */
		s = score_of(&same, 0.5, 4);
		assert_true(s.red == 0 && s.caught == 1 && s.missed == 0 && s.undecided == 0);
		assert_true(s.peer_red == 0 && s.peer_caught == 1);
		assert_true(s.launches > 12 && s.launches < 60);
		s = score_of(&same, 0.5, 1);
		assert_true(s.caught == 1 && s.red == 0 && s.peer_red == 0);
	}
	/* What is less than the margin is passed, and was missed. */
	for (size_t i = 0; i < 2; i++) {
		struct assay_gate_recording same = made(cases, launches, ways[i], 0);
		struct assay_gate_score small = score_of(&same, 0.005, 4);
		assert_true(small.missed == 1 && small.caught == 0 && small.undecided == 0);
		assert_true(small.peer_caught == 1 && small.peer_red == 0); /* who has no margin */
	}
	/* Every other launch is slower: the next process seems worse to a peer about every other time. */
	struct assay_gate_recording turns = made(cases, launches, ASSAY_LOWER, 2);
	struct assay_gate_score s = score_of(&turns, 0, 1);
	assert_true(s.peer_red > 0.2 && s.peer_red < 0.8 && s.peer_caught == 0);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_code_is_hardly_ever_red),
		cmocka_unit_test(a_change_is_found_or_said_to_be_open),
		cmocka_unit_test(a_recording_survives_the_trip),
		cmocka_unit_test(nonsense_is_refused),
		cmocka_unit_test(nothing_is_not_replayed),
		cmocka_unit_test(too_short_a_recording_is_refused),
		cmocka_unit_test(scores_by_hand),
	};
	if (getenv("ASSAY_GATES"))
		gates = strtoul(getenv("ASSAY_GATES"), NULL, 10);
	load(argc > 1 ? argv[1] : getenv("ASSAY_FIXTURE"));
	int rc = argc > 1 ? by_case() : cmocka_run_group_tests(tests, NULL, NULL);
	assay_gate_recording_done(&busy);
	return rc;
}
