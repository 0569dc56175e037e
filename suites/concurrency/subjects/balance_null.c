/* SPDX-License-Identifier: MIT */
/* balance_null: the first backend that is open; what counting requests costs without any choice. */
#include "suites/concurrency/balancer.h"

static int pick(struct balancer *b, uint64_t key, uint64_t now_ns)
{
	return (int)b->open[0];
}

static const struct balancer_policy policy = {.pick = pick};

const struct assay_subject assay_subject_concurrency_balance_null = {
	.interface = BALANCER_INTERFACE,
	.brief = "always the first: the cost of keeping count",
	.ops = &policy,
	.is_null = true,
};
