/* SPDX-License-Identifier: MIT */
/* mutex: the C library's mutex, which sleeps at once when the lock is taken. */
#include <pthread.h>

#include "suites/concurrency/lock.h"

struct lock {
	pthread_mutex_t inner;
};

static enum assay_code inner_init(struct lock *lock, unsigned threads, const int *cpus,
				  struct assay_err *err)
{
	int error = pthread_mutex_init(&lock->inner, NULL);
	return error ? assay_fail(err, ASSAY_EENV, "mutex: %s", strerror(error)) : ASSAY_OK;
}

static void inner_done(struct lock *lock)
{
	pthread_mutex_destroy(&lock->inner);
}

static void inner_acquire(struct lock *lock, struct lock_place *place)
{
	pthread_mutex_lock(&lock->inner);
}

static void inner_release(struct lock *lock, struct lock_place *place)
{
	pthread_mutex_unlock(&lock->inner);
}

static const struct lock_ops ops = {
	.bytes = sizeof(struct lock),
	.init = inner_init,
	.done = inner_done,
	.acquire = inner_acquire,
	.release = inner_release,
};

const struct assay_subject assay_subject_concurrency_mutex = {
	.interface = LOCK_INTERFACE,
	.brief = "the C library's mutex",
	.ops = &ops,
};
