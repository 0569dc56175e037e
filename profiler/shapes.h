/* SPDX-License-Identifier: MIT */
/*
 * shapes: what is known of a case or a command beside what was counted: how it goes with more threads, how much
 * of the time it ran, what the machine could do. Named figures, for formulas in groups.txt and advice.txt.
 */
#ifndef ASSAY_PROFILER_SHAPES_H
#define ASSAY_PROFILER_SHAPES_H

#include <sys/resource.h>

#include "harness/result.h"
#include "profiler/ceilings.h"

enum { SHAPES_MOST = 24 };

/* The cases of a run on one thread, so that of thousands none is looked for one by one. Borrows the results. */
struct shape_singles {
	const struct assay_result **of; /* sorted */
	size_t n;
};
enum assay_code shape_singles_init(struct shape_singles *ret, const struct assay_result *results,
				   size_t n, struct assay_err *err);
void shape_singles_done(struct shape_singles *singles);

/* A case among the others of its run; `ceilings` may be NULL. */
struct shape_case {
	const struct assay_result *results; /* the others that matter are those of other threads */
	size_t n, which;
	const struct ceilings *ceilings;
	const struct shape_singles
		*singles; /* of the same results; NULL: they are looked through */
};

/* What a command used, with its children. */
struct shape_command {
	uint64_t wall_ns;
	struct rusage usage;
};

/* Time of one operation of one thread in ns; NaN where the metric is no time and no rate of operations. */
double shape_time_ns(const struct assay_result *result);

/*
 * The shapes of a case to ret[SHAPES_MOST]: counts of source "shape", with a value or the reason why there is
 * none; what cannot be of interest (bytes of a benchmark that states none) is left out. Returns how many.
 */
size_t shapes_of_case(const struct shape_case *c, struct assay_count *ret);
size_t shapes_of_command(const struct shape_command *command, struct assay_count *ret);

/* Is there a shape of this name? */
bool shapes_know(const char *name);

#endif
