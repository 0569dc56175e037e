/* SPDX-License-Identifier: MIT */
/* plan: from patterns, subjects and axis overrides to the ordered list of cases to measure. */
#ifndef ASSAY_ENGINE_PLAN_H
#define ASSAY_ENGINE_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/base/err.h"
#include "harness/engine/axis.h"
#include "harness/engine/case.h"
#include "harness/engine/registry.h"
#include "harness/machine/placement.h"
#include "harness/machine/topology.h"

/* `-P name=values`. The axis "threads" is one like any other. */
struct assay_override {
	const char *axis;
	const char *values;
	bool optional; /* for whichever benchmarks have the axis; none of the selected need to */
};

struct assay_plan_request {
	/* Globs over case names, or bare suites; n = 0: everything. A full name selects its case also
	 * where its values are not among those of the axes, or its subject not among `subjects`. */
	const char *const *patterns;
	size_t n_patterns;
	const char *const *subjects; /* n = 0: all */
	size_t n_subjects;
	const struct assay_override *overrides;
	size_t n_overrides;
	bool quick; /* take the axes' quick values */
	struct assay_placement placement;
	bool free_programs; /* cases with a program may use every CPU: they are not placed */
};

struct assay_planned {
	struct assay_case c;
	unsigned *cpus; /* c.threads CPU numbers; NULL when skipped or not placed */
	char *skip;     /* why this case is not possible here; NULL: it is */
};

struct assay_plan {
	struct assay_planned *cases;
	size_t n;
};

/*
 * Expand the request. ASSAY_EUSAGE, with the nearest known name, for a pattern that matches nothing,
 * an unknown subject, an axis that no selected benchmark has, or malformed values.
 */
enum assay_code assay_plan_make(const struct assay_registry *registry,
				const struct assay_topology *topology,
				const struct assay_plan_request *request, struct assay_plan *ret,
				struct assay_err *err);
void assay_plan_done(struct assay_plan *plan);
/* Free what one case holds. */
void assay_planned_done(struct assay_planned *planned);

/* The names an axis may use, from a machine's shape; returns how many were written to names[8]. */
size_t assay_plan_axis_names(const struct assay_topology *topology,
			     struct assay_axis_name names[8]);

/* Is the text of `length` bytes such a name? */
bool assay_plan_knows_name(const char *text, size_t length);

/*
 * The order in which launches run: `launches` of each planned case that is not skipped, shuffled by
 * `seed`. ret[i] = case * launches + launch; malloc'd.
 */
enum assay_code assay_plan_schedule(const struct assay_plan *plan, unsigned launches, uint64_t seed,
				    uint32_t **ret, size_t *ret_n, struct assay_err *err);

/* Does `pattern` select the case `name`? Glob, or a prefix of whole path parts ("memory",
 * "memory/latency", "memory/latency/size:4Ki"). */
bool assay_pattern_matches(const char *pattern, const char *name);
/* ASSAY_EUSAGE: nothing matches `pattern`, with what was probably meant. */
enum assay_code assay_pattern_unknown(const struct assay_registry *registry, const char *pattern,
				      struct assay_err *err);

#endif
