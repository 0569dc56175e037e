/* SPDX-License-Identifier: MIT */
/*
 * topology: the machine as hwloc sees it: live, from an XML file, or synthetic. Declared facts only;
 * what was measured stands elsewhere, beside them. hwloc is seen by topology.c alone.
 */
#ifndef ASSAY_MACHINE_TOPOLOGY_H
#define ASSAY_MACHINE_TOPOLOGY_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "harness/base/err.h"

struct assay_topology;

/*
 * Load a topology. `spec` is NULL for this machine, "synthetic:<hwloc description>" such as
 * "synthetic:pack:2 numa:4 core:8 pu:2", or the path of an hwloc XML file. Not thread-safe; the
 * result is immutable and may be shared. ASSAY_EPARSE for a malformed spec, ASSAY_EIO for a file.
 */
enum assay_code assay_topology_load(const char *spec, struct assay_topology **ret,
				    struct assay_err *err);
void assay_topology_free(struct assay_topology *topology);

/* Is this the machine we run on (so that pinning has an effect)? */
bool assay_topology_is_live(const struct assay_topology *topology);

/* One processing unit (hardware thread) this process may run on. */
struct assay_pu {
	unsigned os_index;     /* the CPU number the kernel uses */
	unsigned core;         /* logical number of its core, machine-wide */
	unsigned rank_in_core; /* 0 for the first hardware thread of a core */
	unsigned l3;           /* logical number of its last-level cache */
	unsigned numa;         /* the number the kernel uses for its NUMA node */
	unsigned package;      /* logical number of its package */
	int kind; /* hybrid machines: efficiency rank, higher is faster; -1 when uniform */
};
/*
 * All usable PUs in logical order; valid as long as the topology. Of this machine: those that the
 * cgroup and the affinity mask of the calling thread allowed when the topology was loaded. Numbers
 * of cores, caches and packages count the others too.
 */
const struct assay_pu *assay_topology_pus(const struct assay_topology *topology, size_t *ret_n);

struct assay_machine_shape {
	unsigned packages, numa_nodes;
	unsigned cores, pus;                     /* usable ones */
	uint64_t l1d_bytes, l2_bytes, llc_bytes; /* one instance each, 0 when unknown */
	uint64_t line_bytes;
	uint64_t memory_bytes; /* this machine: all the kernel manages; else as declared */
	char cpu_model[96];
};
void assay_topology_shape(const struct assay_topology *topology, struct assay_machine_shape *ret);

/*
 * SHA-256 of the normalised topology: CPU vendor, family, model, stepping, package/NUMA/core/PU
 * tree, cache sizes, memory as installed (rounded up to a sixteenth of a power of two, so that what
 * the kernel keeps for itself does not matter). Equal machines share it, whichever of their CPUs
 * this process may use; host name, MAC, serial numbers are left out.
 */
void assay_topology_fingerprint(const struct assay_topology *topology, uint8_t ret[32]);

/*
 * hwloc XML of the topology without host name, serial numbers and the like; malloc'd,
 * NUL-terminated. ASSAY_SKIP when built without hwloc.
 */
enum assay_code assay_topology_xml(const struct assay_topology *topology, char **ret,
				   struct assay_err *err);
/* One document with packages, caches, NUMA nodes and PUs; new reference. */
json_t *assay_topology_json(const struct assay_topology *topology);
/*
 * What one origin says about a quantity. Origins disagree (a libc may take all of a shared cache for
 * one core's), so each is kept; measured figures stand beside the declared ones.
 */
struct assay_declared {
	const char *what; /* "L3 cache", "memory", "core clock", ... */
	double value;
	const char *unit; /* "B", "Hz" */
	char origin[64];  /* "hwloc 2.9.0", "libc", "/proc/cpuinfo", ... */
};
/* Writes at most `capacity`, equal quantities beside each other; returns how many. Of another machine
 * only what the topology says. Measures nothing itself. */
size_t assay_topology_declared(const struct assay_topology *topology, struct assay_declared *ret,
			       size_t capacity);

/*
 * A headline and an indented tree for people, at most 80 columns; repeated siblings are folded, and
 * the right column shows how CPU numbers are dealt out to them.
 */
enum assay_code assay_topology_print(const struct assay_topology *topology, FILE *out,
				     struct assay_err *err);

#endif
