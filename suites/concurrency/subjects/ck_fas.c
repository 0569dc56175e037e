/* SPDX-License-Identifier: MIT */
/* ck_fas: Concurrency Kit's fetch-and-store spin lock, a peer. */
#include "suites/concurrency/lock.h"
#include "suites/concurrency/subjects/ck_probe.h"

#ifdef ASSAY_HAVE_CK
#include <ck_spinlock.h>

struct lock {
	ck_spinlock_fas_t inner;
};

static enum assay_code inner_init(struct lock *lock, unsigned threads, const int *cpus,
				  struct assay_err *err)
{
	ck_spinlock_fas_init(&lock->inner);
	return ASSAY_OK;
}

static void inner_acquire(struct lock *lock, struct lock_place *place)
{
	ck_spinlock_fas_lock(&lock->inner);
}

static void inner_release(struct lock *lock, struct lock_place *place)
{
	ck_spinlock_fas_unlock(&lock->inner);
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

const struct assay_subject assay_subject_concurrency_ck_fas = {
	.interface = LOCK_INTERFACE,
	.brief = "Concurrency Kit's fetch-and-store lock",
	.ops = &ops,
	.probe = ck_probe,
};
