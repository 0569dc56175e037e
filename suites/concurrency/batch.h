/* SPDX-License-Identifier: MIT */
/*
 * batch: requests that come one at a time, handed on many at a time, so that what each batch costs once is
 * shared; how many adapts to what comes, and none waits longer than its deadline allows.
 *
 * It belongs to one thread; times are nanoseconds of any one clock that does not step back, and are passed in.
 */
#ifndef ASSAY_SUITES_CONCURRENCY_BATCH_H
#define ASSAY_SUITES_CONCURRENCY_BATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "harness/base/err.h"

enum batcher_rule {
	BATCHER_FIXED, /* always `least` */
	BATCHER_GROWTH, /* times `growth` while more than a batch is left, by it when one was not full */
	BATCHER_AIMD, /* `least` more each time, a tenth less when a deadline was missed [Clipper] */
	BATCHER_GREEDY, /* whatever is there, up to `most`, as soon as it can be taken */
};

enum { BATCHER_ROOM_MAX = 1 << 20 };

struct batcher_config {
	enum batcher_rule rule;
	uint32_t least, most; /* 1 <= least <= most <= room */
	double growth;        /* above 1; BATCHER_GROWTH alone */
	uint64_t deadline_ns; /* from a request's arrival to the end of its batch */
	uint32_t room;        /* requests that may wait; up to BATCHER_ROOM_MAX */
};

struct batcher;

/* ASSAY_EUSAGE names what makes no sense; ASSAY_ENOMEM. */
enum assay_code batcher_new(const struct batcher_config *config, struct batcher **ret,
			    struct assay_err *err);
void batcher_free(struct batcher *b);

/* A request came. False: there is no room, refuse it. */
bool batcher_add(struct batcher *b, uint64_t now_ns);
/*
 * How many to take now, oldest first, or 0: then nothing need be done before *ret_until_ns, unless a request
 * comes; UINT64_MAX: none waits. One batch at a time: batcher_done() ends it before the next is asked for.
 */
uint32_t batcher_take(struct batcher *b, uint64_t now_ns, uint64_t *ret_until_ns);
void batcher_done(struct batcher *b, uint64_t now_ns);

/* The size it aims at now, and how many wait. */
uint32_t batcher_size(const struct batcher *b);
uint32_t batcher_waiting(const struct batcher *b);

#endif
