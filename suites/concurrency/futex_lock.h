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

/*
 * Time between two looks, in pauses. Where sections and what is between them are short, each look at a lock that is
 * free half of the time hands it over, and its lines with it; then waiters learn to look seldom, and
 * the owner has it many times in between. Where it is not taken again meanwhile, they look often.
 */
#ifndef FUTEX_LOCK_STEP_MAX
#define FUTEX_LOCK_STEP_MIN 8
#define FUTEX_LOCK_STEP_MAX 256
#endif

/* Zero-initialised is free, and sleeps at once. */
struct futex_lock {
	_Alignas(2 * ASSAY_CACHE_LINE) _Atomic uint32_t word;
	uint32_t pauses; /* before a waiter sleeps; UINT32_MAX: it never does */
	/* written by the owner alone; relaxed, since waiters only learn from them how often to look */
	_Atomic uint32_t taken; /* how often */
	_Atomic uint32_t step;  /* pauses between two looks */
};

static inline _Bool futex_lock_try(struct futex_lock *l)
{
	uint32_t free = FUTEX_LOCK_FREE;
	/* acquire: what the last owner did is seen */
	return atomic_compare_exchange_strong_explicit(&l->word, &free, FUTEX_LOCK_TAKEN,
						       memory_order_acquire, memory_order_relaxed);
}

/* By the owner, who has looked each `step` pauses while others took the lock `times`. */
static inline void futex_lock_learn(struct futex_lock *l, uint32_t step, uint32_t times)
{
	if (times > 4 && step < FUTEX_LOCK_STEP_MAX)
		atomic_store_explicit(&l->step, 2 * step, memory_order_relaxed);
	else if (times < 2 && step > FUTEX_LOCK_STEP_MIN)
		atomic_store_explicit(&l->step, step / 2, memory_order_relaxed);
}

/* True: it is ours. */
static inline _Bool futex_lock_spin(struct futex_lock *l)
{
	uint32_t step = atomic_load_explicit(&l->step, memory_order_relaxed);
	uint32_t taken = atomic_load_explicit(&l->taken, memory_order_relaxed);
	step = step ? step : FUTEX_LOCK_STEP_MIN;
	for (uint32_t left = l->pauses; left > 0;) {
		uint32_t pauses = left < step ? left : step;
		for (uint32_t i = 0; i < pauses; i++)
			assay_cpu_relax();
		/* relaxed: only whether it is worth a try */
		if (atomic_load_explicit(&l->word, memory_order_relaxed) == FUTEX_LOCK_FREE &&
		    futex_lock_try(l)) {
			uint32_t now = atomic_load_explicit(&l->taken, memory_order_relaxed);
			futex_lock_learn(l, step, now - taken);
			return 1;
		}
		left -= l->pauses == UINT32_MAX ? 0 : pauses;
	}
	return 0;
}

static inline void futex_lock_acquire(struct futex_lock *l)
{
	if (__builtin_expect(!futex_lock_try(l), 0) && !futex_lock_spin(l))
		/* acquire, as above. Who has slept cannot know whether others do, and says that they may. */
		while (atomic_exchange_explicit(&l->word, FUTEX_LOCK_AWAITED,
						memory_order_acquire) != FUTEX_LOCK_FREE)
			futex_wait(&l->word, FUTEX_LOCK_AWAITED);
	uint32_t taken = atomic_load_explicit(&l->taken, memory_order_relaxed);
	atomic_store_explicit(&l->taken, taken + 1, memory_order_relaxed);
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
