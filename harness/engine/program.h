/* SPDX-License-Identifier: MIT */
/*
 * program: benchmarks that are programs of their own: commands, and executables made with Google
 * Benchmark. Each is described by a JSON text; from the same text the controller puts a case into its
 * registry and the worker of a launch makes the very same case, so that all the rest (plan, schedule,
 * records, results) is as with any other benchmark. What differs is how a launch takes its samples:
 * `measure` of the program's kind instead of a body.
 */
#ifndef ASSAY_ENGINE_PROGRAM_H
#define ASSAY_ENGINE_PROGRAM_H

#include <jansson.h>

#include "harness/engine/case.h"
#include "harness/engine/launch.h"
#include "harness/engine/registry.h"
#include "harness/engine/worker.h"
#include "harness/result.h"

/* Longest description: it travels as one argument, of which the kernel takes 128 KiB. */
enum { ASSAY_PROGRAM_MAX_BYTES = 100 * 1024 };

/* One figure of one run. The first that is ever reported is of the primary metric. */
struct assay_figure {
	const char *metric; /* see assay_name_valid() */
	const char *unit;
	enum assay_better better;
	double value;
	double wall_ns, cpu_ns; /* of the run; 0 on all but the primary metric */
};

/* Where a launch's figures go; false: nobody listens any more, stop. */
struct assay_program_sink {
	bool (*figure)(void *context, const struct assay_figure *figure);
	bool (*count)(void *context, const struct assay_count *count);
	void *context;
};

/* How a launch ended. */
struct assay_program_end {
	enum assay_status status;
	char reason[400];
	bool quote_output; /* the last line it printed says more */
	char clock[16];    /* "" is "monotonic" */
};

struct assay_program_kind {
	const char *name; /* "command": `kind` in descriptions, driver of results */
	struct assay_suite_entry suite;
	/* Make a program of a description; `kind` and `description` are filled in by the caller. */
	enum assay_code (*make)(const json_t *description, struct assay_program **ret,
				struct assay_err *err);
	void (*free)(struct assay_program *program);
	/* Take the samples of one launch, in a worker. Errors only where nothing can be said of the
	 * program itself; its own failures are the end's. */
	enum assay_code (*measure)(const struct assay_program *program, const struct assay_case *c,
				   const struct assay_job *job,
				   const struct assay_program_sink *sink,
				   struct assay_program_end *end, struct assay_err *err);
	/* By when a launch must be over, if one process of the program may take `timeout_ns`. */
	uint64_t (*deadline_ns)(const struct assay_program *program,
				const struct assay_effort *effort, uint64_t timeout_ns);
};

/* The part that all kinds share; each kind's own struct begins with it. */
struct assay_program {
	const struct assay_program_kind *kind;
	char *description;
	char name[64];  /* of its benchmark */
	char brief[96]; /* what it runs, for lists; cut to fit */
	struct assay_bench bench;
	struct assay_axis axes[ASSAY_CASE_MAX_AXES + 1];
	bool passes_output; /* it writes to the controller's standard output and error */
};

extern const struct assay_program_kind assay_command_kind;
extern const struct assay_program_kind assay_gbench_kind;

/*
 * Make the program that `description` speaks of and put its case into the registry, which owns it
 * from then on. *ret may be NULL. ASSAY_EUSAGE or ASSAY_EPARSE with what is wrong with it, also when
 * it is there already.
 */
enum assay_code assay_program_add(struct assay_registry *registry, const char *description,
				  const struct assay_program **ret, struct assay_err *err);

/*
 * The controller's part of a launch whose job has the program's description, effort and timeout: set
 * what a program needs otherwise than a benchmark, its deadline among it.
 */
void assay_program_launch(const struct assay_program *program, struct assay_launch *launch);

/* A worker's part: measure one launch of the program of `c` and write all records but the status. */
enum assay_code assay_program_measure(const struct assay_case *c, const struct assay_job *job,
				      struct assay_program_end *end, struct assay_err *err);

#endif
