/* SPDX-License-Identifier: MIT */
/*
 * vyukov: Dmitry Vyukov's bounded queue for any number of producers and consumers ("Bounded MPMC queue",
 * 1024cores.net, 2011), written from its description: a sequence number in each place, and a
 * compare-and-swap on either end. A peer; known for being simple and fair.
 */
#include <stdatomic.h>
#include <stdlib.h>

#include "suites/concurrency/queue.h"

struct place {
	_Atomic size_t sequence;
	uint64_t item;
};

struct queue {
	_Alignas(2 * ASSAY_CACHE_LINE) _Atomic size_t tail;
	_Alignas(2 * ASSAY_CACHE_LINE) _Atomic size_t head;
	_Alignas(2 * ASSAY_CACHE_LINE) size_t mask;
	_Alignas(2 * ASSAY_CACHE_LINE) struct place places[];
};

static enum assay_code vyukov_create(size_t capacity, unsigned threads, struct queue **ret,
				     struct assay_err *err)
{
	size_t bytes = sizeof(struct queue) + capacity * sizeof(struct place);
	size_t unit = _Alignof(struct queue);
	struct queue *q = aligned_alloc(unit, (bytes + unit - 1) / unit * unit);
	if (!q)
		return assay_fail(err, ASSAY_ENOMEM, "vyukov: no memory for %zu items", capacity);
	*q = (struct queue){.mask = capacity - 1};
	for (size_t i = 0; i < capacity; i++)
		q->places[i] = (struct place){.sequence = i};
	*ret = q;
	return ASSAY_OK;
}

/*
 * Claim the place whose sequence is `ahead` of the position at `end`; NULL: it is not that far yet.
 * Only the sequence orders what is in the place: the positions are relaxed.
 */
static inline struct place *claim(struct queue *q, _Atomic size_t *end, size_t ahead, size_t *ret)
{
	size_t at = atomic_load_explicit(end, memory_order_relaxed);
	for (;;) {
		struct place *place = &q->places[at & q->mask];
		size_t sequence = atomic_load_explicit(&place->sequence, memory_order_acquire);
		ptrdiff_t difference = (ptrdiff_t)(sequence - (at + ahead));
		if (difference < 0)
			return NULL;
		if (difference > 0) {
			at = atomic_load_explicit(end, memory_order_relaxed);
		} else if (atomic_compare_exchange_weak_explicit(
				   end, &at, at + 1, memory_order_relaxed, memory_order_relaxed)) {
			*ret = at;
			return place;
		}
	}
}

static bool vyukov_put(struct queue *q, unsigned thread, uint64_t item)
{
	size_t at;
	struct place *place = claim(q, &q->tail, 0, &at);
	if (!place)
		return false;
	place->item = item;
	/* release: the item before it */
	atomic_store_explicit(&place->sequence, at + 1, memory_order_release);
	return true;
}

static bool vyukov_take(struct queue *q, unsigned thread, uint64_t *ret)
{
	size_t at;
	struct place *place = claim(q, &q->head, 1, &at);
	if (!place)
		return false;
	*ret = place->item;
	/* release: read before the place is given back */
	atomic_store_explicit(&place->sequence, at + q->mask + 1, memory_order_release);
	return true;
}

static void vyukov_destroy(struct queue *q)
{
	free(q);
}

static const struct queue_ops ops = {
	.create = vyukov_create,
	.put = vyukov_put,
	.take = vyukov_take,
	.destroy = vyukov_destroy,
};

const struct assay_subject assay_subject_concurrency_vyukov = {
	.interface = QUEUE_INTERFACE,
	.brief = "Vyukov's bounded queue: a sequence number in each place",
	.ops = &ops,
};
