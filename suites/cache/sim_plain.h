/* SPDX-License-Identifier: MIT */
/* sim_plain: the same policies once more, written as plainly as can be: the simulator's oracle. */
#ifndef ASSAY_SUITES_CACHE_SIM_PLAIN_H
#define ASSAY_SUITES_CACHE_SIM_PLAIN_H

#include "suites/cache/sim.h"

/* Most objects that a trace given to sim_plain_misses() may have. */
enum { SIM_PLAIN_OBJECTS_MAX = 256 };

/* Misses by searching lists from end to end: O(objects) a request. `name` as in sim_policy(). */
uint64_t sim_plain_misses(const char *name, const struct trace *trace, uint64_t capacity,
			  bool by_bytes);

/*
 * The oracle: a short random trace with hot objects, scans and sizes, at several capacities, in
 * objects and in bytes. ASSAY_ECHECK with the capacity and both counts where they differ.
 */
enum assay_code sim_plain_check(const struct sim_policy *policy, uint64_t seed,
				struct assay_err *err);

#endif
