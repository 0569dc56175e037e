/* SPDX-License-Identifier: MIT */
/* round_robin: the next one, around and around; weights are not looked at. */
#include "suites/concurrency/balancer.h"

static int pick(struct balancer *b, uint64_t key, uint64_t now_ns)
{
	return balancer_around(b);
}

static const struct balancer_policy policy = {.pick = pick};

const struct assay_subject assay_subject_concurrency_round_robin = {
	.interface = BALANCER_INTERFACE,
	.brief = "one after the other, around",
	.ops = &policy,
};
