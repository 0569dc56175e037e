/* SPDX-License-Identifier: MIT */
/*
 * queue_bound: one fetch-and-add for a put, another for a take, and no items: what a queue of two contended counters
 * cannot beat [the "faa" row of Yang & Mellor-Crummey, "A wait-free queue as fast as fetch-and-add",
 * PPoPP 2016].
 */
#include <stdatomic.h>
#include <stdlib.h>

#include "suites/concurrency/queue.h"

struct queue {
	_Alignas(2 * ASSAY_CACHE_LINE) _Atomic uint64_t tail;
	_Alignas(2 * ASSAY_CACHE_LINE) _Atomic uint64_t head;
};

static enum assay_code faa_create(size_t capacity, unsigned threads, struct queue **ret,
				  struct assay_err *err)
{
	struct queue *q = aligned_alloc(_Alignof(struct queue), sizeof(*q));
	if (!q)
		return assay_fail(err, ASSAY_ENOMEM, "queue_bound: no memory");
	memset(q, 0, sizeof(*q));
	*ret = q;
	return ASSAY_OK;
}

static bool faa_put(struct queue *q, unsigned thread, uint64_t item)
{
	atomic_fetch_add_explicit(&q->tail, 1, memory_order_seq_cst);
	return true;
}

static bool faa_take(struct queue *q, unsigned thread, uint64_t *ret)
{
	*ret = atomic_fetch_add_explicit(&q->head, 1, memory_order_seq_cst);
	return true;
}

static size_t faa_put_many(struct queue *q, unsigned thread, const uint64_t *items, size_t n)
{
	atomic_fetch_add_explicit(&q->tail, n, memory_order_seq_cst);
	return n;
}

static size_t faa_take_many(struct queue *q, unsigned thread, uint64_t *ret, size_t n)
{
	uint64_t first = atomic_fetch_add_explicit(&q->head, n, memory_order_seq_cst);
	for (size_t i = 0; i < n; i++)
		ret[i] = first + i;
	return n;
}

static void faa_destroy(struct queue *q)
{
	free(q);
}

static const struct queue_ops ops = {
	.create = faa_create,
	.put = faa_put,
	.take = faa_take,
	.put_many = faa_put_many,
	.take_many = faa_take_many,
	.destroy = faa_destroy,
	.keeps_nothing = true,
};

const struct assay_subject assay_subject_concurrency_queue_bound = {
	.interface = QUEUE_INTERFACE,
	.brief = "a fetch-and-add each, no items: the bound for queues of two counters",
	.ops = &ops,
	.is_bound = true,
};
