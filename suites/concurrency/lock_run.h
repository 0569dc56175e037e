/* SPDX-License-Identifier: MIT */
/* lock_run: what the benchmarks of locks share: a lock, what it guards, and each thread's thinking. */
#ifndef ASSAY_SUITES_CONCURRENCY_LOCK_RUN_H
#define ASSAY_SUITES_CONCURRENCY_LOCK_RUN_H

#include "suites/concurrency/lock.h"
#include "suites/concurrency/shares.h"
#include "suites/concurrency/think.h"

enum { LOCK_RUN_PATTERN = 4096 }; /* turns before the pattern of readers and writers repeats */

struct lock_part {
	struct lock_place place;
	struct think inside, outside;
	uint64_t changes, torn;
	uint64_t turns; /* through `reads`, round and round */
	bool reads[LOCK_RUN_PATTERN];
};

struct lock_run {
	const struct lock_ops *ops;
	struct lock *lock;
	struct shares shares;
	unsigned threads;
	struct lock_part *parts;
	/* guarded by the lock: equal whenever nobody is inside */
	_Alignas(2 * ASSAY_CACHE_LINE) uint64_t first;
	uint64_t second;
};

/* setup: thinking of so many ns under the lock and between; a share of `reads` in the patterns. */
void lock_run_setup(struct assay_run *run, double inside_ns, double outside_ns, double reads);
/* Fails the case when a change was lost or seen half done. */
void lock_run_teardown(struct assay_run *run);

static inline void lock_run_change(struct lock_run *l)
{
	l->first++;
	l->second++;
}

#endif
