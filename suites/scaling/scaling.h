/* SPDX-License-Identifier: MIT */
/*
 * scaling: the suite's default interface and the oracles of all its interfaces. Each further interface
 * has a header of its own, with its name and its table of functions.
 */
#ifndef ASSAY_SUITES_SCALING_H
#define ASSAY_SUITES_SCALING_H

#include "harness/bench.h"

/*
 * Interface "team": several workers that do one piece of work together. A subject is one way to have
 * them: threads, processes, a runtime.
 */
#define SCALING_TEAM "team"

struct team;

/* One worker's share of the work: part `part` of `parts`. Called on all parts at the same time. */
typedef void (*team_part)(void *context, unsigned part, unsigned parts);

/* `size` bytes of zeroed memory that every worker of every team sees; for all that a part writes. */
void *team_alloc(size_t size);
/* NULL is fine. */
void team_free(void *memory, size_t size);

struct team_ops {
	bool computes; /* false: the null subject, which does no part */
	/*
	 * Start a team of `threads` workers, the calling thread being number 0, and keep it. Worker i
	 * runs on CPU cpus[i]; -1, or cpus NULL, means anywhere. Memory that parts write must come
	 * from team_alloc(), before or after; what they read may be any that exists when the team
	 * starts. ASSAY_SKIP when this machine cannot have such a team.
	 */
	enum assay_code (*start)(unsigned threads, const int *cpus, struct team **ret,
				 struct assay_err *err);
	/* Do every part once and return when all are done. */
	enum assay_code (*run)(struct team *team, team_part part, void *context,
			       struct assay_err *err);
	void (*stop)(struct team *team); /* takes NULL */
};

/* The oracles, one per interface, called by check.c: `seed` makes the operations. ASSAY_ECHECK: what
 * differed. */
enum assay_code scaling_check_team(const struct team_ops *ops, uint64_t seed,
				   struct assay_err *err);

struct scaler_ops;
struct kernel_way;
struct detector_ops;
enum assay_code scaling_check_scaler(const struct scaler_ops *ops, uint64_t seed,
				     struct assay_err *err);

enum assay_code scaling_check_kernel(const struct kernel_way *way, uint64_t seed,
				     struct assay_err *err);
enum assay_code scaling_check_detector(const struct detector_ops *ops, uint64_t seed,
				       struct assay_err *err);

#endif
