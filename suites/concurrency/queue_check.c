/* SPDX-License-Identifier: MIT */
/*
 * queue_check: the oracle of queues. On one thread, random operations against a plain queue; between threads,
 * nothing lost, nothing doubled, and what one thread puts comes out in its order.
 */
#include <inttypes.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "harness/base/rng.h"
#include "suites/concurrency/queue.h"

enum { STEPS = 2000, CAPACITY = 64, MANY = 8, SIDES_MAX = 2, ITEMS = 3000, WIDE = 1024, FEW = 100 };

/* The plain queue: everything that was put, by order. */
struct plain {
	uint64_t items[STEPS * MANY];
	size_t head, tail;
};

static enum assay_code put_some(const struct queue_ops *ops, struct queue *q, struct plain *plain,
				size_t n, struct assay_err *err)
{
	uint64_t items[MANY];
	for (size_t i = 0; i < n; i++)
		items[i] = plain->tail + i + 1;
	size_t put = n == 1 ? ops->put(q, 0, items[0]) : queue_put_many(ops, q, 0, items, n);
	size_t room =
		plain->tail - plain->head < CAPACITY ? CAPACITY - (plain->tail - plain->head) : 0;
	if (put > n || (put < n && put < room))
		return assay_fail(err, ASSAY_ECHECK,
				  "%zu of %zu items put with room for %zu at least", put, n, room);
	for (size_t i = 0; i < put; i++)
		plain->items[plain->tail++] = items[i];
	return ASSAY_OK;
}

static enum assay_code take_some(const struct queue_ops *ops, struct queue *q, struct plain *plain,
				 size_t n, struct assay_err *err)
{
	uint64_t items[MANY] = {0};
	size_t there = plain->tail - plain->head;
	size_t want = n < there ? n : there;
	size_t got = n == 1 ? ops->take(q, 0, items) : queue_take_many(ops, q, 0, items, n);
	if (got != want)
		return assay_fail(err, ASSAY_ECHECK, "%zu items taken, not %zu: %zu were there",
				  got, want, there);
	for (size_t i = 0; i < got; i++)
		if (items[i] != plain->items[plain->head++])
			return assay_fail(err, ASSAY_ECHECK,
					  "item %" PRIu64 " taken where %" PRIu64 " was next",
					  items[i], plain->items[plain->head - 1]);
	return ASSAY_OK;
}

/* Bursts of puts, then of takes, so that it is full and empty now and then. */
static enum assay_code check_alone(const struct queue_ops *ops, struct queue *q,
				   struct assay_rng *rng, struct assay_err *err)
{
	struct plain *plain = calloc(1, sizeof(*plain));
	enum assay_code code = ASSAY_OK;
	if (!plain)
		return assay_fail(err, ASSAY_ENOMEM, "no memory for the plain queue");
	for (size_t step = 0; step < STEPS && code == ASSAY_OK; step++) {
		size_t n = 1 + assay_rng_below(rng, MANY) % (step % 2 ? MANY : 2);
		bool filling = step / 100 % 2 == 0;
		if (assay_rng_below(rng, 4) == 0 ? !filling : filling)
			code = put_some(ops, q, plain, n, err);
		else
			code = take_some(ops, q, plain, n, err);
	}
	while (code == ASSAY_OK && plain->head < plain->tail)
		code = take_some(ops, q, plain, 1, err);
	if (code == ASSAY_OK)
		code = take_some(ops, q, plain, 1, err);
	free(plain);
	return code;
}

struct contest {
	const struct queue_ops *ops;
	struct queue *queue;
	unsigned producers;
	size_t items;                            /* of each producer, up to ITEMS */
	_Atomic unsigned producing;              /* those that have more to put */
	_Atomic uint8_t times[SIDES_MAX][ITEMS]; /* each item came out */
	_Atomic unsigned backwards;              /* items that came after a later one of theirs */
	_Atomic unsigned strange;                /* items that nobody put */
};

struct party {
	struct contest *contest;
	unsigned number; /* its thread number, and among its side */
	unsigned side;
	pthread_t id;
};

static void *produce(void *argument)
{
	struct party *p = argument;
	const struct queue_ops *ops = p->contest->ops;
	uint64_t items[MANY];
	size_t all = p->contest->items;
	for (size_t next = 0; next < all;) {
		size_t n = 1 + next % MANY;
		for (size_t i = 0; i < n; i++)
			items[i] = (uint64_t)p->side << 32 | (next + i + 1);
		n = n < all - next ? n : all - next;
		size_t put = next % 2 ? queue_put_many(ops, p->contest->queue, p->number, items, n)
				      : ops->put(p->contest->queue, p->number, items[0]);
		next += put;
		if (put == 0)
			sched_yield();
	}
	/* release: who sees this sees all that was put */
	atomic_fetch_sub_explicit(&p->contest->producing, 1, memory_order_release);
	return NULL;
}

static void account(struct contest *c, uint64_t item, uint64_t *last)
{
	uint64_t side = item >> 32, number = item & UINT32_MAX;
	if (side >= c->producers || number == 0 || number > c->items) {
		atomic_fetch_add_explicit(&c->strange, 1, memory_order_relaxed);
		return;
	}
	atomic_fetch_add_explicit(&c->times[side][number - 1], 1, memory_order_relaxed);
	if (number <= last[side])
		atomic_fetch_add_explicit(&c->backwards, 1, memory_order_relaxed);
	last[side] = number;
}

static void *consume(void *argument)
{
	struct party *p = argument;
	struct contest *c = p->contest;
	uint64_t last[SIDES_MAX] = {0}, items[MANY];
	for (size_t turn = 0;; turn++) {
		/* acquire, before the look at the queue: what is empty then stays so */
		bool last_look = !atomic_load_explicit(&c->producing, memory_order_acquire);
		size_t got = turn % 2 ? queue_take_many(c->ops, c->queue, p->number, items, MANY)
				      : c->ops->take(c->queue, p->number, items);
		for (size_t i = 0; i < got; i++)
			account(c, items[i], last);
		if (got == 0 && last_look)
			return NULL;
		if (got == 0)
			sched_yield();
	}
}

static enum assay_code verdict(const struct contest *c, struct assay_err *err)
{
	for (unsigned side = 0; side < c->producers; side++)
		for (size_t i = 0; i < c->items; i++)
			if (c->times[side][i] != 1)
				return assay_fail(err, ASSAY_ECHECK,
						  "item %zu of producer %u came out %u times", i,
						  side, c->times[side][i]);
	if (c->backwards || c->strange)
		return assay_fail(err, ASSAY_ECHECK,
				  "%u items came out of their order, %u were never put",
				  c->backwards, c->strange);
	return ASSAY_OK;
}

static enum assay_code check_between(const struct queue_ops *ops, struct queue *q, unsigned sides,
				     size_t items, struct assay_err *err)
{
	struct contest *c = calloc(1, sizeof(*c));
	struct party parties[2 * SIDES_MAX];
	enum assay_code code = ASSAY_OK;
	unsigned started = 0;
	if (!c)
		return assay_fail(err, ASSAY_ENOMEM, "no memory for the check");
	c->ops = ops;
	c->queue = q;
	c->producers = sides;
	c->producing = sides;
	for (; started < 2 * sides; started++) {
		struct party *p = &parties[started];
		*p = (struct party){.contest = c, .number = started, .side = started % sides};
		int error = pthread_create(&p->id, NULL, started < sides ? produce : consume, p);
		if (error) {
			code = assay_fail(err, ASSAY_EENV, "start thread %u: %s", started,
					  strerror(error));
			break;
		}
	}
	if (code != ASSAY_OK) { /* what the missing ones would have put and taken */
		struct party last = {.contest = c, .number = started};
		if (started < sides)
			atomic_fetch_sub(&c->producing, sides - started);
		consume(&last);
	}
	for (unsigned i = 0; i < started; i++)
		pthread_join(parties[i].id, NULL);
	if (code == ASSAY_OK)
		code = verdict(c, err);
	free(c);
	return code;
}

enum assay_code queue_check(const struct assay_subject *subject, uint64_t seed,
			    struct assay_err *err)
{
	const struct queue_ops *ops = subject->ops;
	struct assay_rng rng;
	assay_rng_init(&rng, seed);
	if (ops->keeps_nothing)
		return ASSAY_OK;
	/* Through two places each item may cost a switch of threads, which is long on a busy machine. */
	static const struct {
		size_t capacity, items;
	} ways[] = {{2, FEW}, {WIDE, ITEMS}};
	unsigned sides = ops->one_to_one ? 1 : SIDES_MAX;
	struct queue *q;
	enum assay_code code = ops->create(CAPACITY, 1, &q, err);
	if (code != ASSAY_OK)
		return code;
	code = check_alone(ops, q, &rng, err);
	ops->destroy(q);
	for (size_t i = 0; i < ASSAY_COUNT_OF(ways) && code == ASSAY_OK; i++) {
		code = ops->create(ways[i].capacity, 2 * sides, &q, err);
		if (code != ASSAY_OK)
			return code;
		code = check_between(ops, q, sides, ways[i].items, err);
		ops->destroy(q);
		code = code == ASSAY_OK ? code
					: assay_context(err, code, "%u to %u threads, capacity %zu",
							sides, sides, ways[i].capacity);
	}
	return code;
}
