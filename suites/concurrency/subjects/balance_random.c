/* SPDX-License-Identifier: MIT */
/* balance_random: any that is open, all equally likely; what to do without looking. */
#include "suites/concurrency/balancer.h"

static int pick(struct balancer *b, uint64_t key, uint64_t now_ns)
{
	return (int)b->open[assay_rng_below(&b->rng, b->n_open)];
}

static const struct balancer_policy policy = {.pick = pick};

const struct assay_subject assay_subject_concurrency_balance_random = {
	.interface = BALANCER_INTERFACE,
	.brief = "any backend, all equally likely",
	.ops = &policy,
};
