/* SPDX-License-Identifier: MIT */
/*
 * epochs: something that readers use while it is exchanged: who exchanges it gets the old one back when no
 * reader can have it any more. Readers never wait [read-copy-update by epochs; McKenney & Slingwine, PDCS 1998].
 */
#ifndef ASSAY_SUITES_CONCURRENCY_EPOCHS_H
#define ASSAY_SUITES_CONCURRENCY_EPOCHS_H

#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>

/*
 * A reader has an epoch, an _Atomic uint64_t that begins with 0 and is odd while it reads, and is on one thread
 * at a time.
 */

/* What is current, until epoch_leave(); not within another. */
static inline void *epoch_enter(_Atomic uint64_t *reader, _Atomic(void *) *current)
{
	/* seq_cst, both: either epoch_left() sees this odd, or this sees what epoch_exchange() has put */
	atomic_fetch_add_explicit(reader, 1, memory_order_seq_cst);
	return atomic_load_explicit(current, memory_order_seq_cst);
}

static inline void epoch_leave(_Atomic uint64_t *reader)
{
	/* release: it was read before the other thread may free it */
	atomic_fetch_add_explicit(reader, 1, memory_order_release);
}

/* One at a time; the old one is free when epoch_left() has returned for each reader. */
static inline void *epoch_exchange(_Atomic(void *) *current, void *next)
{
	return atomic_exchange_explicit(current, next, memory_order_seq_cst);
}

/* Waits for the reader, if it is inside, to leave. */
static inline void epoch_left(_Atomic uint64_t *reader)
{
	uint64_t seen = atomic_load_explicit(reader, memory_order_seq_cst);
	while (seen % 2 && atomic_load_explicit(reader, memory_order_acquire) == seen)
		sched_yield();
}

#endif
