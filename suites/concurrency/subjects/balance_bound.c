/* SPDX-License-Identifier: MIT */
/*
 * balance_bound: one queue that all backends take from, what no choice made at arrival can beat when
 * backends are equal. Only simulations can have it; asked for a decision it picks at random.
 */
#include "suites/concurrency/balancer.h"

static int pick(struct balancer *b, uint64_t key, uint64_t now_ns)
{
	return (int)b->open[assay_rng_below(&b->rng, b->n_open)];
}

static const struct balancer_policy policy = {.pick = pick, .central = true};

const struct assay_subject assay_subject_concurrency_balance_bound = {
	.interface = BALANCER_INTERFACE,
	.brief = "one queue for all backends, in simulations",
	.ops = &policy,
	.is_bound = true,
};
