/* SPDX-License-Identifier: MIT */
/* modes: what is chosen for given costs, jobs that wait, results and errors in each way; trees of fixed size. */
#include "suites/concurrency/modes.h"

#include <time.h>

#include "suites/concurrency/hashed_tree.h"
#include "tests/t.h"

static const double begin_ns[MODE_COUNT] = {0, 20e3, 300e3};

static void the_cheapest_is_chosen(void **state)
{
	/* what was not tried is not chosen */
	assert_int_equal(modes_cheapest((double[]){100, 0, 0}, begin_ns, 1000), MODE_SEQUENTIAL);
	/* 1000 jobs of 100 ns: what threads save is less than their beginning */
	assert_int_equal(modes_cheapest((double[]){100, 90, 0}, begin_ns, 1000), MODE_SEQUENTIAL);
	assert_int_equal(modes_cheapest((double[]){1e4, 5e3, 0}, begin_ns, 1000), MODE_THREADS);
	/* a shared lock: threads no faster, processes twice */
	assert_int_equal(modes_cheapest((double[]){1e4, 1.1e4, 5e3}, begin_ns, 1000),
			 MODE_PROCESSES);
	assert_int_equal(modes_cheapest((double[]){1e4, 1.1e4, 5e3}, begin_ns, 20),
			 MODE_SEQUENTIAL);
}

static void what_cannot_pay_is_not_tried(void **state)
{
	assert_false(modes_worth_trying(100, 20e3, 400));
	assert_true(modes_worth_trying(1e4, 20e3, 400));
	assert_false(modes_worth_trying(1e9, 20e3, 3)); /* too few left to try with */
	assert_false(modes_worth_trying(2e3, 300e3, 400));
}

static int wait_or_fail(struct job *job)
{
	nanosleep(&(struct timespec){0, 200000}, NULL);
	job->result += job->argument + 1;
	return job->argument % 16 == 5 ? 9 : 0;
}

static void whatever_is_chosen_each_job_runs_once(void **state)
{
	struct modes modes = {.processes = 2};
	struct assay_err err = {0};
	struct job jobs[64];
	assert_ok(adaptive_start(&ADAPTIVE_LIMITS, NULL, &modes.pool, &err));
	modes_measure(&modes);
	for (int way = -1; way < MODE_COUNT; way++) {
		enum mode chosen = MODE_SEQUENTIAL;
		for (size_t i = 0; i < ASSAY_COUNT_OF(jobs); i++)
			jobs[i] = (struct job){.run = wait_or_fail, .argument = i};
		size_t failed =
			way < 0 ? modes_choose_and_run(&modes, jobs, ASSAY_COUNT_OF(jobs), &chosen)
				: modes_run(&modes, (enum mode)way, jobs, ASSAY_COUNT_OF(jobs));
		assert_int_equal(failed, 4);
		for (size_t i = 0; i < ASSAY_COUNT_OF(jobs); i++) {
			assert_int_equal(jobs[i].result, i + 1);
			assert_int_equal(jobs[i].error, i % 16 == 5 ? 9 : 0);
		}
	}
	adaptive_stop(modes.pool);
}

/* Counted by another program. The shapes are part of what is measured: others need another version of the benchmark. */
static void hashed_trees_are_what_they_were(void **state)
{
	assert_int_equal(hashed_tree_count(&HASHED_TREE_BINOMIAL), 40393);
	assert_int_equal(hashed_tree_count(&HASHED_TREE_GEOMETRIC), 52999);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_cheapest_is_chosen),
		cmocka_unit_test(what_cannot_pay_is_not_tried),
		cmocka_unit_test(whatever_is_chosen_each_job_runs_once),
		cmocka_unit_test(hashed_trees_are_what_they_were),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
