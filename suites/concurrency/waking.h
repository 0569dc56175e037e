/* SPDX-License-Identifier: MIT */
/* waking: the interface of ways to wait until another thread says so. */
#ifndef ASSAY_SUITES_CONCURRENCY_WAKING_H
#define ASSAY_SUITES_CONCURRENCY_WAKING_H

#include "harness/bench.h"

#define WAKING_INTERFACE "waking"

/* Each subject has its own. */
struct waking;

/* One thread waits, another wakes it; each wake() ends exactly one wait(), also one that comes later. */
struct waking_ops {
	/* The waiter will run on CPU `waiter`, the other on `waker`, unless negative. */
	enum assay_code (*create)(int waker, int waiter, struct waking **ret,
				  struct assay_err *err);
	void (*wait)(struct waking *w);
	void (*wake)(struct waking *w);
	void (*destroy)(struct waking *w); /* NULL is allowed */
};

/* The oracle: what the waker wrote before is seen, and each wake ends one wait. */
enum assay_code waking_check(const struct assay_subject *subject, uint64_t seed,
			     struct assay_err *err);

#endif
