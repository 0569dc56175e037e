/* SPDX-License-Identifier: MIT */
/* run_request: what one `assay run` is to do, from settings or from a stored run to resume. */
#ifndef ASSAY_CLI_RUN_REQUEST_H
#define ASSAY_CLI_RUN_REQUEST_H

#include <stdint.h>

#include "cli/cli.h"
#include "harness/engine/anchor.h"
#include "harness/engine/plan.h"

enum { RUN_MAX_CPUS = 4096 };

/* Everything as text where a text came in, so that it can be stored and read back unchanged. */
struct run_request {
	char *profile, *cpus, *driver;
	char *base; /* the built-in profile that `profile` is or goes back to */
	char *sets; /* names of parameter sets, separated by commas; NULL: none */
	char **patterns, **subjects, **axes, **values, **events, **plugins;
	bool *axis_optional; /* n_axes: said by a set, which not every benchmark has to follow */
	size_t n_patterns, n_subjects, n_axes, n_events, n_plugins;
	char **programs; /* descriptions, see harness/engine/program.h; n = 0: benchmarks are measured */
	size_t n_programs;
	bool place_programs;        /* the user said on which CPUs, or on how many */
	struct assay_anchor anchor; /* path NULL: none */
	bool counts;                /* replay under callgrind as well */
	char *launcher, *bind;      /* of ranks; NULL: each launch is one worker */
	uint64_t ranks;
	bool sandbox; /* workers inside bubblewrap */
	uint64_t samples, launches, seed;
	uint64_t time_ns, timeout_ns, budget_ns;
	/* derived */
	unsigned cpu_list[RUN_MAX_CPUS];
	struct assay_placement placement;
	struct assay_override *overrides;
	const char *program_suite; /* of the programs; NULL: none */
};

/* From options, settings and the profile's figures. Loads the plug-ins named by --load, and adds the
 * programs to the registry. */
enum assay_code run_request_read(struct cli *cli, const struct cli_args *args,
				 struct run_request *ret, struct assay_err *err);
/* What a file or variable says of axes and subjects is for benchmarks: programs need not follow it. */
void run_request_of_programs(const struct cli *cli, struct run_request *request);
/* Open the anchor that options or settings name, if any. */
enum assay_code run_request_anchor(struct cli *cli, const struct cli_args *args,
				   struct run_request *request, struct assay_err *err);
/* As JSON for the store, and back from there. */
char *run_request_json(const struct run_request *request);
enum assay_code run_request_restore(struct cli *cli, const char *json, struct run_request *ret,
				    struct assay_err *err);
void run_request_done(struct run_request *request);

/* What is to be planned; borrows from the request. */
struct assay_plan_request run_request_scope(const struct run_request *request);
/* The plan this request asks for. */
enum assay_code run_request_plan(const struct cli *cli, const struct run_request *request,
				 const struct assay_topology *topology, struct assay_plan *ret,
				 struct assay_err *err);

#endif
