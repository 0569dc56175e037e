/* SPDX-License-Identifier: MIT */
/*
 * deque: a bounded work-stealing deque. The owner pushes and takes at the bottom, like a stack;
 * thieves steal the oldest item at the top.
 *
 * Chase & Lev, "Dynamic circular work-stealing deque", SPAA 2005, with the C11 orders of Le, Pop,
 * Cohen & Zappa Nardelli, "Correct and efficient work-stealing for weak memory models", PPoPP 2013.
 * Two differences: it does not grow (an executor that cannot push runs the item at once), and their
 * two seq_cst fences are seq_cst accesses of `top` and `bottom`, for on x86-64 an exchange is
 * cheaper than a store and a fence, and ThreadSanitizer understands accesses only.
 */
#ifndef ASSAY_SUITES_CONCURRENCY_DEQUE_H
#define ASSAY_SUITES_CONCURRENCY_DEQUE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/base/attr.h"

#define DEQUE_SLOTS 1024

/* Zero-initialised is empty. What thieves write and what the owner writes are kept two lines apart,
 * since processors fetch lines in pairs. */
struct deque {
	_Alignas(2 * ASSAY_CACHE_LINE) _Atomic int64_t top;
	_Alignas(2 * ASSAY_CACHE_LINE) _Atomic int64_t bottom;
	_Alignas(2 * ASSAY_CACHE_LINE) _Atomic(void *) slots[DEQUE_SLOTS];
};

static inline _Atomic(void *) *deque_slot(struct deque *d, int64_t at)
{
	return &d->slots[(uint64_t)at % DEQUE_SLOTS];
}

/* Owner only. False: full, nothing done. */
static inline bool deque_push(struct deque *d, void *item)
{
	/* relaxed: the owner alone writes bottom; an old top only makes the deque look fuller */
	int64_t bottom = atomic_load_explicit(&d->bottom, memory_order_relaxed);
	int64_t top = atomic_load_explicit(&d->top, memory_order_relaxed);
	if (__builtin_expect(bottom - top >= DEQUE_SLOTS, 0))
		return false;
	atomic_store_explicit(deque_slot(d, bottom), item, memory_order_relaxed);
	/* release: a thief that sees the new bottom sees the slot, and what the item points at */
	atomic_store_explicit(&d->bottom, bottom + 1, memory_order_release);
	return true;
}

/* Owner only: the item pushed last, or NULL when it is empty. */
static inline void *deque_take(struct deque *d)
{
	int64_t bottom = atomic_load_explicit(&d->bottom, memory_order_relaxed) - 1;
	/* seq_cst, both: either a thief sees bottom lowered, or this sees top raised by it; never do
	 * both miss the other and run the same item */
	atomic_exchange_explicit(&d->bottom, bottom, memory_order_seq_cst);
	int64_t top = atomic_load_explicit(&d->top, memory_order_seq_cst);
	void *item = NULL;
	if (top <= bottom) {
		item = atomic_load_explicit(deque_slot(d, bottom), memory_order_relaxed);
		if (__builtin_expect(top < bottom, 1))
			return item;
		/* the last one: whoever moves top has it (seq_cst: in one order with thieves) */
		if (!atomic_compare_exchange_strong_explicit(
			    &d->top, &top, top + 1, memory_order_seq_cst, memory_order_relaxed))
			item = NULL;
	}
	/* release: a thief may see this value in place of the one that push stored */
	atomic_store_explicit(&d->bottom, bottom + 1, memory_order_release);
	return item;
}

/* Owner only, where no thief exists: the same without synchronisation. */
static inline void *deque_take_alone(struct deque *d)
{
	int64_t bottom = atomic_load_explicit(&d->bottom, memory_order_relaxed);
	if (bottom == atomic_load_explicit(&d->top, memory_order_relaxed))
		return NULL;
	atomic_store_explicit(&d->bottom, bottom - 1, memory_order_relaxed);
	return atomic_load_explicit(deque_slot(d, bottom - 1), memory_order_relaxed);
}

/* Any thread: is there nothing to steal just now? */
static inline bool deque_is_empty(struct deque *d)
{
	int64_t top = atomic_load_explicit(&d->top, memory_order_seq_cst);
	return top >= atomic_load_explicit(&d->bottom, memory_order_seq_cst);
}

/* Any other thread: the oldest item, or NULL when it is empty or another thief was faster. */
static inline void *deque_steal(struct deque *d)
{
	/* seq_cst, both and in this order: see deque_take; and acquire: the slot is read after */
	int64_t top = atomic_load_explicit(&d->top, memory_order_seq_cst);
	int64_t bottom = atomic_load_explicit(&d->bottom, memory_order_seq_cst);
	if (top >= bottom)
		return NULL;
	/* relaxed: may be overwritten by now, but then top has moved and the exchange fails */
	void *item = atomic_load_explicit(deque_slot(d, top), memory_order_relaxed);
	if (!atomic_compare_exchange_strong_explicit(&d->top, &top, top + 1, memory_order_seq_cst,
						     memory_order_relaxed))
		return NULL;
	return item;
}

#endif
