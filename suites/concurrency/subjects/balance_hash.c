/* SPDX-License-Identifier: MIT */
/*
 * balance_hash: the key's hash modulo the number of backends that are open, as in nginx's plain `hash`;
 * when one comes or goes, most keys move. Requests without a key go around.
 */
#include "suites/concurrency/balancer.h"

static int pick(struct balancer *b, uint64_t key, uint64_t now_ns)
{
	return key ? (int)b->open[key % b->n_open] : balancer_around(b);
}

static const struct balancer_policy policy = {.pick = pick, .keyed = true};

const struct assay_subject assay_subject_concurrency_balance_hash = {
	.interface = BALANCER_INTERFACE,
	.brief = "hash of the key modulo the number of backends",
	.ops = &policy,
};
