/* SPDX-License-Identifier: MIT */
/*
 * plan_json: planned cases as JSON, and back: how one build of assay learns what another one would
 * measure. `assay run --dry-run --json` prints one object per case.
 */
#ifndef ASSAY_ENGINE_PLAN_JSON_H
#define ASSAY_ENGINE_PLAN_JSON_H

#include <jansson.h>

#include "harness/engine/plan.h"

/* {"name", "suite", "benchmark", "version", "subject", "threads", "params", "unit", "better", "cpus",
 * "skip", "environment"}; new reference, NULL when out of memory. */
json_t *assay_planned_json(const struct assay_planned *planned);

/* A plan made of such objects. What its cases point to belongs to it. */
struct assay_plan_copy {
	struct assay_plan plan;
	struct plan_copy_entry *entries; /* private; cases may be taken out of the plan */
	size_t n_entries;
};

/*
 * Read the lines that a dry run printed: objects whose "event" is "planned"; others are passed over.
 * ASSAY_EPARSE names the line. Zero *ret first.
 */
enum assay_code assay_plan_copy_read(const char *lines, struct assay_plan_copy *ret,
				     struct assay_err *err);
void assay_plan_copy_done(struct assay_plan_copy *copy);

#endif
