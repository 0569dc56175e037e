/* SPDX-License-Identifier: MIT */
/*
 * event: a counter that one thread waits on and another raises: spins for so many pauses, then sleeps, and is
 * woken by a system call only when it does.
 */
#ifndef ASSAY_SUITES_CONCURRENCY_EVENT_H
#define ASSAY_SUITES_CONCURRENCY_EVENT_H

#include <stdatomic.h>
#include <stdint.h>

#include "harness/base/attr.h"
#include "harness/base/clock.h"
#include "suites/concurrency/futex.h"

#define EVENT_ASLEEP UINT32_MAX

/* Zero-initialised is not raised, and sleeps at once. */
struct event {
	_Alignas(2 * ASSAY_CACHE_LINE) _Atomic uint32_t raised; /* how often more than waited for */
	uint32_t pauses; /* before it sleeps; UINT32_MAX: never */
};

/* One thread only. */
static inline void event_wait(struct event *e)
{
	for (uint32_t left = e->pauses;;) {
		uint32_t raised = atomic_load_explicit(&e->raised, memory_order_relaxed);
		if (raised != 0 && raised != EVENT_ASLEEP) {
			/* acquire: what the other thread did before it raised it */
			atomic_fetch_sub_explicit(&e->raised, 1, memory_order_acquire);
			return;
		}
		if (left > 0) {
			left -= left != UINT32_MAX;
			assay_cpu_relax();
			continue;
		}
		uint32_t none = 0;
		/* relaxed: nothing is read because of it */
		if (raised == EVENT_ASLEEP || atomic_compare_exchange_strong_explicit(
						      &e->raised, &none, EVENT_ASLEEP,
						      memory_order_relaxed, memory_order_relaxed))
			futex_wait(&e->raised, EVENT_ASLEEP);
	}
}

/* One other thread only. */
static inline void event_raise(struct event *e)
{
	/* relaxed: only a waiter that falls asleep changes it meanwhile, and then the exchange fails */
	uint32_t raised = atomic_load_explicit(&e->raised, memory_order_relaxed);
	for (;;) {
		uint32_t next = raised == EVENT_ASLEEP ? 1 : raised + 1;
		/* release: what was done before is seen by who waits */
		if (atomic_compare_exchange_weak_explicit(
			    &e->raised, &raised, next, memory_order_release, memory_order_relaxed))
			break;
	}
	if (raised == EVENT_ASLEEP)
		futex_wake(&e->raised, 1);
}

#endif
