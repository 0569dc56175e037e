/* SPDX-License-Identifier: MIT */
/* shares: how evenly the operations of a window fell to its threads, as a metric beside the rate. */
#ifndef ASSAY_SUITES_CONCURRENCY_SHARES_H
#define ASSAY_SUITES_CONCURRENCY_SHARES_H

#include <stdatomic.h>

#include "harness/bench.h"

struct shares {
	_Atomic unsigned arrived;
	unsigned threads;
	_Atomic uint64_t *ops; /* of each thread */
};

/* False: no memory. */
bool shares_init(struct shares *s, unsigned threads);
void shares_done(struct shares *s);

/*
 * After the loop, once on every thread: thread `thread` did `ops`. The last to come reports metric `fairness`, Jain's
 * index: 1 when all did the same, 1/threads when one did all [Jain, Chiu & Hawe, DEC TR-301, 1984].
 * Nothing where there is one thread only.
 */
void shares_report(struct shares *s, struct assay_run *run, unsigned thread, uint64_t ops);

#endif
