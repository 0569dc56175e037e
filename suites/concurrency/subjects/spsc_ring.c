/* SPDX-License-Identifier: MIT */
/* spsc_ring: ours, for one producer and one consumer: a ring with remembered indices, see spsc.h. */
#include <stdlib.h>

#include "suites/concurrency/queue.h"
#include "suites/concurrency/spsc.h"

struct queue {
	struct spsc ring;
	_Alignas(2 * ASSAY_CACHE_LINE) uint64_t items[];
};

static enum assay_code ring_create(size_t capacity, unsigned threads, struct queue **ret,
				   struct assay_err *err)
{
	size_t bytes = sizeof(struct queue) + capacity * sizeof(uint64_t);
	size_t unit = _Alignof(struct queue);
	struct queue *q = aligned_alloc(unit, (bytes + unit - 1) / unit * unit);
	if (!q)
		return assay_fail(err, ASSAY_ENOMEM, "spsc_ring: no memory for %zu items",
				  capacity);
	memset(q->items, 0, capacity * sizeof(uint64_t));
	spsc_init(&q->ring, q->items, capacity);
	*ret = q;
	return ASSAY_OK;
}

static bool ring_put(struct queue *q, unsigned thread, uint64_t item)
{
	return spsc_put(&q->ring, item);
}

static bool ring_take(struct queue *q, unsigned thread, uint64_t *ret)
{
	return spsc_take(&q->ring, ret);
}

static size_t ring_put_many(struct queue *q, unsigned thread, const uint64_t *items, size_t n)
{
	return spsc_put_many(&q->ring, items, n);
}

static size_t ring_take_many(struct queue *q, unsigned thread, uint64_t *ret, size_t n)
{
	return spsc_take_many(&q->ring, ret, n);
}

static void ring_destroy(struct queue *q)
{
	free(q);
}

static const struct queue_ops ops = {
	.create = ring_create,
	.put = ring_put,
	.take = ring_take,
	.put_many = ring_put_many,
	.take_many = ring_take_many,
	.destroy = ring_destroy,
	.one_to_one = true,
};

const struct assay_subject assay_subject_concurrency_spsc_ring = {
	.interface = QUEUE_INTERFACE,
	.brief = "one producer, one consumer; each remembers the other's index",
	.ops = &ops,
};
