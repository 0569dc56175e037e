/* SPDX-License-Identifier: MIT */
/* futex_spin: our lock whose waiters never sleep: what spinning costs. */
#include "suites/concurrency/futex_lock.h"
#include "suites/concurrency/lock.h"

struct lock {
	struct futex_lock inner;
};

static enum assay_code inner_init(struct lock *lock, unsigned threads, const int *cpus,
				  struct assay_err *err)
{
	lock->inner.pauses = UINT32_MAX;
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
	.spins = true,
};

const struct assay_subject assay_subject_concurrency_futex_spin = {
	.interface = LOCK_INTERFACE,
	.brief = "our lock whose waiters never sleep",
	.ops = &ops,
};
