/* SPDX-License-Identifier: MIT */
/* cost: what one sample costs here and now, and the rate that a budget allows. */
#ifndef ASSAY_PROFILER_COST_H
#define ASSAY_PROFILER_COST_H

#include "profiler/rings.h"

/* Enough to choose a rate by, and to tell the overhead by when the rate is given. */
enum { SAMPLE_COST_PAIRS = 41, SAMPLE_COST_FEW = 9 };

struct sample_cost {
	double ns, lo_ns,
		hi_ns; /* median over pairs of equal work with and without, 95 % interval */
	size_t pairs;
};

/*
 * Measure it on the calling thread: the same work in turns without and with samples, 7 ms for each of the
 * pairs (at most SAMPLE_COST_PAIRS). The target's own samples cost the same: the interrupt, the walk, the copy of the stack.
 */
enum assay_code sample_cost_measure(const struct rings_plan *plan, size_t pairs,
				    struct sample_cost *ret, struct assay_err *err);

/*
 * The rate whose cost stays within `budget_ratio` of the CPU time, a prime, so that it does not beat
 * with what the target does periodically: from 11 to 997 per second. The upper end of the cost's interval
 * decides, unless noise has made that useless.
 */
unsigned sample_rate_hz(const struct sample_cost *cost, double budget_ratio);

#endif
