/* SPDX-License-Identifier: MIT */
/*
 * queue_theory: are the simulators right where theory knows the answer? Asked before any of their results
 * counts. The seeds are fixed: it is the code that is judged, not the luck of a draw.
 */
#ifndef ASSAY_SUITES_SCALING_QUEUE_THEORY_H
#define ASSAY_SUITES_SCALING_QUEUE_THEORY_H

#include <stdint.h>

#include "harness/base/err.h"

/*
 * fleet_sim against M/M/1 and M/G/1 (constant and hyperexponential work, by Pollaczek-Khinchine), cluster_sim against
 * M/M/c with one and eight servers: the closed form must lie in the 99 % interval, and the interval within 5 %
 * of it. `jobs` for each: QUEUE_THEORY_JOBS make it that narrow; with them `seed` 0 is known to pass. ASSAY_ECHECK
 * names what does not fit. About 0.1 s.
 */
enum { QUEUE_THEORY_JOBS = 200000 };
enum assay_code queue_theory_holds(uint64_t jobs, uint64_t seed, struct assay_err *err);

/* One comparison: is `expected` within the interval, and the interval narrow? */
enum assay_code queue_theory_compare(const char *what, double mean, double half_width,
				     double expected, struct assay_err *err);

#endif
