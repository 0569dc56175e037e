/* SPDX-License-Identifier: MIT */
/*
 * fleet_sim: many nodes, each with a queue, behind one dispatcher; jobs arrive at random, nodes fail and come
 * back. Event by event, on one thread. A simulation: its figures say what the model says.
 *
 * Arrivals are Poisson. With a dispatcher that draws nodes at random each node is M/G/1, M/M/1 for exponential
 * work, which queue_theory_holds() checks.
 */
#ifndef ASSAY_SUITES_SCALING_FLEET_SIM_H
#define ASSAY_SUITES_SCALING_FLEET_SIM_H

#include <stddef.h>
#include <stdint.h>

#include "harness/base/err.h"
#include "harness/base/rng.h"

/* Work of a job, mean 1. HYPER: exponential of mean 0.5 (two thirds of jobs) or 2: variance 2. */
enum fleet_work { FLEET_EXPONENTIAL, FLEET_CONSTANT, FLEET_HYPER };
enum fleet_routing {
	FLEET_RANDOM,
	FLEET_TWO, /* the shorter queue of two drawn at random */
};

/* All times in units of the mean work of a job. */
struct fleet_config {
	size_t nodes;
	double load; /* of a node, in (0, 1) */
	enum fleet_work work;
	enum fleet_routing routing;
	double mtbf;   /* mean time of a node between failures, 0: none */
	double mttr;   /* mean time to repair */
	uint64_t jobs; /* those counted, at least 40; as many as the queues need come before */
	uint64_t seed;
};

struct fleet_result {
	double mean_sojourn, p99_sojourn;
	double half_width; /* of the 99 % interval of mean_sojourn, by means of 20 batches */
	double efficiency; /* jobs done in the time, over those of as many nodes that never fail */
	double lost;       /* share of jobs that were being done when their node failed */
	double available;  /* share of the nodes' time that they were up */
	uint64_t events;   /* all, those before counting included */
};

/* ASSAY_EUSAGE names what is wrong with the configuration; ASSAY_ENOMEM. */
enum assay_code fleet_sim(const struct fleet_config *config, struct fleet_result *ret,
			  struct assay_err *err);

/* How many jobs come before those that count. */
uint64_t fleet_warmup_jobs(const struct fleet_config *config);

/* The work of one job. */
double fleet_draw(enum fleet_work work, struct assay_rng *rng);

#endif
