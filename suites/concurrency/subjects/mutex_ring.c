/* SPDX-License-Identifier: MIT */
/* mutex_ring: a plain ring under the C library's mutex; several items under one locking. */
#include <pthread.h>
#include <stdlib.h>

#include "suites/concurrency/queue.h"

struct queue {
	_Alignas(2 * ASSAY_CACHE_LINE) pthread_mutex_t lock;
	size_t head, tail, mask;
	_Alignas(2 * ASSAY_CACHE_LINE) uint64_t items[];
};

static enum assay_code mutex_create(size_t capacity, unsigned threads, struct queue **ret,
				    struct assay_err *err)
{
	size_t bytes = sizeof(struct queue) + capacity * sizeof(uint64_t);
	size_t unit = _Alignof(struct queue);
	struct queue *q = aligned_alloc(unit, (bytes + unit - 1) / unit * unit);
	if (!q)
		return assay_fail(err, ASSAY_ENOMEM, "mutex_ring: no memory for %zu items",
				  capacity);
	memset(q, 0, bytes);
	q->mask = capacity - 1;
	pthread_mutex_init(&q->lock, NULL);
	*ret = q;
	return ASSAY_OK;
}

static size_t mutex_put_many(struct queue *q, unsigned thread, const uint64_t *items, size_t n)
{
	pthread_mutex_lock(&q->lock);
	size_t room = q->mask + 1 - (q->tail - q->head);
	n = n < room ? n : room;
	for (size_t i = 0; i < n; i++)
		q->items[q->tail++ & q->mask] = items[i];
	pthread_mutex_unlock(&q->lock);
	return n;
}

static size_t mutex_take_many(struct queue *q, unsigned thread, uint64_t *ret, size_t n)
{
	pthread_mutex_lock(&q->lock);
	size_t filled = q->tail - q->head;
	n = n < filled ? n : filled;
	for (size_t i = 0; i < n; i++)
		ret[i] = q->items[q->head++ & q->mask];
	pthread_mutex_unlock(&q->lock);
	return n;
}

static bool mutex_put(struct queue *q, unsigned thread, uint64_t item)
{
	return mutex_put_many(q, thread, &item, 1) == 1;
}

static bool mutex_take(struct queue *q, unsigned thread, uint64_t *ret)
{
	return mutex_take_many(q, thread, ret, 1) == 1;
}

static void mutex_destroy(struct queue *q)
{
	if (q)
		pthread_mutex_destroy(&q->lock);
	free(q);
}

static const struct queue_ops ops = {
	.create = mutex_create,
	.put = mutex_put,
	.take = mutex_take,
	.put_many = mutex_put_many,
	.take_many = mutex_take_many,
	.destroy = mutex_destroy,
};

const struct assay_subject assay_subject_concurrency_mutex_ring = {
	.interface = QUEUE_INTERFACE,
	.brief = "a ring under a mutex of the C library",
	.ops = &ops,
};
