/* SPDX-License-Identifier: MIT */
/* test_job_watch: whatever a scheduler says, a job is done by its bundles alone, and the waiting ends. */
#include "tests/t.h"

#include "cli/job_watch.h"
#include "harness/base/rng.h"

enum { PATIENCE = 100 };

static void numbers_are_read(void **state)
{
	(void)state;
	assert_int_equal(job_number_read("123\n"), 123);
	assert_int_equal(job_number_read("123;cluster\n"), 123);
	assert_int_equal(job_number_read("Submitted batch job 5\n"), 0);
	assert_int_equal(job_number_read("12x\n"), 0);
	assert_int_equal(job_number_read(""), 0);
}

static void states_are_read(void **state)
{
	(void)state;
	const char *name = "assay-7";
	assert_int_equal(job_state_read("", name), JOB_UNKNOWN);
	assert_int_equal(job_state_read("b RUNNING\nassay-77 RUNNING\n", name), JOB_UNKNOWN);
	assert_int_equal(job_state_read("b RUNNING\nassay-7 PENDING\n", name), JOB_ALIVE);
	assert_int_equal(job_state_read("assay-7 COMPLETED\n", name), JOB_ENDED);
	assert_int_equal(job_state_read("assay-7 FAILED", name), JOB_ENDED);
	assert_int_equal(job_state_read("assay-7 REQUEUED\n", name), JOB_ALIVE);
	assert_int_equal(job_state_read("assay-7 SOMETHING_NEW\n", name), JOB_ALIVE);
	/* an array: alive while one task is */
	assert_int_equal(job_state_read("assay-7 COMPLETED\nassay-7 RUNNING\n", name), JOB_ALIVE);
	assert_int_equal(job_state_read("assay-7 COMPLETED\nassay-7 CANCELLED by 0\n", name),
			 JOB_ENDED);
	assert_int_equal(job_state_read("\n\nnonsense\n assay-7 RUNNING\n", name), JOB_UNKNOWN);
}

static void only_bundles_prove_an_end(void **state)
{
	(void)state;
	struct job_watch watch = {.patience_ns = PATIENCE};
	/* it says failed, and the result is there; it says completed, and there is none */
	assert_int_equal(job_watch_look(&watch, 1, 1, true, JOB_ENDED, 1), JOB_DONE);
	watch = (struct job_watch){.patience_ns = PATIENCE};
	assert_int_equal(job_watch_look(&watch, 0, 1, true, JOB_ENDED, 1), JOB_WAIT);
	assert_int_equal(job_watch_look(&watch, 0, 1, false, JOB_NO_ANSWER, 100), JOB_WAIT);
	assert_int_equal(job_watch_look(&watch, 0, 1, false, JOB_NO_ANSWER, 101), JOB_LOST);
	assert_int_equal(job_watch_look(&watch, 1, 1, false, JOB_NO_ANSWER, 102), JOB_DONE);
}

static void a_requeued_job_lives_again(void **state)
{
	(void)state;
	struct job_watch watch = {.patience_ns = PATIENCE};
	assert_int_equal(job_watch_look(&watch, 0, 1, true, JOB_ENDED, 1), JOB_WAIT);
	assert_int_equal(job_watch_look(&watch, 0, 1, true, JOB_ALIVE, 50), JOB_WAIT);
	assert_int_equal(job_watch_look(&watch, 0, 1, true, JOB_ALIVE, 500), JOB_WAIT);
	assert_int_equal(job_watch_look(&watch, 0, 1, true, JOB_ENDED, 600), JOB_WAIT);
	assert_int_equal(job_watch_look(&watch, 0, 1, true, JOB_ENDED, 700), JOB_LOST);
}

static void one_lapse_of_memory_is_forgiven(void **state)
{
	(void)state;
	struct job_watch watch = {.patience_ns = PATIENCE};
	uint64_t now = 0;
	for (int i = 0; i < 100; i++) {
		enum job_state state_now = i % 3 == 2 ? JOB_ALIVE : JOB_UNKNOWN;
		now += PATIENCE;
		assert_int_equal(job_watch_look(&watch, 0, 1, true, state_now, now), JOB_WAIT);
	}
	for (int i = 0; i < 3; i++)
		assert_int_equal(job_watch_look(&watch, 0, 1, true, JOB_UNKNOWN, ++now), JOB_WAIT);
	assert_int_equal(job_watch_look(&watch, 0, 1, true, JOB_UNKNOWN, now + PATIENCE), JOB_LOST);
}

/* Any sequence of answers: never done without a bundle, and lost soon after the scheduler said its last word. */
static void random_answers_end(void **state)
{
	(void)state;
	struct assay_rng rng;
	assay_rng_init(&rng, 11);
	for (int run = 0; run < 10000; run++) {
		struct job_watch watch = {.patience_ns = PATIENCE};
		enum job_verdict verdict = JOB_WAIT;
		enum job_state last =
			(enum job_state)(assay_rng_below(&rng, 2) ? JOB_ENDED : JOB_UNKNOWN);
		uint64_t now = 0;
		for (int i = 0; i < 20 && verdict == JOB_WAIT; i++, now += 10)
			verdict = job_watch_look(&watch, 0, 1, true,
						 (enum job_state)assay_rng_below(&rng, 4), now);
		for (int i = 0; i < 20 && verdict == JOB_WAIT; i++, now += 10)
			verdict = job_watch_look(&watch, 0, 1, true, last, now);
		assert_int_equal(verdict, JOB_LOST);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_read),
		cmocka_unit_test(states_are_read),
		cmocka_unit_test(only_bundles_prove_an_end),
		cmocka_unit_test(a_requeued_job_lives_again),
		cmocka_unit_test(one_lapse_of_memory_is_forgiven),
		cmocka_unit_test(random_answers_end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
