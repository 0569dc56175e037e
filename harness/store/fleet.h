/* SPDX-License-Identifier: MIT */
/* fleet: the newest figure of every series on every machine, to hold machines against each other. */
#ifndef ASSAY_STORE_FLEET_H
#define ASSAY_STORE_FLEET_H

#include "harness/store/store.h"

struct assay_fleet_machine {
	const char *name;
	uint8_t uuid[16];
	uint8_t fingerprint[32]; /* machines of one fingerprint are of one shape */
	const char *facts;       /* JSON of its newest run: assay_run_info.machine_json */
	size_t runs;
	uint64_t newest_ns; /* wall clock: its newest run began */
};

struct assay_fleet_series {
	const char *name, *metric, *unit;
	enum assay_better better;
};

struct assay_fleet_value {
	uint32_t series, machine; /* indices below */
	double median;            /* of the newest measured result */
};

struct assay_fleet {
	struct assay_fleet_machine *machines; /* by fingerprint, then name */
	size_t n_machines;
	struct assay_fleet_series *series; /* by name */
	size_t n_series;
	struct assay_fleet_value *values; /* by series, then machine; at most one of each pair */
	size_t n_values;
	void *memory;
};
void assay_fleet_done(struct assay_fleet *fleet);

/* Primary metrics of cases whose name matches `pattern` (glob, NULL: all). Runs of gates are left out. */
enum assay_code assay_store_fleet(struct assay_store *store, const char *pattern,
				  struct assay_fleet *ret, struct assay_err *err);

#endif
