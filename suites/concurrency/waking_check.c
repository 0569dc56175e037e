/* SPDX-License-Identifier: MIT */
/* waking_check: the oracle of ways to wake: as many waits end as wakes were made, each seeing what was written. */
#include <pthread.h>
#include <sched.h>
#include <time.h>

#include "harness/base/rng.h"
#include "suites/concurrency/waking.h"

enum { TURNS = 200 };

struct contest {
	const struct waking_ops *ops;
	struct waking *waking;
	uint64_t written; /* turns that the waker has announced */
	uint64_t missed;
};

static void *wait_for_all(void *argument)
{
	struct contest *c = argument;
	for (uint64_t turn = 1; turn <= TURNS; turn++) {
		c->ops->wait(c->waking);
		/* atomic: the waker may be some turns ahead, never behind */
		c->missed += __atomic_load_n(&c->written, __ATOMIC_RELAXED) < turn;
	}
	return NULL;
}

enum assay_code waking_check(const struct assay_subject *subject, uint64_t seed,
			     struct assay_err *err)
{
	struct contest c = {.ops = subject->ops};
	struct assay_rng rng;
	pthread_t waiter;
	assay_rng_init(&rng, seed);
	enum assay_code code = c.ops->create(-1, -1, &c.waking, err);
	if (code != ASSAY_OK)
		return code;
	int error = pthread_create(&waiter, NULL, wait_for_all, &c);
	if (!error) {
		for (uint64_t turn = 1; turn <= TURNS; turn++) {
			__atomic_store_n(&c.written, turn, __ATOMIC_RELAXED);
			c.ops->wake(c.waking);
			if (assay_rng_below(&rng, 32) == 0) /* it falls asleep */
				nanosleep(&(struct timespec){0, 100000}, NULL);
		}
		pthread_join(waiter, NULL);
	}
	c.ops->destroy(c.waking);
	if (error)
		return assay_fail(err, ASSAY_EENV, "start a thread: %s", strerror(error));
	if (c.missed)
		return assay_fail(err, ASSAY_ECHECK, "%llu of %d waits ended without a wake",
				  (unsigned long long)c.missed, TURNS);
	return ASSAY_OK;
}
