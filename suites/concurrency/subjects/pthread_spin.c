/* SPDX-License-Identifier: MIT */
/* pthread_spin: the C library's spin lock: one exchange to take it, one store to release it. */
#include <pthread.h>

#include "suites/concurrency/lock.h"

struct lock {
	pthread_spinlock_t inner;
};

static enum assay_code inner_init(struct lock *lock, unsigned threads, const int *cpus,
				  struct assay_err *err)
{
	int error = pthread_spin_init(&lock->inner, PTHREAD_PROCESS_PRIVATE);
	return error ? assay_fail(err, ASSAY_EENV, "pthread_spin: %s", strerror(error)) : ASSAY_OK;
}

static void inner_done(struct lock *lock)
{
	pthread_spin_destroy(&lock->inner);
}

static void inner_acquire(struct lock *lock, struct lock_place *place)
{
	pthread_spin_lock(&lock->inner);
}

static void inner_release(struct lock *lock, struct lock_place *place)
{
	pthread_spin_unlock(&lock->inner);
}

static const struct lock_ops ops = {
	.bytes = sizeof(struct lock),
	.init = inner_init,
	.done = inner_done,
	.acquire = inner_acquire,
	.release = inner_release,
	.spins = true,
};

const struct assay_subject assay_subject_concurrency_pthread_spin = {
	.interface = LOCK_INTERFACE,
	.brief = "the C library's spin lock",
	.ops = &ops,
};
