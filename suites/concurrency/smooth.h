/* SPDX-License-Identifier: MIT */
/*
 * smooth: weighted round robin that spreads the picks of a heavy backend instead of bunching them.
 * Each pick adds its weight to every current value, takes the largest, and lowers that one by the sum
 * [nginx, commit 52327e062].
 */
#ifndef ASSAY_SUITES_CONCURRENCY_SMOOTH_H
#define ASSAY_SUITES_CONCURRENCY_SMOOTH_H

#include "suites/concurrency/balancer.h"

extern const struct balancer_policy smooth_policy;

/* The current value of backend i, which is at rest (0 for all) whenever a whole round is over. */
int32_t smooth_current(const struct balancer *b, size_t i);

#endif
