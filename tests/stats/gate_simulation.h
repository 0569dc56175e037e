/* SPDX-License-Identifier: MIT */
/*
 * gate_simulation: whole gates over synthetic launches, through the functions that real ones use.
 *
 * The noise is worse than most machines: launches differ by Student's t with three degrees of freedom, and so do
 * the samples within each, some of which are interrupted; or the machine wanders from launch to launch.
 */
#ifndef ASSAY_TESTS_STATS_GATE_SIMULATION_H
#define ASSAY_TESTS_STATS_GATE_SIMULATION_H

#include <stddef.h>
#include <stdint.h>

#include "harness/stats/gate_math.h"

enum simulated_noise {
	NOISE_NORMAL, /* launches 0.5 %, samples 1 % */
	NOISE_HEAVY,  /* t3: launches 0.8 %, samples 0.8 %; 4 % of samples +30 % on average */
	NOISE_DRIFT,  /* as normal, under a first-order autoregressive machine, phi .97, sd 2 % */
	NOISES,
};

struct simulation {
	enum simulated_noise noise;
	size_t benchmarks;
	size_t gates;
	double effect; /* true slowdown of the first benchmark of each gate, as a ratio minus one */
	uint64_t seed;
};

/* Shares are of gates, but for pairs. */
struct simulated {
	double red;                       /* any benchmark REGRESSED that was not slowed down */
	double caught, missed, undecided; /* the first one REGRESSED, OK, INCONCLUSIVE */
	double improved;                  /* any benchmark IMPROVED */
	double pairs;                     /* mean of all benchmarks, screen included */
};

/* Run it. ASSAY_ENOMEM. */
enum assay_code simulate_gates(const struct assay_gate_policy *policy,
			       const struct simulation *simulation, struct simulated *ret,
			       struct assay_err *err);

#endif
