/* SPDX-License-Identifier: MIT */
/*
 * taskq: a queue of tasks on a Redis stream that loses none when workers die. A task that was taken and neither finished
 * nor heard of for a while is taken over by somebody else, so it may be done twice and never not at all. One connection
 * each, not to be shared by threads. Every call ends by the connection's deadline.
 */
#ifndef ASSAY_SUITES_SCALING_TASKQ_H
#define ASSAY_SUITES_SCALING_TASKQ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/base/err.h"

struct taskq;

enum { TASKQ_BATCH = 64, TASKQ_ID = 48 };

struct taskq_task {
	char entry[TASKQ_ID]; /* Redis's name of it */
	uint64_t number;      /* the task */
};

/* Connect as worker `name`. ASSAY_EIO. */
enum assay_code taskq_open(const char *socket, const char *name, unsigned deadline_ms,
			   struct taskq **ret, struct assay_err *err);
void taskq_close(struct taskq *q); /* takes NULL */

/* Empty it and make it anew: by one, before anybody takes. */
enum assay_code taskq_reset(struct taskq *q, struct assay_err *err);
enum assay_code taskq_put(struct taskq *q, uint64_t number, struct assay_err *err);
/* At most `most` (up to TASKQ_BATCH) tasks that nobody has; *ret_n is 0 when there are none now. */
enum assay_code taskq_take(struct taskq *q, size_t most, struct taskq_task *tasks, size_t *ret_n,
			   struct assay_err *err);
/* Tasks that others took and nobody has heard of for `silent_ms`: they are ours from now on. */
enum assay_code taskq_take_over(struct taskq *q, unsigned silent_ms, size_t most,
				struct taskq_task *tasks, size_t *ret_n, struct assay_err *err);
/* A sign of life for a task that takes long. */
enum assay_code taskq_beat(struct taskq *q, const struct taskq_task *task, struct assay_err *err);
/* Note that it is done, then let go of it: in this order, so that a death in between repeats it. */
enum assay_code taskq_done(struct taskq *q, const struct taskq_task *task, struct assay_err *err);

struct taskq_count {
	uint64_t finished;   /* different tasks that are done */
	uint64_t executions; /* times any was done; more than `finished`: some twice */
	uint64_t pending;    /* taken and not done */
};
enum assay_code taskq_count(struct taskq *q, struct taskq_count *ret, struct assay_err *err);

#endif
