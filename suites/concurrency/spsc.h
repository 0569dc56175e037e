/* SPDX-License-Identifier: MIT */
/*
 * spsc: a ring between one producer and one consumer. Each keeps what it last saw of the other's index
 * and looks again only when that says full or empty, so that the lines of the indices seldom move.
 *
 * Lamport, "Proving the correctness of multiprocess programs", 1977; the remembered indices are those of
 * MCRingBuffer [Lee, Bu & Chandranmenon, IPDPS 2010].
 */
#ifndef ASSAY_SUITES_CONCURRENCY_SPSC_H
#define ASSAY_SUITES_CONCURRENCY_SPSC_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/base/attr.h"
#include "harness/base/clock.h"
#include "suites/concurrency/plain.h"

#ifndef SPSC_PAUSES
#define SPSC_PAUSES 16
#endif

/* Indices count on for ever; the item of index i stands at i & mask. */
struct spsc {
	_Alignas(2 * ASSAY_CACHE_LINE) _Atomic size_t tail; /* written by the producer */
	size_t head_seen;                                   /* the producer's */
	_Alignas(2 * ASSAY_CACHE_LINE) _Atomic size_t head; /* written by the consumer */
	size_t tail_seen;                                   /* the consumer's */
	_Alignas(2 * ASSAY_CACHE_LINE) size_t mask;
	uint64_t *items; /* mask + 1 of them */
};

/* `items` holds `capacity` of them, a power of two; the caller's, until the ring is no longer used. */
static inline void spsc_init(struct spsc *r, uint64_t *items, size_t capacity)
{
	*r = (struct spsc){.mask = capacity - 1, .items = items};
}

/* The line of the other's index would only move back and forth between who polls it and who writes it:
 * leave it alone for a moment, in which some more may happen to it. */
static inline void spsc_pause(void)
{
	for (int i = 0; i < SPSC_PAUSES; i++)
		assay_cpu_relax();
}

/* Producer only: look where the consumer is; room for how many. */
static inline size_t spsc_room(struct spsc *r, size_t tail)
{
	/* acquire: the consumer has read the items before it gave their places back */
	r->head_seen = atomic_load_explicit(&r->head, memory_order_acquire);
	size_t room = r->mask + 1 - (tail - r->head_seen);
	if (room == 0)
		spsc_pause();
	return room;
}

/* Consumer only: look where the producer is; how many items are there. */
static inline size_t spsc_filled(struct spsc *r, size_t head)
{
	/* acquire: the items are written before the tail that counts them */
	r->tail_seen = atomic_load_explicit(&r->tail, memory_order_acquire);
	if (r->tail_seen == head)
		spsc_pause();
	return r->tail_seen - head;
}

/* Producer only. False: full. */
static inline bool spsc_put(struct spsc *r, uint64_t item)
{
	/* relaxed: the producer's own */
	size_t tail = atomic_load_explicit(&r->tail, memory_order_relaxed);
	if (__builtin_expect(tail - r->head_seen > r->mask, 0) && spsc_room(r, tail) == 0)
		return false;
	PLAIN_STORE(&r->items[tail & r->mask], item);
	/* release: the item before it */
	atomic_store_explicit(&r->tail, tail + 1, memory_order_release);
	return true;
}

/* Consumer only. False: empty. */
static inline bool spsc_take(struct spsc *r, uint64_t *ret)
{
	/* relaxed: the consumer's own */
	size_t head = atomic_load_explicit(&r->head, memory_order_relaxed);
	if (__builtin_expect(head == r->tail_seen, 0) && spsc_filled(r, head) == 0)
		return false;
	*ret = PLAIN_LOAD(&r->items[head & r->mask]);
	/* release: read before the place is given back */
	atomic_store_explicit(&r->head, head + 1, memory_order_release);
	return true;
}

/* Producer only: the first of n items for which there is room; how many. */
static inline size_t spsc_put_many(struct spsc *r, const uint64_t *items, size_t n)
{
	size_t tail = atomic_load_explicit(&r->tail, memory_order_relaxed);
	size_t room = r->mask + 1 - (tail - r->head_seen);
	if (room < n)
		room = spsc_room(r, tail);
	n = room < n ? room : n;
	for (size_t i = 0; i < n; i++)
		PLAIN_STORE(&r->items[(tail + i) & r->mask], items[i]);
	atomic_store_explicit(&r->tail, tail + n, memory_order_release);
	return n;
}

/* Consumer only: up to n items, oldest first; how many. */
static inline size_t spsc_take_many(struct spsc *r, uint64_t *ret, size_t n)
{
	size_t head = atomic_load_explicit(&r->head, memory_order_relaxed);
	size_t filled = r->tail_seen - head;
	if (filled < n)
		filled = spsc_filled(r, head);
	n = filled < n ? filled : n;
	for (size_t i = 0; i < n; i++)
		ret[i] = PLAIN_LOAD(&r->items[(head + i) & r->mask]);
	atomic_store_explicit(&r->head, head + n, memory_order_release);
	return n;
}

#endif
