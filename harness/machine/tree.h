/* SPDX-License-Identifier: MIT */
/*
 * tree: the topology in our own form, whoever read it: hwloc (topology.c) or sysfs (sysfs.c). All
 * that is computed, printed or hashed about a machine is computed from this.
 */
#ifndef ASSAY_MACHINE_TREE_H
#define ASSAY_MACHINE_TREE_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "harness/base/str.h"
#include "harness/machine/topology.h"

#define TREE_UNKNOWN UINT_MAX

enum tree_type {
	TREE_MACHINE,
	TREE_GROUP, /* says nothing by itself; carries memory where a package has several nodes */
	TREE_PACKAGE,
	TREE_DIE,
	TREE_NUMA,
	TREE_CACHE, /* data or unified */
	TREE_CORE,
	TREE_PU,
};

struct tree_node {
	enum tree_type type;
	unsigned level;      /* of a cache: 1 to 5 */
	unsigned os_index;   /* the kernel's number, or TREE_UNKNOWN */
	uint64_t bytes;      /* of a cache or a NUMA node; 0 unknown */
	unsigned line_bytes; /* of a cache */
	int ways;            /* of a cache: 0 unknown, -1 fully associative */
	int kind;            /* of a PU: as in struct assay_pu */
	bool usable;         /* of a PU: this process may run on it */
	struct tree_node *parent, *children, *last, *next;
	struct tree_node *memory; /* NUMA nodes that belong here, chained by `next` */
};

/* What the processor calls itself; empty texts when nobody says. */
struct tree_cpu {
	char vendor[32], family[16], model[16], stepping[16];
	char name[96];
};

struct assay_topology {
	struct tree_node *root;
	struct tree_cpu cpu;
	bool live;
	char origin[64];       /* "hwloc 2.9.0", "sysfs" */
	uint64_t memory_bytes; /* total; of this machine: what the kernel manages */
	struct assay_pu *pus;  /* the usable ones */
	size_t n_pus;
	size_t n_all_pus;
	unsigned cores; /* with at least one usable PU */
	unsigned packages, numa_nodes;
	char *synthetic; /* hwloc's one-line description; NULL when it has none */
	void *native;    /* hwloc_topology_t, for the XML */
};

/* A new last child (or NUMA node, by type) of `parent`; NULL: out of memory. */
struct tree_node *tree_add(struct tree_node *parent, enum tree_type type, unsigned os_index);
void tree_free(struct tree_node *node);

/* Fill pus and counts from the tree. ASSAY_EENV when no PU is usable. */
enum assay_code tree_finish(struct assay_topology *topology, struct assay_err *err);

/* Same shape: type, sizes and everything below, whatever the numbers. */
bool tree_equal(const struct tree_node *a, const struct tree_node *b);

/* Visit the PUs under `node` in logical order. */
void tree_each_pu(const struct tree_node *node,
		  void (*visit)(const struct tree_node *pu, void *state), void *state);

/* NUMA node a PU belongs to: the first one of the nearest ancestor that has any; NULL none. */
const struct tree_node *tree_numa_of(const struct tree_node *pu);

/* "0-3,8": the kernel's numbers of the PUs under `node`. */
void tree_cpus(const struct tree_node *node, struct assay_str *ret);

/*
 * Memory as installed, from what a kernel leaves of it: up to the next sixteenth of the power of two
 * above, at least 1 GiB. Installed sizes lie on that grid, and what the firmware and the kernel
 * keep for themselves (1 to 3 %, different from version to version) stays below one step.
 */
uint64_t tree_installed_bytes(uint64_t bytes);

/* The tree of this machine from root + /sys and /proc, without hwloc. */
enum assay_code sysfs_topology_load(const char *root, struct assay_topology *ret,
				    struct assay_err *err);
/* Vendor, family, ... from /proc/cpuinfo, and the memory the kernel manages; 0 unknown. */
void sysfs_cpu(const char *root, struct tree_cpu *ret);
uint64_t sysfs_memory_bytes(const char *root);

#endif
