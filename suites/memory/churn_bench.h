/* SPDX-License-Identifier: MIT */
/* churn_bench: what the benchmarks that replace blocks have in common around their loop. */
#ifndef ASSAY_SUITES_MEMORY_CHURN_BENCH_H
#define ASSAY_SUITES_MEMORY_CHURN_BENCH_H

#include "suites/memory/churn.h"
#include "suites/memory/memory_use.h"

/*
 * thread_setup(): a full churn of `slots` blocks by `law` up to `largest` becomes the thread's state, and it
 * has been through all of its steps once. Skips sizes that no block can have.
 */
void churn_thread_setup(struct assay_run *run, size_t slots, enum size_law law, double largest,
			enum churn_writing writing);
/* thread_teardown(): drains and frees the thread's churn. */
void churn_thread_teardown(struct assay_run *run);
/* After the loop of a body that made `turns` turns since there had been `faults`: metric "faults" per
 * operation, and what is resident for blocks since `watch` began, `slots` of which are live in all. Fails the case when a
 * block was wrong. */
void churn_report(struct assay_run *run, const struct churn *churn,
		  const struct memory_watch *watch, double slots, long faults, uint64_t turns);

/* Skip the case unless blocks may be released by other threads than the one that took them. */
bool memory_needs_exchange(struct assay_run *run);

#endif
