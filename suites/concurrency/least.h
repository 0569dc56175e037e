/* SPDX-License-Identifier: MIT */
/*
 * least: policies that pick the backend for which some number is smallest; the one not picked for
 * longest among equals. A tree keeps the order, so a pick costs the same whatever its place.
 */
#ifndef ASSAY_SUITES_CONCURRENCY_LEAST_H
#define ASSAY_SUITES_CONCURRENCY_LEAST_H

#include "suites/concurrency/balancer.h"

/* For balancer_policy.init; `measure` gives the number of a backend, at least 0. */
enum assay_code least_init(struct balancer *b, float (*measure)(const struct backend *),
			   struct assay_err *err);
int least_pick(struct balancer *b, uint64_t key, uint64_t now_ns);
void least_changed(struct balancer *b, int i);
void least_done(struct balancer *b);

#endif
