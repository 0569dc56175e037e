/* SPDX-License-Identifier: MIT */
/*
 * side: one of the two things that a gate compares: a plug-in, a build of assay, commands, or a Google
 * Benchmark executable, perhaps in several placement variants; and what it can measure.
 */
#ifndef ASSAY_GATE_SIDE_H
#define ASSAY_GATE_SIDE_H

#include "harness/engine/plan.h"
#include "harness/engine/plan_json.h"
#include "harness/gate/verdict.h"

enum assay_gate_kind {
	ASSAY_SIDE_PLUGIN,  /* every worker of this program loads it */
	ASSAY_SIDE_BUILD,   /* it is the program that workers run */
	ASSAY_SIDE_GBENCH,  /* workers of this program run it */
	ASSAY_SIDE_COMMAND, /* the same */
};
/* "plug-in", "assay", "gbench", "command": static. */
const char *assay_gate_kind_name(enum assay_gate_kind kind);

/* One placement variant, or all there is. */
struct assay_gate_variant {
	char *file;                      /* NULL for commands */
	struct assay_registry *registry; /* NULL where the first variant's holds */
	struct assay_plan plan;          /* the same cases as the first variant's */
};

/* Zero-initialise, then one of the functions below. */
struct assay_gate_side {
	enum assay_gate_kind kind;
	struct assay_gate_variant *variants;
	size_t n_variants;
	struct assay_plan_copy copy; /* of a build: its cases */
};

/* What both sides are asked to measure. */
struct assay_gate_scope {
	const struct assay_table *table; /* of this program */
	const struct assay_topology *topology;
	struct assay_plan_request request;
	const char *const *build_options; /* the request without its patterns, as words of
					   * `assay run`, for builds; NULL-terminated */
};

/* Plug-ins at paths[n], variants of one another. What they bring is measured, and nothing else. */
enum assay_code assay_gate_side_plugin(const struct assay_gate_scope *scope,
				       const char *const *paths, size_t n,
				       struct assay_gate_side *ret, struct assay_err *err);
/*
 * Builds of assay at paths[n]. The first is asked for its plan: `run --dry-run --json`.
 * ASSAY_EUSAGE with what it said when that fails.
 */
enum assay_code assay_gate_side_build(const struct assay_gate_scope *scope,
				      const char *const *paths, size_t n,
				      struct assay_gate_side *ret, struct assay_err *err);
/*
 * Google Benchmark executables at paths[n]; request.patterns select among their own names. `label`
 * stands for the executable in the names of cases.
 */
enum assay_code assay_gate_side_gbench(const struct assay_gate_scope *scope,
				       const char *const *paths, size_t n, const char *label,
				       struct assay_gate_side *ret, struct assay_err *err);
/* One command, as assay_command_describe() wrote it. */
enum assay_code assay_gate_side_command(const struct assay_gate_scope *scope,
					const char *description, struct assay_gate_side *ret,
					struct assay_err *err);
void assay_gate_side_done(struct assay_gate_side *side);

/* Its cases. */
const struct assay_plan *assay_gate_side_plan(const struct assay_gate_side *side);

#endif
