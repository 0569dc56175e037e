/* SPDX-License-Identifier: MIT */
/*
 * deque: a bounded work-stealing deque. The owner pushes and takes at the end, like a stack;
 * thieves steal the oldest item at the top.
 *
 * Chase & Lev, "Dynamic circular work-stealing deque", SPAA 2005, with the C11 orders of Le, Pop,
 * Cohen & Zappa Nardelli, "Correct and efficient work-stealing for weak memory models", PPoPP 2013.
 * Three differences: it does not grow (an executor that cannot push runs the item at once); their
 * two seq_cst fences are seq_cst accesses of `top` and `bottom`, for on x86-64 an exchange is
 * cheaper than a store and a fence, and ThreadSanitizer understands accesses only; and while `keep`
 * items are in the thieves' sight, up to `hidden` newer ones are not, so that the owner takes them
 * back without an atomic exchange [as in van Dijk & van de Pol, "Lace: non-blocking split deque for
 * work-stealing", Euro-Par 2014 workshops]. What is in sight is the deque of the papers.
 */
#ifndef ASSAY_SUITES_CONCURRENCY_DEQUE_H
#define ASSAY_SUITES_CONCURRENCY_DEQUE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/base/attr.h"

#ifndef DEQUE_SLOTS
#define DEQUE_SLOTS 1024
#endif

/* Pushes that go into sight at once after thieves were seen to be without work. */
#define DEQUE_OPEN_PUSHES 16

/*
 * Zero-initialised is empty, with nothing ever hidden. What thieves write, what the owner writes for
 * them and what is the owner's own are kept two lines apart, since processors fetch lines in pairs.
 */
struct deque {
	_Alignas(2 * ASSAY_CACHE_LINE) _Atomic int64_t top;
	_Alignas(2 * ASSAY_CACHE_LINE) _Atomic int64_t bottom; /* of what is in sight */
	_Alignas(2 * ASSAY_CACHE_LINE) int64_t end;            /* of all items */
	int64_t floor;         /* the owner's copy of bottom, at most `end` */
	uint64_t plain_pushes; /* onto 1 to so many hidden items there is nothing else to do */
	int64_t hidden, keep;  /* set before use; hidden is 0 or more than 1 */
	int64_t open_pushes;
	_Alignas(2 * ASSAY_CACHE_LINE) _Atomic(void *) slots[DEQUE_SLOTS];
};

static inline _Atomic(void *) *deque_slot(struct deque *d, int64_t at)
{
	return &d->slots[(uint64_t)at % DEQUE_SLOTS];
}

/* Owner only: let thieves see what lies below `floor`. */
static inline void deque_show(struct deque *d, int64_t floor)
{
	d->floor = floor;
	/* release: a thief that sees the new bottom sees the slots, and what the items point at */
	atomic_store_explicit(&d->bottom, floor, memory_order_release);
}

/* Owner only: the push if there is nothing else to do, which is nearly always. */
static inline bool deque_push_hidden(struct deque *d, void *item)
{
	int64_t end = d->end;
	if (__builtin_expect((uint64_t)(end - d->floor - 1) >= d->plain_pushes, 0))
		return false;
	/* relaxed: nobody looks before deque_show */
	atomic_store_explicit(deque_slot(d, end), item, memory_order_relaxed);
	d->end = end + 1;
	return true;
}

/* Owner only. False: full, nothing done. */
static inline bool deque_push(struct deque *d, void *item)
{
	if (deque_push_hidden(d, item))
		return true;
	/* relaxed: an old top makes the deque look fuller, and more of it be in sight */
	int64_t top = atomic_load_explicit(&d->top, memory_order_relaxed);
	if (d->end - top >= DEQUE_SLOTS)
		return false;
	atomic_store_explicit(deque_slot(d, d->end), item, memory_order_relaxed);
	d->end++;
	if (d->open_pushes > 0)
		d->open_pushes--;
	if (d->open_pushes > 0 || d->floor - top < d->keep || d->hidden == 0)
		deque_show(d, d->end);
	else if (d->end - d->floor > d->hidden) /* thieves want the old ones, the owner the new */
		deque_show(d, d->end - d->hidden / 2);
	int64_t room = top + DEQUE_SLOTS - d->floor;
	int64_t most = d->hidden < room ? d->hidden : room;
	d->plain_pushes = d->open_pushes || most < 1 ? 0 : (uint64_t)most - 1;
	return true;
}

/* Owner only: everything into sight, and the next few pushes as well. */
static inline void deque_open(struct deque *d)
{
	d->open_pushes = DEQUE_OPEN_PUSHES;
	d->plain_pushes = 0;
	if (d->floor < d->end)
		deque_show(d, d->end);
}

/* Owner only: take away the item pushed last, if it is out of sight; who pushed it knows it. */
static inline bool deque_drop_hidden(struct deque *d)
{
	int64_t end = d->end - 1;
	if (__builtin_expect(end < d->floor, 0))
		return false;
	d->end = end;
	return true;
}

/* Owner only, with nothing hidden: the item pushed last, or NULL when it is empty. */
static inline void *deque_take_shown(struct deque *d)
{
	int64_t bottom = d->floor - 1;
	/* seq_cst, both: either a thief sees bottom lowered, or this sees top raised by it; never do
	 * both miss the other and run the same item */
	atomic_exchange_explicit(&d->bottom, bottom, memory_order_seq_cst);
	int64_t top = atomic_load_explicit(&d->top, memory_order_seq_cst);
	void *item = NULL;
	if (top <= bottom) {
		item = atomic_load_explicit(deque_slot(d, bottom), memory_order_relaxed);
		if (__builtin_expect(top < bottom, 1)) {
			d->floor = d->end = bottom;
			return item;
		}
		/* the last one: whoever moves top has it (seq_cst: in one order with thieves) */
		if (!atomic_compare_exchange_strong_explicit(
			    &d->top, &top, top + 1, memory_order_seq_cst, memory_order_relaxed))
			item = NULL;
	}
	/* release: a thief may see this value in place of the one that push stored */
	atomic_store_explicit(&d->bottom, bottom + 1, memory_order_release);
	return item;
}

/* Owner only: the item pushed last, or NULL when it is empty. */
static inline void *deque_take(struct deque *d)
{
	if (!deque_drop_hidden(d))
		return deque_take_shown(d);
	return atomic_load_explicit(deque_slot(d, d->end), memory_order_relaxed);
}

/* Any thread: is there nothing to steal just now? What is hidden does not count. */
static inline bool deque_is_empty(struct deque *d)
{
	int64_t top = atomic_load_explicit(&d->top, memory_order_seq_cst);
	return top >= atomic_load_explicit(&d->bottom, memory_order_seq_cst);
}

/* Any other thread: the oldest item in sight; NULL: there is none, or another thief was faster. */
static inline void *deque_steal(struct deque *d)
{
	/* seq_cst, both and in this order: see deque_take_shown; and acquire: the slot is read after */
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
