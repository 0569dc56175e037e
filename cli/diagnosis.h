/* SPDX-License-Identifier: MIT */
/* diagnosis: what doctor finds out, apart from how it is shown. */
#ifndef ASSAY_CLI_DIAGNOSIS_H
#define ASSAY_CLI_DIAGNOSIS_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "cli/cli.h"
#include "harness/machine/environment.h"
#include "harness/machine/noise.h"
#include "harness/machine/topology.h"

enum { DIAGNOSIS_SOURCES = 16, DIAGNOSIS_EVENTS = 48, DIAGNOSIS_ADVICE = 32 };

struct diagnosis_source {
	const struct assay_source *source;
	bool usable;
	char reason[200]; /* when not */
};

struct diagnosis_store {
	char folder[PATH_MAX];
	char filesystem[32]; /* "ext4"; empty unknown */
	bool local;          /* known to be: write-ahead logging is safe */
	bool exists;
	char problem[200]; /* why a result could not be written; empty when it could */
};

struct diagnosis {
	struct assay_topology *topology;
	struct assay_environment environment;
	struct assay_noise noise;
	double core_clock_hz;
	uint64_t tick_ns;
	double clock_cost_ns, cpu_clock_cost_ns; /* one reading */
	struct diagnosis_source sources[DIAGNOSIS_SOURCES];
	size_t n_sources;
	struct assay_count events[DIAGNOSIS_EVENTS]; /* as the first source that can counts them */
	size_t n_events;
	bool counted[DIAGNOSIS_EVENTS][DIAGNOSIS_SOURCES]; /* each source tried alone */
	struct diagnosis_store store;
	json_t *devices; /* see devices.h */
	struct assay_advice advice[DIAGNOSIS_ADVICE];
	size_t n_advice;
};

/* Measure for `probe_ns` how noisy it is, and look at everything else. */
enum assay_code diagnosis_make(const struct cli *cli, uint64_t probe_ns, struct diagnosis *ret,
			       struct assay_err *err);
void diagnosis_done(struct diagnosis *diagnosis);

/* Value of a fact, or NULL with the reason in *ret_why ("" when there is no such fact). */
const char *diagnosis_fact(const struct diagnosis *diagnosis, const char *key,
			   const char **ret_why);

#endif
