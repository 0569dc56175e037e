/* SPDX-License-Identifier: MIT */
/* queue: the interface of queues that threads pass items through. */
#ifndef ASSAY_SUITES_CONCURRENCY_QUEUE_H
#define ASSAY_SUITES_CONCURRENCY_QUEUE_H

#include "harness/bench.h"

#define QUEUE_INTERFACE "queue"

/* Each subject has its own. */
struct queue;

/*
 * First in, first out: what one thread puts is taken in that order. `thread` is the caller's number, from 0
 * to one less than create() was told; two threads never use one number at the same time.
 */
struct queue_ops {
	/* An empty queue with room for at least `capacity` items, a power of two from 2 to 2^30. */
	enum assay_code (*create)(size_t capacity, unsigned threads, struct queue **ret,
				  struct assay_err *err);
	/* False: full, as far as this thread can see. An item is not 0. */
	bool (*put)(struct queue *q, unsigned thread, uint64_t item);
	/* False: empty, as far as this thread can see. */
	bool (*take)(struct queue *q, unsigned thread, uint64_t *ret);
	/* Up to n at once, in order and next to each other; how many. NULL: one by one only. */
	size_t (*put_many)(struct queue *q, unsigned thread, const uint64_t *items, size_t n);
	size_t (*take_many)(struct queue *q, unsigned thread, uint64_t *ret, size_t n);
	void (*destroy)(struct queue *q); /* NULL is allowed */
	bool one_to_one;                  /* one thread puts, and one takes: another, or the same */
	bool keeps_nothing;               /* null and bound: no order, no items; never checked */
};

/* The oracle: against a plain queue on one thread, then items passed between threads. */
enum assay_code queue_check(const struct assay_subject *subject, uint64_t seed,
			    struct assay_err *err);

/* The same for a queue without put_many and take_many. */
static inline size_t queue_put_many(const struct queue_ops *ops, struct queue *q, unsigned thread,
				    const uint64_t *items, size_t n)
{
	size_t done = 0;
	if (ops->put_many)
		return ops->put_many(q, thread, items, n);
	while (done < n && ops->put(q, thread, items[done]))
		done++;
	return done;
}

static inline size_t queue_take_many(const struct queue_ops *ops, struct queue *q, unsigned thread,
				     uint64_t *ret, size_t n)
{
	size_t done = 0;
	if (ops->take_many)
		return ops->take_many(q, thread, ret, n);
	while (done < n && ops->take(q, thread, &ret[done]))
		done++;
	return done;
}

#endif
