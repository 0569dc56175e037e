/* SPDX-License-Identifier: MIT */
/* placement: which CPU each thread of a case runs on, and making it so. */
#ifndef ASSAY_MACHINE_PLACEMENT_H
#define ASSAY_MACHINE_PLACEMENT_H

#include <stddef.h>

#include "harness/base/err.h"
#include "harness/machine/topology.h"

enum assay_policy {
	ASSAY_COMPACT,    /* neighbouring cores first, one thread per core before any sibling */
	ASSAY_SPREAD,     /* as far apart as possible */
	ASSAY_SAME_CORE,  /* hardware threads of one core */
	ASSAY_SAME_L3,    /* cores under one last-level cache */
	ASSAY_CROSS_NUMA, /* round-robin over NUMA nodes */
	ASSAY_CPU_LIST,   /* exactly the CPUs given, in order */
};

struct assay_placement {
	enum assay_policy policy;
	const unsigned *list; /* ASSAY_CPU_LIST: n_list CPU numbers; borrowed */
	size_t n_list;
};

/*
 * Parse "compact", "spread", "same-core", "same-l3", "cross-numa", or a list "0-3,8". The list is
 * written to list[capacity], which must outlive *ret.
 */
enum assay_code assay_placement_parse(const char *text, unsigned *list, size_t capacity,
				      struct assay_placement *ret, struct assay_err *err);
const char *assay_policy_name(enum assay_policy policy);

/*
 * Plan `threads` distinct CPUs into cpus[threads] (kernel numbers). ASSAY_SKIP when the machine has
 * no such placement (too few CPUs, one NUMA node, no siblings), with the reason. Pure: works on any
 * topology, live or not.
 */
enum assay_code assay_placement_plan(const struct assay_topology *topology,
				     const struct assay_placement *placement, unsigned threads,
				     unsigned *cpus, struct assay_err *err);

/* Bind the calling thread to these n >= 1 CPUs and read the mask back. ASSAY_EENV when it did not take. */
enum assay_code assay_pin_to_all(const unsigned *cpus, size_t n, struct assay_err *err);
/* Bind the calling thread to one CPU and read the mask back. ASSAY_EENV when it did not take. */
enum assay_code assay_pin_thread(unsigned cpu, struct assay_err *err);
/* Is the calling thread bound to exactly this CPU, and on it? ASSAY_EENV says how not. */
enum assay_code assay_pin_check(unsigned cpu, struct assay_err *err);

#endif
