/* SPDX-License-Identifier: MIT */
/*
 * reading_check: the oracle of ways to read. Readers and writers side by side: no record is torn, and no reader sees
 * an older one after a newer. What is used after it was freed is the sanitizer's and the model checker's to find.
 */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "harness/base/rng.h"
#include "suites/concurrency/reading.h"

enum { THREADS_MAX = 3, TURNS = 1500, VERSION_STEP = 16 };

struct contest {
	const struct reading_ops *ops;
	struct reading *reading;
	_Atomic bool begun;       /* all threads are there */
	_Atomic uint64_t written; /* the newest version that a finished write has left */
};

struct party {
	struct contest *contest;
	unsigned thread;
	uint64_t seed, torn, old;
	pthread_t id;
};

/* Only thread 0 writes: versions grow, and what a read may give is known. */
static void *take_turns(void *argument)
{
	struct party *p = argument;
	struct contest *c = p->contest;
	struct assay_rng rng;
	uint64_t last = 0, next = 0;
	assay_rng_init(&rng, p->seed);
	while (!atomic_load_explicit(&c->begun, memory_order_acquire))
		sched_yield();
	if (c->ops->enter)
		c->ops->enter(c->reading, p->thread);
	for (int turn = 0; turn < TURNS; turn++) {
		uint64_t random = assay_rng_next(&rng);
		if (p->thread == 0 && random % 8 == 0) {
			struct record record = record_of(next += VERSION_STEP);
			c->ops->write(c->reading, p->thread, &record);
			atomic_store_explicit(&c->written, next, memory_order_release);
			continue;
		}
		struct record record;
		uint64_t least = atomic_load_explicit(&c->written, memory_order_acquire);
		least = least > last ? least : last;
		c->ops->read(c->reading, p->thread, &record);
		p->torn += !record_is_whole(&record);
		p->old += record.words[0] < least;
		last = record.words[0];
		if (random >> 32 == 0)
			sched_yield();
	}
	if (c->ops->leave)
		c->ops->leave(c->reading, p->thread);
	return NULL;
}

static enum assay_code check_with(const struct reading_ops *ops, unsigned threads, uint64_t seed,
				  struct assay_err *err)
{
	struct contest contest = {.ops = ops};
	struct party parties[THREADS_MAX];
	unsigned started = 0;
	uint64_t torn = 0, old = 0;
	enum assay_code code = ops->create(threads, &contest.reading, err);
	if (code != ASSAY_OK)
		return code;
	for (; started < threads; started++) {
		struct party *p = &parties[started];
		*p = (struct party){.contest = &contest, .thread = started, .seed = seed + started};
		int error = pthread_create(&p->id, NULL, take_turns, p);
		if (error) {
			code = assay_fail(err, ASSAY_EENV, "start thread %u: %s", started,
					  strerror(error));
			break;
		}
	}
	atomic_store_explicit(&contest.begun, true, memory_order_release);
	for (unsigned i = 0; i < started; i++) {
		pthread_join(parties[i].id, NULL);
		torn += parties[i].torn;
		old += parties[i].old;
	}
	ops->destroy(contest.reading);
	if (code == ASSAY_OK && (torn || old))
		return assay_fail(err, ASSAY_ECHECK,
				  "%u threads: %llu records were torn, %llu older than one seen "
				  "before",
				  threads, (unsigned long long)torn, (unsigned long long)old);
	return code;
}

enum assay_code reading_check(const struct assay_subject *subject, uint64_t seed,
			      struct assay_err *err)
{
	const struct reading_ops *ops = subject->ops;
	enum assay_code code = ASSAY_OK;
	if (ops->protects_nothing)
		return ASSAY_OK;
	for (unsigned threads = 1; threads <= THREADS_MAX && code == ASSAY_OK; threads++)
		code = check_with(ops, threads, seed, err);
	return code;
}
