/* SPDX-License-Identifier: MIT */
/*
 * adaptive: a pool of threads that grows while it is busy and jobs wait, and shrinks while it is idle.
 *
 * One queue under one lock. When the threads were busy for `trigger` of a window and jobs wait, there
 * are twice as many, as far as jobs wait and `most` allows; a thread that found nothing for
 * `idle_ns` ends, down to `least`. Somebody must look at the clock: whoever submits, finishes a job or waits
 * for the end. A refused thread is tried again 100 windows later, and the pool goes on with those it has.
 */
#ifndef ASSAY_SUITES_CONCURRENCY_ADAPTIVE_H
#define ASSAY_SUITES_CONCURRENCY_ADAPTIVE_H

#include "suites/concurrency/jobs.h"

struct adaptive;

struct adaptive_limits {
	unsigned least, most; /* threads; 1 <= least <= most <= ADAPTIVE_MOST; equal: it is fixed */
	double trigger;       /* share of busy time, 0 to 1 */
	uint64_t window_ns, idle_ns;
};
#define ADAPTIVE_MOST   64
#define ADAPTIVE_LIMITS ((struct adaptive_limits){1, 16, 0.8, 1000000, 20000000})

struct adaptive_state {
	unsigned threads, peak;
	uint64_t started, refused; /* threads, since the start */
	uint64_t threads_ns;       /* the time of all threads added up, busy or not */
};

/* ASSAY_EENV when not even `least` threads could be had. Threads may use the CPUs of `set`; NULL: those of
 * the caller. */
enum assay_code adaptive_start(const struct adaptive_limits *limits, const cpu_set_t *set,
			       struct adaptive **ret, struct assay_err *err);
/* Any thread. The job is the pool's until adaptive_wait() has returned. */
void adaptive_submit(struct adaptive *pool, struct job *job);
/* Returns when all that was submitted is through; how many had an error since the last time. */
size_t adaptive_wait(struct adaptive *pool);
void adaptive_look(struct adaptive *pool, struct adaptive_state *ret);
/* After adaptive_wait(). NULL is fine. */
void adaptive_stop(struct adaptive *pool);

#endif
