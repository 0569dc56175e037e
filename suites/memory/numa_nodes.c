/* SPDX-License-Identifier: MIT */
/* numa_nodes: reading the kernel's list of nodes, and binding memory to one. */
#include "suites/memory/numa_nodes.h"

#include <errno.h>
#include <linux/mempolicy.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "harness/base/parse.h"

enum { MOST_NODES = 1024, MOST_CPUS = 8192 };

/* First line of sys/name, without the newline; false when it cannot be read. */
static bool read_line(const char *sys, const char *name, char *text, size_t size)
{
	char path[512];

	if ((size_t)snprintf(path, sizeof(path), "%s/%s", sys, name) >= sizeof(path))
		return false;
	FILE *file = fopen(path, "re");
	if (!file)
		return false;
	bool got = fgets(text, (int)size, file) != NULL;
	fclose(file);
	if (got)
		text[strcspn(text, "\n")] = '\0';
	return got;
}

/* The numbers of a list such as "0-3,8" in sys/name; 0 when there are none. */
static size_t read_list(const char *sys, const char *name, unsigned *list, size_t most)
{
	char text[8192];
	size_t n = 0;

	if (!read_line(sys, name, text, sizeof(text)) ||
	    assay_parse_cpus(text, list, most, &n, NULL) != ASSAY_OK)
		return 0;
	return n;
}

static bool node_has(const char *sys, unsigned node, unsigned cpu, unsigned *list)
{
	char name[64];

	snprintf(name, sizeof(name), "node%u/cpulist", node);
	size_t n = read_list(sys, name, list, MOST_CPUS);
	for (size_t i = 0; i < n; i++)
		if (list[i] == cpu)
			return true;
	return false;
}

/* Distances from node `from` to the online nodes, in their order; how many. */
static size_t read_distances(const char *sys, unsigned from, unsigned *distance)
{
	char name[64], text[8192], *cursor = text;
	size_t n = 0;

	snprintf(name, sizeof(name), "node%u/distance", from);
	if (!read_line(sys, name, text, sizeof(text)))
		return 0;
	for (const char *word; n < MOST_NODES && (word = strsep(&cursor, " "));) {
		uint64_t value;
		if (!*word)
			continue;
		if (assay_parse_u64(word, 1, 255, &value, NULL) != ASSAY_OK)
			return 0;
		distance[n++] = (unsigned)value;
	}
	return n;
}

static bool listed(const unsigned *list, size_t n, unsigned node)
{
	for (size_t i = 0; i < n; i++)
		if (list[i] == node)
			return true;
	return false;
}

static enum assay_code choose(const char *sys, unsigned local, struct numa_pair *ret,
			      struct assay_err *err)
{
	unsigned online[MOST_NODES], memory[MOST_NODES], distance[MOST_NODES];
	size_t n = read_list(sys, "online", online, MOST_NODES);
	size_t with_memory = read_list(sys, "has_memory", memory, MOST_NODES);

	*ret = (struct numa_pair){.local = local, .remote = local};
	if (with_memory < 2)
		return assay_fail(err, ASSAY_SKIP,
				  "not applicable: this machine has one NUMA node");
	if (read_distances(sys, local, distance) != n)
		return assay_fail(err, ASSAY_SKIP, "%s/node%u/distance does not name %zu nodes",
				  sys, local, n);
	for (size_t i = 0; i < n; i++) {
		if (online[i] == local)
			ret->local_distance = distance[i];
		else if (listed(memory, with_memory, online[i]) &&
			 distance[i] > ret->remote_distance) {
			ret->remote = online[i];
			ret->remote_distance = distance[i];
		}
	}
	if (!listed(memory, with_memory, local))
		return assay_fail(err, ASSAY_SKIP, "the node of this CPU has no memory of its own");
	return ASSAY_OK;
}

enum assay_code numa_find(const char *sys, unsigned cpu, struct numa_pair *ret,
			  struct assay_err *err)
{
	unsigned online[MOST_NODES];
	size_t n = read_list(sys, "online", online, MOST_NODES);
	unsigned *list = malloc(MOST_CPUS * sizeof(*list));
	size_t at = 0;

	if (!list)
		return assay_fail(err, ASSAY_ENOMEM, "no memory for a list of CPUs");
	while (at < n && !node_has(sys, online[at], cpu, list))
		at++;
	free(list);
	if (n < 2)
		return assay_fail(err, ASSAY_SKIP,
				  "not applicable: this machine has one NUMA node");
	if (at == n)
		return assay_fail(err, ASSAY_SKIP, "%s does not say which node CPU %u belongs to",
				  sys, cpu);
	return choose(sys, online[at], ret, err);
}

enum assay_code numa_bind(const struct pages *pages, unsigned node, struct assay_err *err)
{
	enum { BITS = 8 * sizeof(unsigned long) };
	unsigned long mask[MOST_NODES / BITS + 1] = {0};

	mask[node / BITS] = 1ul << node % BITS;
	if (syscall(SYS_mbind, pages->base, pages->bytes, MPOL_BIND, mask, MOST_NODES, 0) != 0)
		return assay_fail(err, ASSAY_SKIP, "bind memory to node %u: %s", node,
				  strerror(errno));
	return ASSAY_OK;
}
