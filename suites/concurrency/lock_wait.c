/* SPDX-License-Identifier: MIT */
/* lock_wait: how long a thread waits for a lock that others take as well; the tail shows who starves. */
#include "suites/concurrency/lock_run.h"

static void setup(struct assay_run *run)
{
	lock_run_setup(run, assay_axis(run, "inside"), assay_axis(run, "think"), 0);
}

static void body(struct assay_run *run)
{
	struct lock_run *l = assay_state(run);
	struct lock_part *part = &l->parts[assay_thread(run)];

	ASSAY_LOOP (run) {
		uint64_t stamp = assay_op_begin(run);
		l->ops->acquire(l->lock, &part->place);
		assay_op_end(run, stamp);
		lock_run_change(l);
		part->changes++;
		think(&part->inside);
		l->ops->release(l->lock, &part->place);
		think(&part->outside);
	}
}

const struct assay_bench assay_bench_concurrency_lock_wait = {
	.brief = "time until a contended lock is ours",
	.body = body,
	.setup = setup,
	.teardown = lock_run_teardown,
	.axes = ASSAY_AXES({"inside", "ns", "100"}, {"think", "ns", "100,1000", "1000"}),
	.subjects = LOCK_INTERFACE,
	.threads = "ncores",
	.mode = ASSAY_LATENCY,
	.thorough = true,
};
