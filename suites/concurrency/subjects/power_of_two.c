/* SPDX-License-Identifier: MIT */
/*
 * power_of_two: two at random, of which the one with less to do for its weight [Mitzenmacher, "The power
 * of two choices in randomized load balancing", IEEE TPDS 12(10), 2001].
 */
#include "suites/concurrency/balancer.h"

static int pick(struct balancer *b, uint64_t key, uint64_t now_ns)
{
	uint32_t first = b->open[assay_rng_below(&b->rng, b->n_open)];
	if (b->n_open == 1)
		return (int)first;
	uint32_t second;
	do
		second = b->open[assay_rng_below(&b->rng, b->n_open)];
	while (second == first);
	bool less =
		balancer_pressure(&b->backends[second]) < balancer_pressure(&b->backends[first]);
	return (int)(less ? second : first);
}

static const struct balancer_policy policy = {.pick = pick};

const struct assay_subject assay_subject_concurrency_power_of_two = {
	.interface = BALANCER_INTERFACE,
	.brief = "the less loaded of two at random",
	.ops = &policy,
};
