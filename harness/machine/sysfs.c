/* SPDX-License-Identifier: MIT */
/* sysfs: the topology as the kernel shows it in /sys and /proc, for builds without hwloc. */
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/parse.h"
#include "harness/machine/proc.h"
#include "harness/machine/tree.h"

enum { MOST_CPUS = 8192, MOST_LEVELS = 5 };

static void copy_field(char *to, size_t size, const char *text, const char *key)
{
	ASSAY_AUTO_FREE char *value = to[0] ? NULL : proc_field(text, key, ':');
	if (value)
		assay_copy(to, size, value);
}

void sysfs_cpu(const char *root, struct tree_cpu *ret)
{
	*ret = (struct tree_cpu){0};
	ASSAY_AUTO_FREE char *text = proc_read(root, "/proc/cpuinfo", NULL);
	if (!text)
		return;
	copy_field(ret->vendor, sizeof(ret->vendor), text, "vendor_id");
	copy_field(ret->vendor, sizeof(ret->vendor), text, "CPU implementer");
	copy_field(ret->family, sizeof(ret->family), text, "cpu family");
	copy_field(ret->family, sizeof(ret->family), text, "CPU architecture");
	copy_field(ret->model, sizeof(ret->model), text, "model");
	copy_field(ret->model, sizeof(ret->model), text, "CPU part");
	copy_field(ret->stepping, sizeof(ret->stepping), text, "stepping");
	copy_field(ret->stepping, sizeof(ret->stepping), text, "CPU revision");
	copy_field(ret->name, sizeof(ret->name), text, "model name");
}

uint64_t sysfs_memory_bytes(const char *root)
{
	ASSAY_AUTO_FREE char *text = proc_read(root, "/proc/meminfo", NULL);
	ASSAY_AUTO_FREE char *value = text ? proc_field(text, "MemTotal", ':') : NULL;
	return value ? (uint64_t)strtoull(value, NULL, 10) * 1024 : 0;
}

/* The number in /sys/devices/system/cpu/cpu<cpu>/<file>; `otherwise` when there is none. */
static unsigned cpu_number(const char *root, unsigned cpu, const char *file, unsigned otherwise)
{
	char path[192];
	uint64_t value;
	snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%u/%s", cpu, file);
	bool ok = proc_read_u64(root, path, &value, NULL) && value < UINT_MAX;
	return ok ? (unsigned)value : otherwise;
}

/* NUMA node of a CPU: its folder holds a link `node<N>`. */
static unsigned cpu_node(const char *root, unsigned cpu)
{
	char path[64];
	size_t n;
	snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%u", cpu);
	char **names = proc_list(root, path, "node", &n, NULL);
	unsigned node = names && n ? (unsigned)strtoul(names[0] + 4, NULL, 10) : 0;
	proc_list_free(names, n);
	return node;
}

struct cache {
	unsigned level;
	unsigned first_cpu; /* lowest CPU that shares it: the same for all of them */
	uint64_t bytes;
	unsigned line_bytes;
	int ways;
};

/* One cache folder of a CPU; false when there is none or it holds instructions. */
static bool read_cache(const char *root, unsigned cpu, unsigned index, struct cache *ret)
{
	char path[96];
	snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%u/cache/index%u/type", cpu,
		 index);
	ASSAY_AUTO_FREE char *type = proc_read_line(root, path, NULL);
	if (!type || strcmp(type, "Instruction") == 0)
		return false;
	snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%u/cache/index%u/shared_cpu_list",
		 cpu, index);
	ASSAY_AUTO_FREE char *shared = proc_read_line(root, path, NULL);
	*ret = (struct cache){.first_cpu = shared ? (unsigned)strtoul(shared, NULL, 10) : cpu};
	snprintf(path, sizeof(path), "cache/index%u/level", index);
	ret->level = cpu_number(root, cpu, path, 0);
	snprintf(path, sizeof(path), "cache/index%u/coherency_line_size", index);
	ret->line_bytes = cpu_number(root, cpu, path, 0);
	snprintf(path, sizeof(path), "cache/index%u/ways_of_associativity", index);
	ret->ways = (int)cpu_number(root, cpu, path, 0);
	snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%u/cache/index%u/size", cpu,
		 index);
	return proc_read_u64(root, path, &ret->bytes, NULL) && ret->level >= 1 &&
	       ret->level <= MOST_LEVELS;
}

/* The child of `parent` with that type, level and number, made when it is not there yet. */
static struct tree_node *child(struct tree_node *parent, enum tree_type type, unsigned level,
			       unsigned number)
{
	if (!parent)
		return NULL;
	for (struct tree_node *node = parent->children; node; node = node->next)
		if (node->type == type && node->level == level && node->os_index == number)
			return node;
	struct tree_node *node = tree_add(parent, type, number);
	if (node)
		node->level = level;
	return node;
}

static struct tree_node *cache_child(struct tree_node *parent, const struct cache *cache)
{
	struct tree_node *node = child(parent, TREE_CACHE, cache->level, cache->first_cpu);
	if (node) {
		node->bytes = cache->bytes;
		node->line_bytes = cache->line_bytes;
		node->ways = cache->ways;
	}
	return node;
}

/* Down through the caches of one CPU, largest first. */
static struct tree_node *cache_path(const char *root, unsigned cpu, struct tree_node *node)
{
	enum { MOST_INDEXES = 8 };
	struct cache caches[MOST_LEVELS + 1] = {0};
	for (unsigned index = 0; index < MOST_INDEXES; index++) {
		struct cache cache;
		if (read_cache(root, cpu, index, &cache))
			caches[cache.level] = cache;
	}
	for (unsigned level = MOST_LEVELS; level >= 1; level--)
		if (caches[level].level)
			node = cache_child(node, &caches[level]);
	return node;
}

static enum assay_code add_cpu(const char *root, unsigned cpu, bool usable, bool several_nodes,
			       struct tree_node *machine, struct assay_err *err)
{
	unsigned package = cpu_number(root, cpu, "topology/physical_package_id", 0);
	struct tree_node *node = child(machine, TREE_PACKAGE, 0, package);
	if (several_nodes)
		node = child(node, TREE_GROUP, 0, cpu_node(root, cpu));
	node = cache_path(root, cpu, node);
	node = child(node, TREE_CORE, 0, cpu_number(root, cpu, "topology/core_id", cpu));
	node = child(node, TREE_PU, 0, cpu);
	if (!node)
		return assay_fail(err, ASSAY_ENOMEM, "topology: out of memory");
	node->usable = usable;
	return ASSAY_OK;
}

static uint64_t node_memory(const char *root, unsigned number)
{
	char path[64], key[32];
	snprintf(path, sizeof(path), "/sys/devices/system/node/node%u/meminfo", number);
	snprintf(key, sizeof(key), "Node %u MemTotal", number);
	ASSAY_AUTO_FREE char *text = proc_read(root, path, NULL);
	ASSAY_AUTO_FREE char *value = text ? proc_field(text, key, ':') : NULL;
	return value ? (uint64_t)strtoull(value, NULL, 10) * 1024 : 0;
}

/* Hang memory where its CPUs are: one node belongs to the whole machine. */
static enum assay_code add_memory(const char *root, struct tree_node *machine, bool several_nodes,
				  struct assay_err *err)
{
	if (!several_nodes) {
		struct tree_node *numa = tree_add(machine, TREE_NUMA, 0);
		if (!numa)
			return assay_fail(err, ASSAY_ENOMEM, "topology: out of memory");
		uint64_t bytes = node_memory(root, 0);
		numa->bytes = bytes ? bytes : sysfs_memory_bytes(root);
		return ASSAY_OK;
	}
	for (struct tree_node *package = machine->children; package; package = package->next) {
		for (struct tree_node *group = package->children; group; group = group->next) {
			struct tree_node *numa = tree_add(group, TREE_NUMA, group->os_index);
			if (!numa)
				return assay_fail(err, ASSAY_ENOMEM, "topology: out of memory");
			numa->bytes = node_memory(root, group->os_index);
		}
	}
	return ASSAY_OK;
}

/* The affinity mask of this thread; elsewhere, and when it cannot be read, every CPU is usable. */
static void usable_cpus(const char *root, cpu_set_t *set, size_t size)
{
	CPU_ZERO_S(size, set);
	if (root[0] || sched_getaffinity(0, size, set) != 0)
		memset(set, 0xff, size);
}

enum assay_code sysfs_topology_load(const char *root, struct assay_topology *ret,
				    struct assay_err *err)
{
	size_t size = CPU_ALLOC_SIZE(MOST_CPUS), n = 0, n_nodes = 0;
	unsigned *cpus = calloc(MOST_CPUS, sizeof(*cpus));
	cpu_set_t *usable = CPU_ALLOC(MOST_CPUS);
	ASSAY_AUTO_FREE char *online = proc_read_line(root, "/sys/devices/system/cpu/online", NULL);
	char **nodes = proc_list(root, "/sys/devices/system/node", "node", &n_nodes, NULL);
	bool several_nodes = nodes && n_nodes > 1;
	proc_list_free(nodes, n_nodes);
	ret->root = tree_add(NULL, TREE_MACHINE, TREE_UNKNOWN);
	enum assay_code rc = ASSAY_OK;
	if (!cpus || !usable || !ret->root)
		rc = assay_fail(err, ASSAY_ENOMEM, "topology: out of memory");
	if (rc == ASSAY_OK)
		rc = assay_parse_cpus(online ? online : "0", cpus, MOST_CPUS, &n, err);
	if (rc == ASSAY_OK)
		usable_cpus(root, usable, size);
	for (size_t i = 0; rc == ASSAY_OK && i < n; i++)
		rc = add_cpu(root, cpus[i], CPU_ISSET_S(cpus[i], size, usable), several_nodes,
			     ret->root, err);
	if (rc == ASSAY_OK)
		rc = add_memory(root, ret->root, several_nodes, err);
	if (usable)
		CPU_FREE(usable);
	free(cpus);
	ret->live = root[0] == '\0';
	sysfs_cpu(root, &ret->cpu);
	ret->memory_bytes = sysfs_memory_bytes(root);
	assay_copy(ret->origin, sizeof(ret->origin), "sysfs");
	return rc;
}
