/* SPDX-License-Identifier: MIT */
/* numa_nodes: which memory is near to a CPU and which is far, and getting some of it. */
#ifndef ASSAY_SUITES_MEMORY_NUMA_NODES_H
#define ASSAY_SUITES_MEMORY_NUMA_NODES_H

#include "suites/memory/pages.h"

struct numa_pair {
	unsigned local, remote; /* nodes: the CPU's own, and the farthest from it */
	unsigned local_distance, remote_distance; /* as the firmware states them: 10 is local */
};

/*
 * Nodes of CPU `cpu` by the folder `sys` (normally "/sys/devices/system/node"). ASSAY_SKIP when there is
 * only one node with memory, or the folder does not say.
 */
enum assay_code numa_find(const char *sys, unsigned cpu, struct numa_pair *ret,
			  struct assay_err *err);

/* Pages not touched yet shall come from `node` and nowhere else. ASSAY_SKIP when the kernel refuses. */
enum assay_code numa_bind(const struct pages *pages, unsigned node, struct assay_err *err);

#endif
