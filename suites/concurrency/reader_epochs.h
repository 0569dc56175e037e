/* SPDX-License-Identifier: MIT */
/*
 * reader_epochs: when may be freed what readers may still look at? A reader writes the epoch in which it began into a
 * place of its own, and 0 when it ends; a writer that has taken something out of sight begins a new epoch and
 * waits until nobody is left in an older one [Fraser, "Practical lock-freedom", 2004; with one grace period and
 * no lists]. Readers run no fence: the writer has the kernel run one for them, as liburcu's memb flavour does
 * [Desnoyers et al., "User-level implementations of read-copy update", IEEE TPDS 2012].
 */
#ifndef ASSAY_SUITES_CONCURRENCY_READER_EPOCHS_H
#define ASSAY_SUITES_CONCURRENCY_READER_EPOCHS_H

#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>

#include "harness/base/attr.h"
#include "harness/base/clock.h"
#include "suites/concurrency/membarrier.h"

/* One reader's; zero-initialised is outside. */
struct epoch_reader {
	_Alignas(2 * ASSAY_CACHE_LINE) _Atomic uint64_t inside; /* the epoch it began in; 0: none */
};

struct epochs {
	_Alignas(2 * ASSAY_CACHE_LINE) _Atomic uint64_t now; /* from 1 */
};

/* Not nested. What is loaded after this, with acquire, is not freed before reader_leave(). */
static inline void reader_enter(struct epochs *e, struct epoch_reader *me)
{
	/* relaxed: an old epoch only makes writers wait longer */
	uint64_t now = atomic_load_explicit(&e->now, memory_order_relaxed);
	/* release: a writer that sees this one in a later epoch does not see how it left the one before. That the
	 * loads which follow do not pass the store is the business of the writer's fence. */
	atomic_store_explicit(&me->inside, now, memory_order_release);
	__asm__ volatile("" : : : "memory");
}

static inline void reader_leave(struct epoch_reader *me)
{
	/* release: all reads are over when a writer sees this */
	atomic_store_explicit(&me->inside, 0, memory_order_release);
}

/*
 * One writer at a time, outside of any epoch: what it has made unreachable before is no longer looked at
 * when this returns.
 */
static inline void readers_wait(struct epochs *e, struct epoch_reader *readers, unsigned n)
{
	uint64_t next = atomic_load_explicit(&e->now, memory_order_relaxed) + 1;
	/* a reader that has stored its epoch before is seen below; one that has not finds the new state, and so
	 * does one that begins in the next epoch, which therefore begins only now */
	fence_everywhere();
	atomic_store_explicit(&e->now, next, memory_order_relaxed);
	for (unsigned i = 0; i < n; i++) {
		unsigned waits = 0;
		for (;;) {
			/* acquire: what the reader did before it left is over */
			uint64_t inside =
				atomic_load_explicit(&readers[i].inside, memory_order_acquire);
			if (inside == 0 || inside >= next)
				break;
			assay_cpu_relax();
			if (++waits % 256 == 0) /* it may have lost its processor */
				sched_yield();
		}
	}
}

#endif
