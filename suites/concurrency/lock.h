/* SPDX-License-Identifier: MIT */
/* lock: the interface of locks, for one thread or for several that read. */
#ifndef ASSAY_SUITES_CONCURRENCY_LOCK_H
#define ASSAY_SUITES_CONCURRENCY_LOCK_H

#include "harness/bench.h"

#define LOCK_INTERFACE "lock"

/* Each subject has its own. */
struct lock;

/* A thread's own, for locks that queue: zero-initialised, the same from acquire to release. */
struct lock_place {
	_Alignas(2 * ASSAY_CACHE_LINE) unsigned char bytes[2 * ASSAY_CACHE_LINE];
};

struct lock_ops {
	size_t bytes; /* of a lock, aligned to two cache lines */
	/* `lock` is zeroed; `threads` will use it, thread i on CPU cpus[i] unless that is negative. */
	enum assay_code (*init)(struct lock *lock, unsigned threads, const int *cpus,
				struct assay_err *err);
	void (*done)(struct lock *lock); /* may be NULL */
	void (*acquire)(struct lock *lock, struct lock_place *place);
	void (*release)(struct lock *lock, struct lock_place *place);
	/* Together with other readers. NULL: this lock knows no readers. */
	void (*acquire_shared)(struct lock *lock, struct lock_place *place);
	void (*release_shared)(struct lock *lock, struct lock_place *place);
	bool spins; /* waiters never sleep: with more threads than processors it takes for ever */
	bool excludes_nobody; /* null: never checked */
};

/* A lock of `ops` in memory of its own; lock_free() takes NULL. */
enum assay_code lock_new(const struct lock_ops *ops, unsigned threads, const int *cpus,
			 struct lock **ret, struct assay_err *err);
void lock_free(const struct lock_ops *ops, struct lock *lock);

/* The oracle: threads that count under the lock, and readers that must never see half a change. */
enum assay_code lock_check(const struct assay_subject *subject, uint64_t seed,
			   struct assay_err *err);

#endif
