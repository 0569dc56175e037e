/* SPDX-License-Identifier: MIT */
/* autoscale: the cluster and the load that policies are tried on. */
#ifndef ASSAY_SUITES_SCALING_AUTOSCALE_H
#define ASSAY_SUITES_SCALING_AUTOSCALE_H

#include "suites/scaling/cluster_sim.h"

/*
 * 2 to 12 instances of 2 requests per second; 4 to 18 requests per second over a season of four hours, a day told
 * short, and four bursts of 8 more for ten minutes in each; requests wait at most 10 s. The first two seasons are for
 * learning, the next two count. `trace` must live as long as the configuration.
 */
struct cluster_config autoscale_cluster(double interval_s, double delay_s, struct load_trace *trace,
					uint64_t seed);

#endif
