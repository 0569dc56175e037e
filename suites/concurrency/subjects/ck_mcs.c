/* SPDX-License-Identifier: MIT */
/* ck_mcs: Concurrency Kit's MCS lock, a peer: waiters queue, and each spins on a line of its own. */
#include "suites/concurrency/lock.h"
#include "suites/concurrency/subjects/ck_probe.h"

#ifdef ASSAY_HAVE_CK
#include <ck_spinlock.h>

struct lock {
	ck_spinlock_mcs_t inner;
};

static enum assay_code inner_init(struct lock *lock, unsigned threads, const int *cpus,
				  struct assay_err *err)
{
	ck_spinlock_mcs_init(&lock->inner);
	return ASSAY_OK;
}

static void inner_acquire(struct lock *lock, struct lock_place *place)
{
	ck_spinlock_mcs_lock(&lock->inner, (struct ck_spinlock_mcs *)place->bytes);
}

static void inner_release(struct lock *lock, struct lock_place *place)
{
	ck_spinlock_mcs_unlock(&lock->inner, (struct ck_spinlock_mcs *)place->bytes);
}

static const struct lock_ops ops = {
	.bytes = sizeof(struct lock),
	.init = inner_init,
	.acquire = inner_acquire,
	.release = inner_release,
	.spins = true,
};
#else
static const struct lock_ops ops; /* never called: probe() says so */
#endif

const struct assay_subject assay_subject_concurrency_ck_mcs = {
	.interface = LOCK_INTERFACE,
	.brief = "Concurrency Kit's MCS lock, whose waiters queue",
	.ops = &ops,
	.probe = ck_probe,
};
