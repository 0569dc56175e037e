/* SPDX-License-Identifier: MIT */
/* queue_run: what the benchmarks of queues share: a queue, prefilled, and sums of what went in and came out. */
#ifndef ASSAY_SUITES_CONCURRENCY_QUEUE_RUN_H
#define ASSAY_SUITES_CONCURRENCY_QUEUE_RUN_H

#include "suites/concurrency/queue.h"
#include "suites/concurrency/shares.h"
#include "suites/concurrency/think.h"

enum { QUEUE_RUN_CAPACITY = 1024, QUEUE_RUN_BATCH_MAX = 64 };

/* One thread's part; sums are modulo 2^64. */
struct queue_part {
	_Alignas(2 * ASSAY_CACHE_LINE) uint64_t put_sum, taken_sum;
	uint64_t next; /* item to be put next */
	struct think think;
};

struct queue_run {
	const struct queue_ops *ops;
	struct queue *queue;
	struct shares shares;
	uint64_t put_sum; /* what was put before the threads began */
	uint32_t turns;   /* of thinking */
	unsigned threads;
	struct queue_part *parts;
};

/* setup of a benchmark: state is the struct queue_run. `filled`: share of the capacity to put at first. */
void queue_run_setup(struct assay_run *run, double filled, double think_ns);
/* Drains the queue, and fails the case when what came out is not what went in. */
void queue_run_teardown(struct assay_run *run);

#endif
