/* SPDX-License-Identifier: MIT */
/* model: what the tests of one structure's schedules share: all pass, and each order is needed. */
#ifndef ASSAY_TESTS_MODEL_H
#define ASSAY_TESTS_MODEL_H

#include <stdio.h>

#include "tests/suites/concurrency/schedules.h"
#include "tests/t.h"

/* Every schedule of each case is right. */
static inline void assert_all_schedules_pass(const struct schedules_case *cases, size_t n)
{
	struct schedules_outcome outcome;
	for (size_t i = 0; i < n; i++) {
		schedules_explore(&cases[i], NULL, &outcome);
		if (outcome.failure[0])
			fail_msg("execution %llu of %s", (unsigned long long)outcome.executions,
				 outcome.failure);
		if (!outcome.complete)
			fail_msg("%s: more than %d executions", cases[i].name, SCHEDULES_MOST);
		print_message("# %s: %llu executions\n", cases[i].name,
			      (unsigned long long)outcome.executions);
	}
}

static inline void model_show_survivor(void *context, const struct schedules_site *site)
{
	static const char *const names[] = {"relaxed", "consume", "acquire",
					    "release", "acq_rel", "seq_cst"};
	print_message("# no case needs it: %s, line %d, %s instead of %s\n", site->function,
		      site->line, names[site->weaker], names[site->order]);
	(*(size_t *)context)++;
}

/*
 * Each order of the structure a step weaker is found to be wrong by some case, but for `spare` of them: why
 * they are as strong as they are is said where this is called.
 */
static inline void assert_orders_are_needed(const struct schedules_case *cases, size_t n,
					    size_t spare)
{
	size_t survivors = 0;
	size_t tried = schedules_weaken_each(cases, n, model_show_survivor, &survivors);
	print_message("# %zu orders, each a step weaker: %zu found to be wrong\n", tried,
		      tried - survivors);
	assert_true(tried > 0);
	assert_int_equal(survivors, spare);
}

#endif
