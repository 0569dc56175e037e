/* SPDX-License-Identifier: MIT */
/*
 * test_counts_live: one per cent more instructions, planted in a plug-in, is seen; none is not. Runs the
 * real program (ASSAY_PROGRAM); skipped where there is no callgrind.
 */
#include "harness/gate/counts.h"

#include <stdio.h>
#include <stdlib.h>

#include "harness/engine/guard.h"
#include "harness/engine/launch.h"
#include "tests/t.h"

enum { SKIPPED_TEST = 77 };

static struct assay_counts_case compare(const char *base, const char *cand, const char *name)
{
	struct assay_err err = {0};
	const char *const plugins[2][2] = {{getenv(base)}, {getenv(cand)}};
	const struct assay_replay sides[2] = {
		{
			.program = getenv("ASSAY_PROGRAM"),
			.plugins = plugins[0],
			.case_name = name,
			.timeout_ns = 60000000000,
		},
		{
			.program = getenv("ASSAY_PROGRAM"),
			.plugins = plugins[1],
			.case_name = name,
			.timeout_ns = 60000000000,
		},
	};
	struct assay_counts_case result;
	assert_ok(assay_counts_compare(&sides[0], &sides[1], ASSAY_COUNTS_LIMIT, &result, &err));
	return result;
}

static void one_per_cent_is_seen(void **state)
{
	(void)state;
	struct assay_counts_case result =
		compare("ASSAY_REPLAY_PLUGIN", "ASSAY_LONGER_PLUGIN", "replay/known/threads:1");
	if (result.decision != ASSAY_COUNTS_REGRESSED)
		fail_msg("%s: %s", assay_counts_decision_name(result.decision), result.reason);
	assert_close(result.rows[0].change, 0.01, 0.01);
	assert_non_null(strstr(result.reason, "instructions +1 %"));
}

/* The same code from another path, some bytes further: branches may fall on others in the predictor. */
static void the_same_code_is_no_regression(void **state)
{
	(void)state;
	struct assay_counts_case result =
		compare("ASSAY_REPLAY_PLUGIN", "ASSAY_LONGER_PLUGIN", "replay/library/threads:1");
	if (result.decision != ASSAY_COUNTS_SAME && result.decision != ASSAY_COUNTS_CHANGED)
		fail_msg("%s: %s", assay_counts_decision_name(result.decision), result.reason);
	for (size_t i = 0; i < result.n; i++)
		if (result.rows[i].event <= ASSAY_REPLAY_DATA_WRITES && result.rows[i].change != 0)
			fail_msg("%s %+g", assay_replay_event_name(result.rows[i].event),
				 result.rows[i].change);
}

static void a_side_that_fails_is_not_compared(void **state)
{
	(void)state;
	struct assay_counts_case result =
		compare("ASSAY_REPLAY_PLUGIN", "ASSAY_LONGER_PLUGIN", "replay/wrong/threads:1");
	assert_int_equal(result.decision, ASSAY_COUNTS_FAILED);
	assert_string_equal(result.reason, "base: two and two is five");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_per_cent_is_seen),
		cmocka_unit_test(the_same_code_is_no_regression),
		cmocka_unit_test(a_side_that_fails_is_not_compared),
	};
	struct assay_err why = {0};
	if (assay_replay_probe(&why) != ASSAY_OK) {
		printf("skipped: %s\n", why.text);
		return SKIPPED_TEST;
	}
	if (assay_guard_start(&why) != ASSAY_OK)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
