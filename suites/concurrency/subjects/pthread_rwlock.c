/* SPDX-License-Identifier: MIT */
/* pthread_rwlock: the C library's lock for readers and writers, which prefers readers. */
#include <pthread.h>

#include "suites/concurrency/lock.h"

struct lock {
	pthread_rwlock_t inner;
};

static enum assay_code inner_init(struct lock *lock, unsigned threads, const int *cpus,
				  struct assay_err *err)
{
	int error = pthread_rwlock_init(&lock->inner, NULL);
	return error ? assay_fail(err, ASSAY_EENV, "pthread_rwlock: %s", strerror(error))
		     : ASSAY_OK;
}

static void inner_done(struct lock *lock)
{
	pthread_rwlock_destroy(&lock->inner);
}

static void inner_acquire(struct lock *lock, struct lock_place *place)
{
	pthread_rwlock_wrlock(&lock->inner);
}

static void inner_release(struct lock *lock, struct lock_place *place)
{
	pthread_rwlock_unlock(&lock->inner);
}

static void inner_acquire_shared(struct lock *lock, struct lock_place *place)
{
	pthread_rwlock_rdlock(&lock->inner);
}

static const struct lock_ops ops = {
	.bytes = sizeof(struct lock),
	.init = inner_init,
	.done = inner_done,
	.acquire = inner_acquire,
	.release = inner_release,
	.acquire_shared = inner_acquire_shared,
	.release_shared = inner_release,
};

const struct assay_subject assay_subject_concurrency_pthread_rwlock = {
	.interface = LOCK_INTERFACE,
	.brief = "the C library's lock for readers and writers",
	.ops = &ops,
};
