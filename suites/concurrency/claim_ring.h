/* SPDX-License-Identifier: MIT */
/*
 * claim_ring: a bounded ring for any number of producers and consumers. Both ends stand in one word, so that one
 * compare-and-swap claims places, one or many, and knows whether the ring is full or empty.
 *
 * Each place has a turn, as in Vyukov's bounded queue ("Bounded MPMC queue", 1024cores.net, 2011): whose it
 * is next. Two fetch-and-adds, one for each end, would never fail, but they claim places that are not
 * there, which takes a second protocol to repair [LCRQ, Morrison & Afek, PPoPP 2013; SCQ, Nikolaev,
 * DISC 2019]; and they move two lines from core to core where this moves one. Threads that meet give
 * way to each other in turn, see claim_give_way().
 *
 * Not lock-free: who has claimed a place and loses its processor keeps others waiting for that place.
 */
#ifndef ASSAY_SUITES_CONCURRENCY_CLAIM_RING_H
#define ASSAY_SUITES_CONCURRENCY_CLAIM_RING_H

#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/base/attr.h"
#include "harness/base/clock.h"
#include "suites/concurrency/plain.h"

/* Operations that a thread does before it gives way; and how long it does, in pauses of the processor. */
#define CLAIM_BURST     16
#define CLAIM_BURST_MAX 8192
#ifndef CLAIM_PAUSES
#define CLAIM_PAUSES 64
#endif

struct claim_place {
	_Atomic uint32_t turn; /* t: to be filled by claim t; t + 1: filled by it */
	uint64_t item;
};

/* Claims count on modulo 2^32; claim t is for place t & mask. */
struct claim_ring {
	_Alignas(2 * ASSAY_CACHE_LINE) _Atomic uint64_t ends; /* tail << 32 | head */
	_Alignas(2 * ASSAY_CACHE_LINE) uint32_t mask;
	struct claim_place *places; /* mask + 1 of them */
};

/* `places` holds `capacity` of them, a power of two up to 2^30; the caller's, until the ring is no
 * longer used. */
static inline void claim_init(struct claim_ring *r, struct claim_place *places, uint32_t capacity)
{
	*r = (struct claim_ring){.mask = capacity - 1, .places = places};
	for (uint32_t i = 0; i < capacity; i++)
		places[i] = (struct claim_place){.turn = i};
}

/* A thread's own; zero-initialised. */
struct claim_hand {
	_Alignas(2 * ASSAY_CACHE_LINE) uint64_t left; /* the ends as it left them */
	uint32_t done;                                /* operations since it last gave way */
	uint32_t undisturbed;                         /* of them, with nobody in between */
	uint32_t burst;                               /* at least so many before the next time */
};

static inline void claim_pause(void)
{
	for (int i = 0; i < CLAIM_PAUSES; i++)
		assay_cpu_relax();
}

/*
 * Another thread has used the ring since. If this one has had its burst, it leaves the ring to the other for a
 * moment, so that both work on their own lines for a while instead of passing each line to and
 * fro. Where that does not bring undisturbed operations, because threads do other things in between, it is
 * done less and less.
 */
static inline void claim_give_way(struct claim_hand *hand)
{
	if (hand->done < hand->burst)
		return;
	if (hand->undisturbed >= hand->done / 2)
		hand->burst = CLAIM_BURST;
	else if (hand->burst < CLAIM_BURST_MAX)
		hand->burst = hand->burst ? 2 * hand->burst : CLAIM_BURST;
	hand->done = hand->undisturbed = 0;
	claim_pause();
}

/* The ends as they are now. */
static inline uint64_t claim_look(struct claim_ring *r, struct claim_hand *hand)
{
	/* relaxed, as in the exchanges below: the turns order what is in the places */
	uint64_t ends = atomic_load_explicit(&r->ends, memory_order_relaxed);
	if (__builtin_expect(ends == hand->left, 1)) {
		hand->undisturbed++;
	} else {
		claim_give_way(hand);
		ends = atomic_load_explicit(&r->ends, memory_order_relaxed);
	}
	hand->done++;
	return ends;
}

/* Wait for our turn, which another thread is about to give us. */
static inline void claim_await(struct claim_place *place, uint32_t turn)
{
	unsigned waits = 0;
	/* acquire: what the other has done with the item comes before */
	while (__builtin_expect(atomic_load_explicit(&place->turn, memory_order_acquire) != turn,
				0)) {
		assay_cpu_relax();
		if (++waits % 1024 == 0) /* it may have lost its processor */
			sched_yield();
	}
}

/* Any thread: the first of n items for which there is room; how many. */
static inline size_t claim_put(struct claim_ring *r, struct claim_hand *hand, const uint64_t *items,
			       size_t n)
{
	uint64_t ends = claim_look(r, hand);
	uint32_t tail, room, count;
	for (;;) {
		tail = (uint32_t)(ends >> 32);
		room = r->mask + 1 - (tail - (uint32_t)ends);
		count = n < room ? (uint32_t)n : room;
		if (count == 0) {
			claim_pause();
			return 0;
		}
		/* a carry out of the tail is lost, as it should be */
		uint64_t claimed = ends + ((uint64_t)count << 32);
		if (atomic_compare_exchange_weak_explicit(
			    &r->ends, &ends, claimed, memory_order_relaxed, memory_order_relaxed)) {
			hand->left = claimed;
			break;
		}
	}
	for (uint32_t i = 0; i < count; i++) {
		struct claim_place *place = &r->places[(tail + i) & r->mask];
		claim_await(place, tail + i);
		PLAIN_STORE(&place->item, items[i]);
		/* release: the item before it */
		atomic_store_explicit(&place->turn, tail + i + 1, memory_order_release);
	}
	return count;
}

/* Any thread: up to n items, oldest first; how many. */
static inline size_t claim_take(struct claim_ring *r, struct claim_hand *hand, uint64_t *ret,
				size_t n)
{
	uint64_t ends = claim_look(r, hand);
	uint32_t head, filled, count;
	for (;;) {
		head = (uint32_t)ends;
		filled = (uint32_t)(ends >> 32) - head;
		count = n < filled ? (uint32_t)n : filled;
		if (count == 0) {
			claim_pause();
			return 0;
		}
		/* a carry out of the head must not reach the tail */
		uint64_t claimed = (ends & ~(uint64_t)UINT32_MAX) | (uint32_t)(head + count);
		if (atomic_compare_exchange_weak_explicit(
			    &r->ends, &ends, claimed, memory_order_relaxed, memory_order_relaxed)) {
			hand->left = claimed;
			break;
		}
	}
	for (uint32_t i = 0; i < count; i++) {
		struct claim_place *place = &r->places[(head + i) & r->mask];
		claim_await(place, head + i + 1);
		ret[i] = PLAIN_LOAD(&place->item);
		/* release: read before the place is given back */
		atomic_store_explicit(&place->turn, head + i + r->mask + 1, memory_order_release);
	}
	return count;
}

#endif
