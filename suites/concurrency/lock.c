/* SPDX-License-Identifier: MIT */
/*
 * lock: every thread takes one lock, changes what it guards, releases it and thinks; one operation is one
 * such turn of one thread.
 */
#include "suites/concurrency/lock_run.h"

static void setup(struct assay_run *run)
{
	lock_run_setup(run, assay_axis(run, "inside"), assay_axis(run, "think"), 0);
}

static void body(struct assay_run *run)
{
	struct lock_run *l = assay_state(run);
	unsigned me = assay_thread(run);
	struct lock_part *part = &l->parts[me];
	const struct lock_ops *ops = l->ops;
	struct lock *lock = l->lock;
	struct think inside = part->inside, outside = part->outside;
	uint64_t turns = 0;

	ASSAY_LOOP (run) {
		ops->acquire(lock, &part->place);
		lock_run_change(l);
		think(&inside);
		ops->release(lock, &part->place);
		think(&outside);
		turns++;
	}
	part->inside = inside;
	part->outside = outside;
	part->changes += turns;
	shares_report(&l->shares, run, me, turns);
}

const struct assay_bench assay_bench_concurrency_lock = {
	.brief = "one lock, taken and released by every thread, with thinking in between",
	.source =
		"ck_spinlock of the regressions of Concurrency Kit, with the think times of "
		"Mellor-Crummey & Scott, ACM TOCS 1991",
	.body = body,
	.setup = setup,
	.teardown = lock_run_teardown,
	.axes = ASSAY_AXES({"inside", "ns", "0,100", "0"},
			   {"think", "ns", "0,100,1000,10000", "0,1000"}),
	.subjects = LOCK_INTERFACE,
	.threads = "1..ncores",
	.mode = ASSAY_CONTENDED,
	.unit = "op/s",
	.thorough = true,
};
