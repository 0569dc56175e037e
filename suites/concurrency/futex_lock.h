/* SPDX-License-Identifier: MIT */
/*
 * futex_lock: a lock whose waiters spin for about as long as a sleep and a wake-up would cost, and then
 * sleep. So they lose at most twice what the better of both would have cost [Karlin, Li, Manasse &
 * Owicki, "Empirical studies of competitive spinning", SOSP 1991]. Sleeping and waking are mutex2 of
 * Drepper, "Futexes are tricky", 2011.
 */
#ifndef ASSAY_SUITES_CONCURRENCY_FUTEX_LOCK_H
#define ASSAY_SUITES_CONCURRENCY_FUTEX_LOCK_H

#include <stdatomic.h>
#include <stdint.h>

#include "harness/base/attr.h"
#include "harness/base/clock.h"
#include "suites/concurrency/futex.h"

enum { FUTEX_LOCK_FREE, FUTEX_LOCK_TAKEN, FUTEX_LOCK_AWAITED }; /* awaited: somebody may sleep */

/* Time between two looks, in pauses: who looks seldom leaves the line to the owner, who may release and take the
 * lock many times in between. With short sections looking often means handing over at each look. */
#ifndef FUTEX_LOCK_PAUSES
#define FUTEX_LOCK_PAUSES 48
#endif

/* Zero-initialised is free, and sleeps at once. */
struct futex_lock {
	_Alignas(2 * ASSAY_CACHE_LINE) _Atomic uint32_t word;
	uint32_t pauses; /* before a waiter sleeps; UINT32_MAX: it never does */
};

static inline _Bool futex_lock_try(struct futex_lock *l)
{
	uint32_t free = FUTEX_LOCK_FREE;
	/* acquire: what the last owner did is seen */
	return atomic_compare_exchange_strong_explicit(&l->word, &free, FUTEX_LOCK_TAKEN,
						       memory_order_acquire, memory_order_relaxed);
}

/* True: it is ours. */
static inline _Bool futex_lock_spin(struct futex_lock *l)
{
	for (uint32_t left = l->pauses; left > 0;) {
		uint32_t step = left < FUTEX_LOCK_PAUSES ? left : FUTEX_LOCK_PAUSES;
		for (uint32_t i = 0; i < step; i++)
			assay_cpu_relax();
		/* relaxed: only whether it is worth a try */
		if (atomic_load_explicit(&l->word, memory_order_relaxed) == FUTEX_LOCK_FREE &&
		    futex_lock_try(l))
			return 1;
		left -= l->pauses == UINT32_MAX ? 0 : step;
	}
	return 0;
}

static inline void futex_lock_acquire(struct futex_lock *l)
{
	if (__builtin_expect(futex_lock_try(l), 1) || futex_lock_spin(l))
		return;
	/* acquire, as above. Who has slept cannot know whether others do, and says that they may. */
	while (atomic_exchange_explicit(&l->word, FUTEX_LOCK_AWAITED, memory_order_acquire) !=
	       FUTEX_LOCK_FREE)
		futex_wait(&l->word, FUTEX_LOCK_AWAITED);
}

static inline void futex_lock_release(struct futex_lock *l)
{
	/* release: the next owner sees what this one did */
	if (__builtin_expect(atomic_exchange_explicit(&l->word, FUTEX_LOCK_FREE,
						      memory_order_release) == FUTEX_LOCK_AWAITED,
			     0))
		futex_wake(&l->word, 1);
}

#endif
