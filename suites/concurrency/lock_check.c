/* SPDX-License-Identifier: MIT */
/*
 * lock_check: the oracle of locks, and how one is made. Threads count in plain variables under the lock and now
 * and then lose their processor there, so that others wait and sleep; readers look whether both halves agree.
 */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "harness/base/rng.h"
#include "suites/concurrency/lock.h"

enum { THREADS_MAX = 4, TURNS = 300, SPIN_THREADS_MAX = 2, SPIN_TURNS = 40 };

enum assay_code lock_new(const struct lock_ops *ops, unsigned threads, const int *cpus,
			 struct lock **ret, struct assay_err *err)
{
	size_t unit = 2 * ASSAY_CACHE_LINE;
	size_t bytes = (ops->bytes + unit - 1) / unit * unit;
	void *lock = aligned_alloc(unit, bytes);
	if (!lock)
		return assay_fail(err, ASSAY_ENOMEM, "no memory for a lock");
	memset(lock, 0, bytes);
	enum assay_code code = ops->init(lock, threads, cpus, err);
	if (code == ASSAY_OK)
		*ret = lock;
	else
		free(lock);
	return code;
}

void lock_free(const struct lock_ops *ops, struct lock *lock)
{
	if (lock && ops->done)
		ops->done(lock);
	free(lock);
}

struct contest {
	const struct lock_ops *ops;
	struct lock *lock;
	_Atomic bool begun;     /* all threads are there */
	uint64_t first, second; /* equal whenever nobody is inside */
};

struct party {
	struct lock_place place;
	struct contest *contest;
	uint64_t seed;
	int turns;
	uint64_t changes, torn;
	pthread_t id;
};

static void change(struct party *p, bool dawdle)
{
	struct contest *c = p->contest;
	c->ops->acquire(c->lock, &p->place);
	p->torn += c->first != c->second;
	c->first++;
	if (dawdle)
		sched_yield();
	c->second++;
	c->ops->release(c->lock, &p->place);
	p->changes++;
}

static void look(struct party *p, bool dawdle)
{
	struct contest *c = p->contest;
	c->ops->acquire_shared(c->lock, &p->place);
	uint64_t first = c->first;
	if (dawdle)
		sched_yield();
	p->torn += first != c->second;
	c->ops->release_shared(c->lock, &p->place);
}

static void *take_turns(void *argument)
{
	struct party *p = argument;
	struct assay_rng rng;
	assay_rng_init(&rng, p->seed);
	while (!atomic_load_explicit(&p->contest->begun, memory_order_acquire))
		sched_yield();
	for (int turn = 0; turn < p->turns; turn++) {
		uint64_t random = assay_rng_next(&rng);
		bool dawdle = random % 32 == 0;
		if (p->contest->ops->acquire_shared && random >> 32 & 1)
			look(p, dawdle);
		else
			change(p, dawdle);
	}
	return NULL;
}

static enum assay_code verdict(const struct contest *c, const struct party *parties,
			       unsigned threads, struct assay_err *err)
{
	uint64_t changes = 0, torn = 0;
	for (unsigned i = 0; i < threads; i++) {
		changes += parties[i].changes;
		torn += parties[i].torn;
	}
	if (torn || c->first != changes || c->second != changes)
		return assay_fail(err, ASSAY_ECHECK,
				  "%u threads: %llu and %llu counted of %llu, %llu times seen half "
				  "changed",
				  threads, (unsigned long long)c->first,
				  (unsigned long long)c->second, (unsigned long long)changes,
				  (unsigned long long)torn);
	return ASSAY_OK;
}

static enum assay_code check_with(const struct lock_ops *ops, unsigned threads, uint64_t seed,
				  struct assay_err *err)
{
	static const int anywhere[THREADS_MAX] = {-1, -1, -1, -1};
	struct contest contest = {.ops = ops};
	struct party parties[THREADS_MAX] = {0};
	unsigned started = 0;
	enum assay_code code = lock_new(ops, threads, anywhere, &contest.lock, err);
	if (code != ASSAY_OK)
		return code;
	for (; started < threads && code == ASSAY_OK; started++) {
		struct party *p = &parties[started];
		p->contest = &contest;
		p->seed = seed + started;
		p->turns = ops->spins ? SPIN_TURNS : TURNS;
		int error = pthread_create(&p->id, NULL, take_turns, p);
		if (error) {
			code = assay_fail(err, ASSAY_EENV, "start thread %u: %s", started,
					  strerror(error));
			break;
		}
	}
	atomic_store_explicit(&contest.begun, true, memory_order_release);
	for (unsigned i = 0; i < started; i++)
		pthread_join(parties[i].id, NULL);
	if (code == ASSAY_OK)
		code = verdict(&contest, parties, threads, err);
	lock_free(ops, contest.lock);
	return code;
}

enum assay_code lock_check(const struct assay_subject *subject, uint64_t seed,
			   struct assay_err *err)
{
	const struct lock_ops *ops = subject->ops;
	enum assay_code code = ASSAY_OK;
	if (ops->excludes_nobody)
		return ASSAY_OK;
	/* Who spins for a thread that has lost its processor does so until its own time is over. */
	unsigned most = ops->spins ? SPIN_THREADS_MAX : THREADS_MAX;
	for (unsigned threads = 1; threads <= most && code == ASSAY_OK; threads *= 2)
		code = check_with(ops, threads, seed, err);
	return code;
}
