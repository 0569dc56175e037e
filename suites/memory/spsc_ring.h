/* SPDX-License-Identifier: MIT */
/*
 * spsc_ring: a bounded queue of pointers from one thread to one other. Each side keeps a private
 * copy of the other's index and looks at the shared one only when the copy says full or empty, and
 * publishes its own once per SPSC_BATCH items, so that the lines of the indices move once per many
 * items whichever side is faster [MCRingBuffer: Lee, Bu, Chandranmenon, "A lock-free, cache-efficient
 * multi-core synchronization mechanism", IPDPS 2010].
 */
#ifndef ASSAY_SUITES_MEMORY_SPSC_RING_H
#define ASSAY_SUITES_MEMORY_SPSC_RING_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "harness/base/err.h"

/* Two lines: adjacent-line prefetchers make neighbours share. */
#define SPSC_APART 128

/* Items between two publications: eight lines of pointers. */
#define SPSC_BATCH 64
/* How far ahead the consumer has the items' first lines brought over. */
#define SPSC_AHEAD 12

struct spsc_ring {
	void **slots;
	size_t mask;
	_Alignas(SPSC_APART) atomic_size_t tail; /* published by the producer */
	_Alignas(SPSC_APART) size_t tail_own;    /* the producer's own */
	size_t head_seen;
	_Alignas(SPSC_APART) atomic_size_t head; /* published by the consumer */
	_Alignas(SPSC_APART) size_t head_own;    /* the consumer's own */
	size_t tail_seen;
};

/* Room for `capacity` pointers: a power of two, at least 4 batches. Free with spsc_ring_free(). */
enum assay_code spsc_ring_new(size_t capacity, struct spsc_ring **ret, struct assay_err *err);
/* Free the ring, not what the pointers left in it point at. */
void spsc_ring_free(struct spsc_ring *ring);

/* Producer only: make visible all that was pushed. */
static inline void spsc_ring_flush(struct spsc_ring *ring)
{
	atomic_store_explicit(&ring->tail, ring->tail_own, memory_order_release);
}

/*
 * Producer only: append `item`, not NULL; false when full. What was written to *item before is
 * visible to a consumer who has it. The consumer sees it when a batch is full, or after a flush.
 */
static inline bool spsc_ring_push(struct spsc_ring *ring, void *item)
{
	size_t tail = ring->tail_own;

	if (tail - ring->head_seen > ring->mask) {
		ring->head_seen = atomic_load_explicit(&ring->head, memory_order_acquire);
		if (tail - ring->head_seen > ring->mask)
			return false;
	}
	ring->slots[tail & ring->mask] = item;
	ring->tail_own = tail + 1;
	if ((tail + 1) % SPSC_BATCH == 0)
		spsc_ring_flush(ring);
	return true;
}

/* Consumer only: the oldest item, or NULL when none is visible. */
static inline void *spsc_ring_pop(struct spsc_ring *ring)
{
	size_t head = ring->head_own;

	if (head == ring->tail_seen) {
		ring->tail_seen = atomic_load_explicit(&ring->tail, memory_order_acquire);
		if (head == ring->tail_seen)
			return NULL;
	}
	/* The way of the object's line from one core to the other is not what is measured: without
	 * this it would be most of it, as few objects fit into the processor's window at a time. */
	if (ring->tail_seen - head > SPSC_AHEAD)
		__builtin_prefetch(ring->slots[(head + SPSC_AHEAD) & ring->mask]);
	void *item = ring->slots[head & ring->mask];
	/* So that the line is ours when the producer comes round to write it: taking over a line
	 * that was written is cheaper than taking back one that was read. */
	ring->slots[head & ring->mask] = NULL;
	ring->head_own = head + 1;
	/* No flush is needed on this side: a producer that waits has more than two batches
	 * published, so the consumer gets to the end of one. */
	if ((head + 1) % SPSC_BATCH == 0)
		atomic_store_explicit(&ring->head, head + 1, memory_order_release);
	return item;
}

/* push and pop that wait: they spin, and yield now and then in case both sides share one core. */
void spsc_ring_push_wait(struct spsc_ring *ring, void *item);
void *spsc_ring_pop_wait(struct spsc_ring *ring);

#endif
