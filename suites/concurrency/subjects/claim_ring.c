/* SPDX-License-Identifier: MIT */
/* claim_ring: ours, for any number of threads: both ends of the ring in one word, see claim_ring.h. */
#include <stdlib.h>

#include "suites/concurrency/claim_ring.h"
#include "suites/concurrency/queue.h"

struct queue {
	struct claim_ring ring;
	struct claim_hand *hands;
	_Alignas(2 * ASSAY_CACHE_LINE) struct claim_place places[];
};

static enum assay_code ring_create(size_t capacity, unsigned threads, struct queue **ret,
				   struct assay_err *err)
{
	size_t bytes = sizeof(struct queue) + capacity * sizeof(struct claim_place);
	size_t unit = _Alignof(struct queue);
	struct queue *q = aligned_alloc(unit, (bytes + unit - 1) / unit * unit);
	if (!q)
		return assay_fail(err, ASSAY_ENOMEM, "claim_ring: no memory for %zu items",
				  capacity);
	q->hands = aligned_alloc(_Alignof(struct claim_hand), threads * sizeof(*q->hands));
	if (!q->hands) {
		free(q);
		return assay_fail(err, ASSAY_ENOMEM, "claim_ring: no memory for %u threads",
				  threads);
	}
	memset(q->hands, 0, threads * sizeof(*q->hands));
	claim_init(&q->ring, q->places, (uint32_t)capacity);
	*ret = q;
	return ASSAY_OK;
}

static bool ring_put(struct queue *q, unsigned thread, uint64_t item)
{
	return claim_put(&q->ring, &q->hands[thread], &item, 1) == 1;
}

static bool ring_take(struct queue *q, unsigned thread, uint64_t *ret)
{
	return claim_take(&q->ring, &q->hands[thread], ret, 1) == 1;
}

static size_t ring_put_many(struct queue *q, unsigned thread, const uint64_t *items, size_t n)
{
	return claim_put(&q->ring, &q->hands[thread], items, n);
}

static size_t ring_take_many(struct queue *q, unsigned thread, uint64_t *ret, size_t n)
{
	return claim_take(&q->ring, &q->hands[thread], ret, n);
}

static void ring_destroy(struct queue *q)
{
	if (q)
		free(q->hands);
	free(q);
}

static const struct queue_ops ops = {
	.create = ring_create,
	.put = ring_put,
	.take = ring_take,
	.put_many = ring_put_many,
	.take_many = ring_take_many,
	.destroy = ring_destroy,
};

const struct assay_subject assay_subject_concurrency_claim_ring = {
	.interface = QUEUE_INTERFACE,
	.brief = "both ends claimed by one compare-and-swap, many at once; backs off",
	.ops = &ops,
};
