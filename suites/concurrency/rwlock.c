/* SPDX-License-Identifier: MIT */
/*
 * rwlock: as lock, but a share of the turns only reads, together with other readers where the lock knows
 * them; locks that do not are the comparison.
 */
#include "suites/concurrency/lock_run.h"

static void setup(struct assay_run *run)
{
	lock_run_setup(run, assay_axis(run, "inside"), 0, assay_axis(run, "reads"));
}

/* Returns how many turns it made. */
static uint64_t turns_of(struct assay_run *run, struct lock_run *l, struct lock_part *part)
{
	const struct lock_ops *ops = l->ops;
	struct lock *lock = l->lock;
	struct think inside = part->inside;
	/* where the last window ended, or short ones would only ever see the beginning of the pattern */
	uint64_t turns = part->turns, changes = 0, torn = 0;
	bool shared = ops->acquire_shared != NULL;
	void (*const acquire)(struct lock *, struct lock_place *) =
		shared ? ops->acquire_shared : ops->acquire;
	void (*const release)(struct lock *, struct lock_place *) =
		shared ? ops->release_shared : ops->release;

	ASSAY_LOOP (run) {
		if (part->reads[turns++ % LOCK_RUN_PATTERN]) {
			acquire(lock, &part->place);
			torn += l->first != l->second;
			think(&inside);
			release(lock, &part->place);
		} else {
			ops->acquire(lock, &part->place);
			lock_run_change(l);
			think(&inside);
			ops->release(lock, &part->place);
			changes++;
		}
	}
	part->inside = inside;
	part->changes += changes;
	part->torn += torn;
	uint64_t made = turns - part->turns;
	part->turns = turns;
	return made;
}

static void body(struct assay_run *run)
{
	struct lock_run *l = assay_state(run);
	unsigned me = assay_thread(run);
	shares_report(&l->shares, run, me, turns_of(run, l, &l->parts[me]));
}

const struct assay_bench assay_bench_concurrency_rwlock = {
	.brief = "one lock, mostly taken to read",
	.body = body,
	.setup = setup,
	.teardown = lock_run_teardown,
	.axes = ASSAY_AXES({"reads", "share", "0.5,0.9,0.99", "0.9"},
			   {"inside", "ns", "0,100,1000", "100"}),
	.subjects = LOCK_INTERFACE,
	.threads = "1..ncores",
	.mode = ASSAY_CONTENDED,
	.unit = "op/s",
	.thorough = true,
	.version = 1,
};
