/* SPDX-License-Identifier: MIT */
/* level_solver: from latencies over sizes to the caches behind them. */
#ifndef ASSAY_SUITES_KERNELS_LEVEL_SOLVER_H
#define ASSAY_SUITES_KERNELS_LEVEL_SOLVER_H

#include <stddef.h>

/* A level of the hierarchy: what fits, and what a load from it takes. */
struct level {
	double bytes; /* the largest measured size that fits; of the last level the largest measured */
	double above; /* the smallest measured size that does not fit; 0 for the last */
	double ns;
};

/*
 * The levels that n latencies (ns[i] at bytes[i], ascending) show, the last being what lies beyond all caches
 * that were found; how many were written to ret[most]. A level ends where the latency begins to rise
 * until it is at least half as much again; a rise that goes on without a flat between two levels shows as
 * one. Pure.
 */
size_t levels_solve(const double *bytes, const double *ns, size_t n, struct level *ret,
		    size_t most);

#endif
