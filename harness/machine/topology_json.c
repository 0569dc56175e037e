/* SPDX-License-Identifier: MIT */
/* topology_json: the topology as one document, and what each origin declares beside each other. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/json.h"
#include "harness/machine/proc.h"
#include "harness/machine/tree.h"

static json_t *cpus_json(const struct tree_node *node)
{
	struct assay_str cpus = {0};
	tree_cpus(node, &cpus);
	json_t *json = cpus.failed ? NULL : assay_json_text(assay_str_text(&cpus));
	assay_str_done(&cpus);
	return json;
}

static json_t *number_or_null(uint64_t value)
{
	return value ? json_integer((json_int_t)value) : json_null();
}

struct arrays {
	json_t *packages, *numa, *caches, *pus;
};

static void add_numa(json_t *array, const struct tree_node *numa)
{
	json_t *json = json_object();
	json_object_set_new(json, "number", json_integer(numa->os_index));
	json_object_set_new(json, "bytes", number_or_null(numa->bytes));
	json_object_set_new(json, "cpus", cpus_json(numa->parent));
	json_array_append_new(array, json);
}

static void add_cache(json_t *array, const struct tree_node *cache)
{
	json_t *json = json_object();
	json_object_set_new(json, "level", json_integer(cache->level));
	json_object_set_new(json, "bytes", number_or_null(cache->bytes));
	json_object_set_new(json, "line_bytes", number_or_null(cache->line_bytes));
	json_object_set_new(json, "ways",
			    cache->ways > 0   ? json_integer(cache->ways)
			    : cache->ways < 0 ? assay_json_text("full")
					      : json_null());
	json_object_set_new(json, "cpus", cpus_json(cache));
	json_array_append_new(array, json);
}

static void add_package(json_t *array, const struct tree_node *package)
{
	json_t *json = json_object();
	json_object_set_new(json, "number",
			    package->os_index == TREE_UNKNOWN ? json_null()
							      : json_integer(package->os_index));
	json_object_set_new(json, "cpus", cpus_json(package));
	json_array_append_new(array, json);
}

static void add_node(const struct arrays *arrays, const struct tree_node *node)
{
	if (node->type == TREE_PACKAGE)
		add_package(arrays->packages, node);
	else if (node->type == TREE_CACHE)
		add_cache(arrays->caches, node);
	for (const struct tree_node *memory = node->memory; memory; memory = memory->next)
		add_numa(arrays->numa, memory);
	for (const struct tree_node *child = node->children; child; child = child->next)
		add_node(arrays, child);
}

static void add_pus(json_t *array, const struct assay_topology *topology)
{
	for (size_t i = 0; i < topology->n_pus; i++) {
		const struct assay_pu *pu = &topology->pus[i];
		json_t *json = json_object();
		json_object_set_new(json, "cpu", json_integer(pu->os_index));
		json_object_set_new(json, "core", json_integer(pu->core));
		json_object_set_new(json, "rank_in_core", json_integer(pu->rank_in_core));
		json_object_set_new(json, "l3", json_integer(pu->l3));
		json_object_set_new(json, "numa", json_integer(pu->numa));
		json_object_set_new(json, "package", json_integer(pu->package));
		json_object_set_new(json, "kind",
				    pu->kind < 0 ? json_null() : json_integer(pu->kind));
		json_array_append_new(array, json);
	}
}

static json_t *cpu_json(const struct tree_cpu *cpu)
{
	json_t *json = json_object();
	const struct {
		const char *key, *value;
	} fields[] = {
		{"name", cpu->name},   {"vendor", cpu->vendor},     {"family", cpu->family},
		{"model", cpu->model}, {"stepping", cpu->stepping},
	};
	for (size_t i = 0; i < ASSAY_COUNT_OF(fields); i++)
		json_object_set_new(json, fields[i].key,
				    assay_json_text(fields[i].value[0] ? fields[i].value : NULL));
	return json;
}

static json_t *shape_json(const struct assay_topology *topology)
{
	struct assay_machine_shape shape;
	assay_topology_shape(topology, &shape);
	json_t *json = json_object();
	json_object_set_new(json, "packages", json_integer(shape.packages));
	json_object_set_new(json, "numa_nodes", json_integer(shape.numa_nodes));
	json_object_set_new(json, "cores", json_integer(shape.cores));
	json_object_set_new(json, "pus", json_integer(shape.pus));
	json_object_set_new(json, "all_pus", json_integer((json_int_t)topology->n_all_pus));
	json_object_set_new(json, "l1d_bytes", number_or_null(shape.l1d_bytes));
	json_object_set_new(json, "l2_bytes", number_or_null(shape.l2_bytes));
	json_object_set_new(json, "llc_bytes", number_or_null(shape.llc_bytes));
	json_object_set_new(json, "line_bytes", number_or_null(shape.line_bytes));
	json_object_set_new(json, "memory_bytes", number_or_null(shape.memory_bytes));
	return json;
}

static json_t *fingerprint_json(const struct assay_topology *topology)
{
	uint8_t digest[32];
	char text[2 * sizeof(digest) + 1];
	assay_topology_fingerprint(topology, digest);
	for (size_t i = 0; i < sizeof(digest); i++)
		snprintf(text + 2 * i, 3, "%02x", digest[i]);
	return assay_json_text(text);
}

static json_t *declared_json(const struct assay_topology *topology)
{
	struct assay_declared all[16];
	size_t n = assay_topology_declared(topology, all, ASSAY_COUNT_OF(all));
	json_t *array = json_array();
	for (size_t i = 0; i < n; i++) {
		json_t *json = json_object();
		json_object_set_new(json, "what", assay_json_text(all[i].what));
		json_object_set_new(json, "value", assay_json_real(all[i].value));
		json_object_set_new(json, "unit", assay_json_text(all[i].unit));
		json_object_set_new(json, "origin", assay_json_text(all[i].origin));
		json_array_append_new(array, json);
	}
	return array;
}

json_t *assay_topology_json(const struct assay_topology *topology)
{
	struct arrays arrays = {json_array(), json_array(), json_array(), json_array()};
	add_node(&arrays, topology->root);
	add_pus(arrays.pus, topology);
	json_t *json = json_object();
	json_object_set_new(json, "origin", assay_json_text(topology->origin));
	json_object_set_new(json, "live", json_boolean(topology->live));
	json_object_set_new(json, "fingerprint", fingerprint_json(topology));
	json_object_set_new(json, "synthetic", assay_json_text(topology->synthetic));
	json_object_set_new(json, "cpu", cpu_json(&topology->cpu));
	json_object_set_new(json, "shape", shape_json(topology));
	json_object_set_new(json, "declared", declared_json(topology));
	json_object_set_new(json, "packages", arrays.packages);
	json_object_set_new(json, "numa", arrays.numa);
	json_object_set_new(json, "caches", arrays.caches);
	json_object_set_new(json, "pus", arrays.pus);
	return json;
}

/* Declarations being written. */
struct declarations {
	struct assay_declared *all;
	size_t n, capacity;
};

static void declare(struct declarations *d, const char *what, double value, const char *unit,
		    const char *origin)
{
	if (value <= 0 || d->n == d->capacity)
		return;
	struct assay_declared *one = &d->all[d->n++];
	*one = (struct assay_declared){.what = what, .value = value, .unit = unit};
	assay_copy(one->origin, sizeof(one->origin), origin);
}

static void declare_libc(struct declarations *d, const char *what, int name)
{
	declare(d, what, (double)sysconf(name), "B", "libc");
}

static void declare_caches(struct declarations *d, const struct assay_topology *topology)
{
	struct assay_machine_shape shape;
	assay_topology_shape(topology, &shape);
	declare(d, "L1d cache", (double)shape.l1d_bytes, "B", topology->origin);
	if (topology->live)
		declare_libc(d, "L1d cache", _SC_LEVEL1_DCACHE_SIZE);
	declare(d, "L2 cache", (double)shape.l2_bytes, "B", topology->origin);
	if (topology->live)
		declare_libc(d, "L2 cache", _SC_LEVEL2_CACHE_SIZE);
	declare(d, "last cache", (double)shape.llc_bytes, "B", topology->origin);
	if (topology->live && shape.llc_bytes > shape.l2_bytes)
		declare_libc(d, "last cache", _SC_LEVEL3_CACHE_SIZE);
	declare(d, "cache line", (double)shape.line_bytes, "B", topology->origin);
}

static void add_up_memory(const struct tree_node *node, double *bytes)
{
	for (const struct tree_node *memory = node->memory; memory; memory = memory->next)
		*bytes += (double)memory->bytes;
	for (const struct tree_node *child = node->children; child; child = child->next)
		add_up_memory(child, bytes);
}

/* Clock rates by their several names, none of which need be the one the core runs at. */
static void declare_clock(struct declarations *d)
{
	static const struct {
		const char *path, *origin;
	} files[] = {
		{"/sys/devices/system/cpu/cpu0/cpufreq/base_frequency", "cpufreq base_frequency"},
		{"/sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq",
		 "cpufreq cpuinfo_max_freq"},
	};
	for (size_t i = 0; i < ASSAY_COUNT_OF(files); i++) {
		uint64_t khz;
		if (proc_read_u64("", files[i].path, &khz, NULL))
			declare(d, "core clock", (double)khz * 1e3, "Hz", files[i].origin);
	}
	ASSAY_AUTO_FREE char *cpuinfo = proc_read("", "/proc/cpuinfo", NULL);
	ASSAY_AUTO_FREE char *mhz = cpuinfo ? proc_field(cpuinfo, "cpu MHz", ':') : NULL;
	if (mhz)
		declare(d, "core clock", strtod(mhz, NULL) * 1e6, "Hz", "/proc/cpuinfo");
}

size_t assay_topology_declared(const struct assay_topology *topology, struct assay_declared *ret,
			       size_t capacity)
{
	struct declarations d = {ret, 0, capacity};
	declare_caches(&d, topology);
	double nodes = 0;
	add_up_memory(topology->root, &nodes);
	if (topology->live) {
		declare(&d, "memory", (double)sysfs_memory_bytes(""), "B", "/proc/meminfo");
		declare(&d, "memory", nodes, "B", topology->origin);
		declare_clock(&d);
	} else {
		declare(&d, "memory", (double)topology->memory_bytes, "B", topology->origin);
	}
	return d.n;
}
