/* SPDX-License-Identifier: MIT */
/* front: the interface of balancers between callers and HTTP servers: ours and others'. */
#ifndef ASSAY_SUITES_CONCURRENCY_FRONT_H
#define ASSAY_SUITES_CONCURRENCY_FRONT_H

#include "harness/bench.h"

#define FRONT_INTERFACE "front"

enum { FRONT_BACKENDS_MAX = 16 };

/* In the order of the words of the axis, see FRONT_POLICIES. */
enum front_policy {
	FRONT_ROUND_ROBIN,
	FRONT_WEIGHTED,
	FRONT_LEAST,
	FRONT_TWO,
	FRONT_EWMA,
	FRONT_IDLE,
	FRONT_POLICIES_N,
};
#define FRONT_POLICIES "round_robin,weighted,least,two,ewma,idle"

struct front_config {
	enum front_policy policy;
	const uint16_t *ports;   /* of the backends, on loopback */
	const unsigned *weights; /* used by FRONT_WEIGHTED */
	unsigned backends;       /* 1 to FRONT_BACKENDS_MAX */
	unsigned connections;    /* callers at a time */
	uint64_t seed;
};

struct front; /* each subject has its own */

struct front_ops {
	/* On a free port of loopback. ASSAY_SKIP when it does not have the policy. */
	enum assay_code (*start)(const struct front_config *config, struct front **ret,
				 uint16_t *ret_port, struct assay_err *err);
	void (*stop)(struct front *front);
};

/* Oracle of the interface: all requests are answered, in turns, also when a backend goes. */
enum assay_code front_check(const struct front_ops *ops, struct assay_err *err);

#endif
