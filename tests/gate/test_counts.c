/* SPDX-License-Identifier: MIT */
/* test_counts: what is decided from two replays of each side. */
#include "harness/gate/counts.h"

#include "harness/base/attr.h"
#include "harness/base/str.h"
#include "tests/t.h"

enum { OPERATIONS = 1000 };

/* Base, base again, candidate, candidate again; all alike until a test says otherwise. */
static struct assay_replayed replays[4];
static struct assay_counts_case result;

static void set(size_t which, enum assay_replay_event event, uint64_t raw)
{
	replays[which].counts[event].raw = raw;
	replays[which].counts[event].value = (double)raw / OPERATIONS;
}

static void set_side(size_t side, enum assay_replay_event event, uint64_t raw)
{
	set(2 * side, event, raw);
	set(2 * side + 1, event, raw);
}

static int begin(void **state)
{
	(void)state;
	static const uint64_t raw[ASSAY_REPLAY_EVENTS] = {
		[ASSAY_REPLAY_INSTRUCTIONS] = 1000000, [ASSAY_REPLAY_DATA_READS] = 200000,
		[ASSAY_REPLAY_DATA_WRITES] = 100000,   [ASSAY_REPLAY_CONDITIONAL_MISSES] = 5000,
		[ASSAY_REPLAY_INDIRECT_MISSES] = 0,    [ASSAY_REPLAY_L1D_MISSES] = 1000,
		[ASSAY_REPLAY_CACHE_MISSES] = 10,
	};
	memset(replays, 0, sizeof(replays));
	for (size_t r = 0; r < 4; r++) {
		replays[r].operations = OPERATIONS;
		for (unsigned e = 0; e < ASSAY_REPLAY_EVENTS; e++) {
			replays[r].counts[e].quality = ASSAY_SIMULATED;
			set(r, e, raw[e]);
		}
	}
	return 0;
}

static enum assay_counts_decision decide(double limit)
{
	assay_counts_decide(&replays[0], &replays[2], limit, &result);
	return result.decision;
}

static const struct assay_counts_row *row_of(enum assay_replay_event event)
{
	for (size_t i = 0; i < result.n; i++)
		if (result.rows[i].event == event)
			return &result.rows[i];
	fail_msg("no row of %s", assay_replay_event_name(event));
	return NULL;
}

#define assert_decision(got, want)                                                            \
	do {                                                                                  \
		enum assay_counts_decision got_ = (got);                                      \
		if (got_ != (want))                                                           \
			fail_msg("%s (%s)", assay_counts_decision_name(got_), result.reason); \
	} while (0)

static void equal_counts_are_the_same(void **state)
{
	(void)state;
	assert_decision(decide(0.005), ASSAY_COUNTS_SAME);
	assert_string_equal(result.reason, "");
	assert_int_equal(result.operations, OPERATIONS);
	assert_int_equal(result.n, 7);
	assert_true(row_of(ASSAY_REPLAY_INSTRUCTIONS)->change == 0);
	assert_close(row_of(ASSAY_REPLAY_DATA_READS)->base, 200, 0);
}

static void one_instruction_is_a_change(void **state)
{
	(void)state;
	set_side(1, ASSAY_REPLAY_INSTRUCTIONS, 1000001);
	assert_decision(decide(0.005), ASSAY_COUNTS_CHANGED);
	assert_non_null(strstr(result.reason, "instructions +0.0001 %"));
}

static void the_limit_divides_change_from_regression(void **state)
{
	(void)state;
	set_side(1, ASSAY_REPLAY_INSTRUCTIONS, 1004999);
	assert_decision(decide(0.005), ASSAY_COUNTS_CHANGED);
	set_side(1, ASSAY_REPLAY_INSTRUCTIONS, 1005000);
	assert_decision(decide(0.005), ASSAY_COUNTS_REGRESSED);
	assert_decision(decide(0.01), ASSAY_COUNTS_CHANGED);
	assert_decision(decide(0), ASSAY_COUNTS_REGRESSED);
}

static void fewer_is_better(void **state)
{
	(void)state;
	set_side(1, ASSAY_REPLAY_INSTRUCTIONS, 900000);
	assert_decision(decide(0.005), ASSAY_COUNTS_IMPROVED);
	assert_string_equal(result.reason, "instructions -10 %");
	set_side(1, ASSAY_REPLAY_DATA_WRITES, 110000);
	assert_decision(decide(0.005), ASSAY_COUNTS_REGRESSED);
	assert_string_equal(result.reason, "data_writes +10 %");
}

static void each_gated_event_can_fail(void **state)
{
	(void)state;
	static const enum assay_replay_event gated[] = {
		ASSAY_REPLAY_INSTRUCTIONS,    ASSAY_REPLAY_DATA_READS,
		ASSAY_REPLAY_DATA_WRITES,     ASSAY_REPLAY_CONDITIONAL_MISSES,
		ASSAY_REPLAY_INDIRECT_MISSES,
	};
	for (size_t i = 0; i < ASSAY_COUNT_OF(gated); i++) {
		begin(NULL);
		set_side(1, gated[i], replays[0].counts[gated[i]].raw + 20000);
		assert_decision(decide(0.005), ASSAY_COUNTS_REGRESSED);
		assert_non_null(strstr(result.reason, assay_replay_event_name(gated[i])));
	}
}

static void cache_misses_are_advisory(void **state)
{
	(void)state;
	set_side(1, ASSAY_REPLAY_L1D_MISSES, 500000);
	set_side(1, ASSAY_REPLAY_CACHE_MISSES, 500000);
	assert_decision(decide(0.005), ASSAY_COUNTS_SAME);
	assert_int_equal(row_of(ASSAY_REPLAY_L1D_MISSES)->decision, ASSAY_COUNTS_REGRESSED);
	assert_false(row_of(ASSAY_REPLAY_L1D_MISSES)->gated);
}

/* 5000 mispredictions and 30 more: 0.6 % of them, but 3 in 100000 instructions. */
static void few_events_in_many_instructions_are_no_regression(void **state)
{
	(void)state;
	set_side(1, ASSAY_REPLAY_CONDITIONAL_MISSES, 5030);
	assert_decision(decide(0.005), ASSAY_COUNTS_CHANGED);
	set_side(1, ASSAY_REPLAY_CONDITIONAL_MISSES,
		 5500); /* a tenth of the limit is not more than it */
	assert_decision(decide(0.005), ASSAY_COUNTS_CHANGED);
	set_side(1, ASSAY_REPLAY_CONDITIONAL_MISSES, 5501);
	assert_decision(decide(0.005), ASSAY_COUNTS_REGRESSED);
}

static void from_none_to_some(void **state)
{
	(void)state;
	set_side(1, ASSAY_REPLAY_INDIRECT_MISSES, 1000);
	assert_decision(decide(0.005), ASSAY_COUNTS_REGRESSED);
	assert_true(isinf(row_of(ASSAY_REPLAY_INDIRECT_MISSES)->change));
	assert_string_equal(result.reason, "indirect_misses from none to 1 per operation");
}

static void a_side_that_differs_from_itself_is_not_gated(void **state)
{
	(void)state;
	for (size_t which = 1; which < 4; which += 2) {
		begin(NULL);
		set_side(1, ASSAY_REPLAY_INSTRUCTIONS, 2000000);
		set(which, ASSAY_REPLAY_INSTRUCTIONS, which == 1 ? 1001001 : 2002002);
		assert_decision(decide(0.005), ASSAY_COUNTS_NOT_DETERMINISTIC);
		assert_non_null(strstr(result.reason, which == 1 ? "base" : "candidate"));
		assert_non_null(strstr(result.reason, "instructions"));
		assert_int_equal(result.n, 0);
	}
}

/* Within a thousandth of itself a side still counts; then only what lies between the ranges does. */
static void small_wobble_is_taken_off_the_change(void **state)
{
	(void)state;
	set(1, ASSAY_REPLAY_INSTRUCTIONS, 1000900);
	assert_decision(decide(0.005), ASSAY_COUNTS_SAME);
	set_side(1, ASSAY_REPLAY_INSTRUCTIONS, 1005500);
	assert_decision(decide(0.005), ASSAY_COUNTS_CHANGED);
	assert_close(row_of(ASSAY_REPLAY_INSTRUCTIONS)->change, 0.0046, 1e-9);
	set_side(1, ASSAY_REPLAY_INSTRUCTIONS, 1006000);
	assert_decision(decide(0.005), ASSAY_COUNTS_REGRESSED);
}

/* Ranges that overlap are the same, whichever of them lies lower and whichever replay of a side was the larger. */
static void ranges_that_overlap_are_the_same(void **state)
{
	(void)state;
	for (size_t order = 0; order < 8; order++) {
		uint64_t up = order >> 2 ? 500 : 0, down = 500 - up;
		begin(NULL);
		set(order & 1, ASSAY_REPLAY_INSTRUCTIONS, 1000000 + up);
		set(!(order & 1), ASSAY_REPLAY_INSTRUCTIONS, 1000900 + up);
		set(2 + (order >> 1 & 1), ASSAY_REPLAY_INSTRUCTIONS, 1000000 + down);
		set(3 - (order >> 1 & 1), ASSAY_REPLAY_INSTRUCTIONS, 1000900 + down);
		assert_decision(decide(0.0001), ASSAY_COUNTS_SAME);
		assert_true(row_of(ASSAY_REPLAY_INSTRUCTIONS)->change == 0);
	}
}

static void what_cannot_be_replayed_says_why(void **state)
{
	(void)state;
	replays[0].status = ASSAY_STATUS_SKIPPED;
	assay_copy(replays[0].reason, sizeof(replays[0].reason), "no valgrind");
	assert_decision(decide(0.005), ASSAY_COUNTS_SKIPPED);
	assert_string_equal(result.reason, "base: no valgrind");
	begin(NULL);
	replays[3].status = ASSAY_STATUS_CRASHED;
	assay_copy(replays[3].reason, sizeof(replays[3].reason), "killed by signal 11");
	assert_decision(decide(0.005), ASSAY_COUNTS_FAILED);
	assert_int_equal(result.status, ASSAY_STATUS_CRASHED);
	assert_string_equal(result.reason, "candidate: killed by signal 11");
}

static void batches_must_be_alike(void **state)
{
	(void)state;
	replays[2].operations = replays[3].operations = 8 * OPERATIONS;
	assert_decision(decide(0.005), ASSAY_COUNTS_FAILED);
	assert_non_null(strstr(result.reason, "max_ops"));
}

static void nonsense_limits_are_refused(void **state)
{
	(void)state;
	struct assay_err err = {0};
	const struct assay_replay side = {.program = "/nonexistent", .case_name = "a/b/threads:1"};
	static const double limits[] = {-0.1, 1, 50, NAN};
	for (size_t i = 0; i < ASSAY_COUNT_OF(limits); i++)
		assert_fails(assay_counts_compare(&side, &side, limits[i], &result, &err),
			     ASSAY_EUSAGE, "ratio such as 0.005");
}

/* Whichever replay of a side was the larger: only what lies between the two ranges counts, up or down. */
static void wobble_is_taken_off_on_both_sides(void **state)
{
	(void)state;
	for (size_t order = 0; order < 4; order++) {
		begin(NULL);
		set(order & 1, ASSAY_REPLAY_INSTRUCTIONS, 1000900);
		set(2 + (order >> 1), ASSAY_REPLAY_INSTRUCTIONS, 990000);
		set(3 - (order >> 1), ASSAY_REPLAY_INSTRUCTIONS, 990900);
		assert_decision(decide(0.005), ASSAY_COUNTS_IMPROVED);
		double first = order & 1 ? 1000000 : 1000900;
		assert_close(row_of(ASSAY_REPLAY_INSTRUCTIONS)->change, -9100 / first, 1e-9);
		set(2 + (order >> 1), ASSAY_REPLAY_INSTRUCTIONS, 1010900);
		set(3 - (order >> 1), ASSAY_REPLAY_INSTRUCTIONS, 1010000);
		assert_decision(decide(0.005), ASSAY_COUNTS_REGRESSED);
		assert_close(row_of(ASSAY_REPLAY_INSTRUCTIONS)->change, 9100 / first, 1e-9);
	}
}

static void the_first_replays_say_the_batch(void **state)
{
	(void)state;
	replays[2].operations = 8 * OPERATIONS;
	assert_decision(decide(0.005), ASSAY_COUNTS_FAILED);
	begin(NULL);
	replays[0].operations = 8 * OPERATIONS;
	assert_decision(decide(0.005), ASSAY_COUNTS_FAILED);
	begin(NULL);
	replays[1].operations = replays[3].operations = 8 * OPERATIONS;
	assert_decision(decide(0.005), ASSAY_COUNTS_SAME);
	assert_string_equal(assay_counts_decision_name(ASSAY_COUNTS_SAME), "same");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(equal_counts_are_the_same, begin),
		cmocka_unit_test_setup(one_instruction_is_a_change, begin),
		cmocka_unit_test_setup(the_limit_divides_change_from_regression, begin),
		cmocka_unit_test_setup(fewer_is_better, begin),
		cmocka_unit_test(each_gated_event_can_fail),
		cmocka_unit_test_setup(cache_misses_are_advisory, begin),
		cmocka_unit_test_setup(few_events_in_many_instructions_are_no_regression, begin),
		cmocka_unit_test_setup(from_none_to_some, begin),
		cmocka_unit_test(a_side_that_differs_from_itself_is_not_gated),
		cmocka_unit_test_setup(small_wobble_is_taken_off_the_change, begin),
		cmocka_unit_test_setup(what_cannot_be_replayed_says_why, begin),
		cmocka_unit_test_setup(batches_must_be_alike, begin),
		cmocka_unit_test(nonsense_limits_are_refused),
		cmocka_unit_test(ranges_that_overlap_are_the_same),
		cmocka_unit_test_setup(wobble_is_taken_off_on_both_sides, begin),
		cmocka_unit_test_setup(the_first_replays_say_the_batch, begin),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
