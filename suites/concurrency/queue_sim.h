/* SPDX-License-Identifier: MIT */
/*
 * queue_sim: requests that arrive at random at several servers, each with a queue of its own, behind a
 * balancer; event by event. Poisson arrivals, exponential work. With one server it is M/M/1; with one
 * queue for all (struct balancer_policy.central) M/M/c: tests hold it against both closed forms.
 */
#ifndef ASSAY_SUITES_CONCURRENCY_QUEUE_SIM_H
#define ASSAY_SUITES_CONCURRENCY_QUEUE_SIM_H

#include "suites/concurrency/balancer.h"

struct queue_sim_config {
	const struct balancer_policy *policy;
	const double *speeds; /* of each server: work done per unit of time; its weight too */
	size_t servers;
	double load;     /* arriving work over the sum of speeds, in (0, 1) */
	size_t requests; /* those counted */
	size_t warmup;   /* those before, which fill the queues */
	uint64_t seed;
};

/* Times in units of the mean work of a request, at speed 1. */
struct queue_sim_result {
	double mean_sojourn, p99_sojourn;
	double utilisation_least,
		utilisation_most; /* of a server, as the share of time it was busy */
};

/* ASSAY_EUSAGE names what is wrong with the configuration; ASSAY_ENOMEM. O(log servers) a request. */
enum assay_code queue_sim(const struct queue_sim_config *config, struct queue_sim_result *ret,
			  struct assay_err *err);

#endif
