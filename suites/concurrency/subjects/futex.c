/* SPDX-License-Identifier: MIT */
/* futex: ours: waiters spin for as long as a wake-up costs here, as measured when the lock is made, then sleep. */
#include "suites/concurrency/futex_lock.h"
#include "suites/concurrency/lock.h"
#include "suites/concurrency/wake_cost.h"

struct lock {
	struct futex_lock inner;
};

static enum assay_code inner_init(struct lock *lock, unsigned threads, const int *cpus,
				  struct assay_err *err)
{
	lock->inner.pauses = threads > 1 ? wake_cost_pauses(cpus[0], cpus[1]) : 0;
	return ASSAY_OK;
}

static void inner_acquire(struct lock *lock, struct lock_place *place)
{
	futex_lock_acquire(&lock->inner);
}

static void inner_release(struct lock *lock, struct lock_place *place)
{
	futex_lock_release(&lock->inner);
}

static const struct lock_ops ops = {
	.bytes = sizeof(struct lock),
	.init = inner_init,
	.acquire = inner_acquire,
	.release = inner_release,
};

const struct assay_subject assay_subject_concurrency_futex = {
	.interface = LOCK_INTERFACE,
	.brief = "spins as long as a wake-up costs here, then sleeps",
	.ops = &ops,
};
