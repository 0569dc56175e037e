/* SPDX-License-Identifier: MIT */
/* ck_rwlock: Concurrency Kit's spin lock for readers and writers, a peer. */
#include "suites/concurrency/lock.h"
#include "suites/concurrency/subjects/ck_probe.h"

#ifdef ASSAY_HAVE_CK
#include <ck_rwlock.h>

struct lock {
	ck_rwlock_t inner;
};

static enum assay_code inner_init(struct lock *lock, unsigned threads, const int *cpus,
				  struct assay_err *err)
{
	ck_rwlock_init(&lock->inner);
	return ASSAY_OK;
}

static void inner_acquire(struct lock *lock, struct lock_place *place)
{
	ck_rwlock_write_lock(&lock->inner);
}

static void inner_release(struct lock *lock, struct lock_place *place)
{
	ck_rwlock_write_unlock(&lock->inner);
}

static void inner_acquire_shared(struct lock *lock, struct lock_place *place)
{
	ck_rwlock_read_lock(&lock->inner);
}

static void inner_release_shared(struct lock *lock, struct lock_place *place)
{
	ck_rwlock_read_unlock(&lock->inner);
}

static const struct lock_ops ops = {
	.bytes = sizeof(struct lock),
	.init = inner_init,
	.acquire = inner_acquire,
	.release = inner_release,
	.acquire_shared = inner_acquire_shared,
	.release_shared = inner_release_shared,
	.spins = true,
};
#else
static const struct lock_ops ops; /* never called: probe() says so */
#endif

const struct assay_subject assay_subject_concurrency_ck_rwlock = {
	.interface = LOCK_INTERFACE,
	.brief = "Concurrency Kit's spin lock for readers and writers",
	.ops = &ops,
	.probe = ck_probe,
};
