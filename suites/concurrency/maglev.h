/* SPDX-License-Identifier: MIT */
/*
 * maglev: a table that says for each hash which backend it belongs to, where few entries change when a
 * backend comes or goes [Eisenbud et al., "Maglev", NSDI 2016, 3.4], with weights, hashes and retries
 * as in Envoy's maglev_lb.cc.
 */
#ifndef ASSAY_SUITES_CONCURRENCY_MAGLEV_H
#define ASSAY_SUITES_CONCURRENCY_MAGLEV_H

#include "suites/concurrency/balancer.h"

extern const struct balancer_policy maglev_policy;

/* Entry i of its table, i below balancer.table. */
uint32_t maglev_entry(const struct balancer *b, uint32_t i);
/* What a request of hash `key` hashes to at its n-th retry, 0 being the first try. */
uint64_t maglev_retry(uint64_t key, uint32_t n);

#endif
