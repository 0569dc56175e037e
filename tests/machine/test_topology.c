/* SPDX-License-Identifier: MIT */
/* Loading, shape, fingerprint, XML, JSON and text of topologies: this machine's and others. */
#include "harness/machine/topology.h"

#include "harness/machine/tree.h"
#include "tests/machine/fixture.h"
#include "tests/temporary.h"

static void shapes_are_read_right(void **state)
{
	(void)state;
	struct assay_machine_shape shape;
	struct assay_topology *topology = load(CORES_256);
	assay_topology_shape(topology, &shape);
	assert_int_equal(shape.packages, 2);
	assert_int_equal(shape.numa_nodes, 8);
	assert_int_equal(shape.cores, 256);
	assert_int_equal(shape.pus, 512);
	assert_false(assay_topology_is_live(topology));
	size_t n;
	const struct assay_pu *pus = assay_topology_pus(topology, &n);
	assert_int_equal(n, 512);
	assert_int_equal(pus[511].core, 255);
	assert_int_equal(pus[511].rank_in_core, 1);
	assert_int_equal(pus[511].l3, 31);
	assert_int_equal(pus[511].numa, 7);
	assert_int_equal(pus[511].package, 1);
	assert_int_equal(pus[511].kind, -1);
	assay_topology_free(topology);
}

static void hybrid_kinds_and_sizes_come_from_xml(void **state)
{
	(void)state;
	struct assay_machine_shape shape;
	struct assay_topology *topology = load(fixture_path("hybrid.xml"));
	assay_topology_shape(topology, &shape);
	assert_int_equal(shape.cores, 12);
	assert_int_equal(shape.pus, 16);
	assert_int_equal(shape.l1d_bytes, 48 << 10);
	assert_int_equal(shape.l2_bytes, 2 << 20);
	assert_int_equal(shape.llc_bytes, 30 << 20);
	assert_int_equal(shape.line_bytes, 64);
	assert_true(shape.memory_bytes == 32ull << 30);
	assert_string_equal(shape.cpu_model, "Hybrid test processor");
	size_t n;
	const struct assay_pu *pus = assay_topology_pus(topology, &n);
	assert_int_equal(pus[0].kind, 1);
	assert_int_equal(pus[7].kind, 1);
	assert_int_equal(pus[8].kind, 0);
	assert_int_equal(pus[8].os_index, 8);
	assert_int_equal(pus[9].os_index, 10);
	assay_topology_free(topology);
}

static void fingerprint_of(const char *spec, uint8_t ret[32])
{
	struct assay_topology *topology = load(spec);
	assay_topology_fingerprint(topology, ret);
	assay_topology_free(topology);
}

static void fingerprints_ignore_names_and_see_sizes(void **state)
{
	(void)state;
	uint8_t base[32], other[32];
	fingerprint_of(fixture_path("hybrid.xml"), base);
	fingerprint_of(fixture_path("hybrid.xml"), other);
	assert_memory_equal(base, other, sizeof(base));
	static const struct {
		const char *from, *to;
		bool same;
	} changes[] = {
		{"name=\"HostName\" value=\"fixture\"", "name=\"HostName\" value=\"else\"", true},
		{"value=\"S1234\"", "value=\"S5678\"", true},
		{"Hybrid test processor", "Hybrid test processor @ 3 GHz", true},
		{"local_memory=\"34359738368\"", "local_memory=\"33900000000\"", true},
		{"local_memory=\"34359738368\"", "local_memory=\"68719476736\"", false},
		{"cache_size=\"31457280\"", "cache_size=\"37748736\"", false},
		{"cache_size=\"49152\"", "cache_size=\"32768\"", false},
		{"name=\"CPUStepping\" value=\"1\"", "name=\"CPUStepping\" value=\"2\"", false},
		{"GenuineIntel", "AuthenticAMD", false},
	};
	char *whole = read_whole(fixture_path("hybrid.xml"));
	char path[T_PATH];
	int fd = mkstemp(t_path(path, "topology"));
	assert_true(fd >= 0);
	close(fd);
	for (size_t i = 0; i < ASSAY_COUNT_OF(changes); i++) {
		char *changed = replaced(whole, changes[i].from, changes[i].to);
		write_whole(path, changed, strlen(changed));
		fingerprint_of(path, other);
		if ((memcmp(base, other, sizeof(base)) == 0) != changes[i].same)
			fail_msg("%s -> %s: fingerprint %s", changes[i].from, changes[i].to,
				 changes[i].same ? "changed" : "stayed");
		free(changed);
	}
	free(whole);
	unlink(path);
}

static void fingerprints_tell_shapes_apart(void **state)
{
	static const char *const machines[] = {
		TWO_SOCKETS,
		EIGHT_NUMA,
		CORES_256,
		"synthetic:pack:1 numa:1 l3:1 core:8 pu:2",
		"synthetic:pack:2 numa:1 l3:1 core:8 pu:1",
		"synthetic:pack:2 numa:1 l3:2 core:2 pu:2",
		"synthetic:pack:1 numa:2 l3:1 core:4 pu:2",
	};
	enum { N = ASSAY_COUNT_OF(machines) };
	(void)state;
	uint8_t prints[N][32];
	for (size_t i = 0; i < N; i++) {
		fingerprint_of(machines[i], prints[i]);
		for (size_t j = 0; j < i; j++)
			assert_memory_not_equal(prints[i], prints[j], 32);
	}
}

static void this_machine_survives_the_way_through_xml(void **state)
{
	(void)state;
	struct assay_err err = {0};
	struct assay_topology *live = load(NULL);
	char *xml = NULL;
	enum assay_code code = assay_topology_xml(live, &xml, &err);
	if (code == ASSAY_SKIP) {
		assert_non_null(strstr(err.text, "this build has none"));
		assay_topology_free(live);
		skip();
	}
	assert_ok(code);
	static const char *const private[] = {"HostName", "ProcessName", "LinuxCgroup", "Serial",
					      "UUID"};
	for (size_t i = 0; i < ASSAY_COUNT_OF(private); i++)
		assert_null(strstr(xml, private[i]));
	char path[T_PATH];
	int fd = mkstemp(t_path(path, "topology"));
	assert_true(fd >= 0);
	close(fd);
	write_whole(path, xml, strlen(xml));
	free(xml);
	uint8_t before[32], after[32];
	assay_topology_fingerprint(live, before);
	fingerprint_of(path, after);
	assert_memory_equal(before, after, sizeof(before));
	unlink(path);
	assay_topology_free(live);
}

static void exports_leave_private_facts_out(void **state)
{
	(void)state;
	struct assay_err err = {0};
	struct assay_topology *topology = load(fixture_path("hybrid.xml"));
	char *xml = NULL;
	assert_ok(assay_topology_xml(topology, &xml, &err));
	assert_null(strstr(xml, "fixture"));
	assert_null(strstr(xml, "S1234"));
	assert_non_null(strstr(xml, "Hybrid test processor"));
	free(xml);
	assay_topology_free(topology);
}

/* hwloc and the replacement for builds without it agree about this machine. */
static void sysfs_and_hwloc_agree(void **state)
{
	(void)state;
	struct assay_err err = {0};
	struct assay_topology sysfs = {0}, *live = load(NULL);
	assert_ok(sysfs_topology_load("", &sysfs, &err));
	assert_ok(tree_finish(&sysfs, &err));
	struct assay_machine_shape a, b;
	assay_topology_shape(live, &a);
	assay_topology_shape(&sysfs, &b);
	assert_int_equal(a.packages, b.packages);
	assert_int_equal(a.numa_nodes, b.numa_nodes);
	assert_int_equal(a.cores, b.cores);
	assert_int_equal(a.pus, b.pus);
	assert_int_equal(a.l1d_bytes, b.l1d_bytes);
	assert_int_equal(a.l2_bytes, b.l2_bytes);
	assert_int_equal(a.llc_bytes, b.llc_bytes);
	assert_true(a.memory_bytes == b.memory_bytes);
	tree_free(sysfs.root);
	free(sysfs.pus);
	assay_topology_free(live);
}

static char *printed(const struct assay_topology *topology)
{
	struct assay_err err = {0};
	char *text = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);
	assert_non_null(out);
	assert_ok(assay_topology_print(topology, out, &err));
	fclose(out);
	return text;
}

static void the_tree_is_short_and_narrow(void **state)
{
	static const char *const machines[] = {TWO_SOCKETS, EIGHT_NUMA, CORES_256,
					       "synthetic:pack:4 l3:8 l2:8 l1d:1 core:1 pu:4"};
	(void)state;
	for (size_t i = 0; i < ASSAY_COUNT_OF(machines); i++) {
		struct assay_topology *topology = load(machines[i]);
		char *text = printed(topology), *rest = text;
		size_t lines = 0;
		for (char *line; (line = strsep(&rest, "\n")); lines++)
			if (strlen(line) > 80)
				fail_msg("wider than 80: %s", line);
		assert_in_range(lines, 4, 10);
		free(text);
		assay_topology_free(topology);
	}
}

static void the_tree_folds_equal_siblings(void **state)
{
	(void)state;
	struct assay_topology *topology = load(CORES_256);
	char *text = printed(topology);
	assert_non_null(strstr(text, "2 packages, 8 NUMA nodes, 256 cores, 512 hardware threads"));
	assert_non_null(strstr(text, "\n2 x package "));
	assert_non_null(strstr(text, "\n  4 x NUMA node "));
	assert_non_null(strstr(text, "\n      8 x 2-thread core "));
	assert_non_null(strstr(text, " 0-255 256-511\n"));
	free(text);
	assay_topology_free(topology);
	topology = load(fixture_path("hybrid.xml"));
	text = printed(topology);
	assert_non_null(strstr(text, "4 x L2 2 MiB, L1d 48 KiB, 2-thread core, kind 1"));
	assert_non_null(strstr(text, "8 x L2 2 MiB, L1d 48 KiB, core, kind 0"));
	assert_non_null(strstr(text, "8 10 12"));
	free(text);
	assay_topology_free(topology);
}

static void json_holds_every_object(void **state)
{
	(void)state;
	struct assay_topology *topology = load(EIGHT_NUMA);
	json_t *json = assay_topology_json(topology);
	assert_non_null(json);
	assert_int_equal(json_array_size(json_object_get(json, "packages")), 2);
	assert_int_equal(json_array_size(json_object_get(json, "numa")), 8);
	assert_int_equal(json_array_size(json_object_get(json, "caches")), 8);
	assert_int_equal(json_array_size(json_object_get(json, "pus")), 64);
	json_t *numa = json_array_get(json_object_get(json, "numa"), 7);
	assert_string_equal(json_string_value(json_object_get(numa, "cpus")), "56-63");
	assert_int_equal(strlen(json_string_value(json_object_get(json, "fingerprint"))), 64);
	json_decref(json);
	assay_topology_free(topology);
}

static void declarations_name_their_origin(void **state)
{
	(void)state;
	struct assay_declared all[24];
	struct assay_topology *topology = load(NULL);
	size_t n = assay_topology_declared(topology, all, ASSAY_COUNT_OF(all));
	assert_true(n > 0);
	bool memory = false;
	for (size_t i = 0; i < n; i++) {
		assert_true(all[i].value > 0 && all[i].origin[0]);
		memory |= strcmp(all[i].what, "memory") == 0 &&
			  strcmp(all[i].origin, "/proc/meminfo") == 0;
	}
	assert_true(memory);
	assert_int_equal(assay_topology_declared(topology, all, 1), 1);
	assay_topology_free(topology);
}

static void installed_memory_absorbs_what_kernels_keep(void **state)
{
	(void)state;
	const uint64_t gib = 1ull << 30, mib = 1ull << 20;
	assert_true(tree_installed_bytes(0) == 0);
	assert_true(tree_installed_bytes(1) == gib);
	assert_true(tree_installed_bytes(7900 * mib) == 8 * gib);
	assert_true(tree_installed_bytes(24105 * mib) == 24 * gib);
	assert_true(tree_installed_bytes(24 * gib) == 24 * gib);
	assert_true(tree_installed_bytes(1007 * gib) == 1024 * gib);
	assert_true(tree_installed_bytes(376 * gib) == 384 * gib);
}

static void without_hwloc_specs_are_skipped_with_the_reason(void **state)
{
	(void)state;
	struct assay_err err = {0};
	struct assay_topology *topology = NULL;
	enum assay_code code = assay_topology_load("synthetic:pu:1", &topology, &err);
	if (code == ASSAY_SKIP)
		assert_non_null(strstr(err.text, "need hwloc, and this build has none"));
	else
		assert_ok(code);
	assay_topology_free(topology);
	assay_topology_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_hwloc_specs_are_skipped_with_the_reason),
		cmocka_unit_test(shapes_are_read_right),
		cmocka_unit_test(hybrid_kinds_and_sizes_come_from_xml),
		cmocka_unit_test(fingerprints_ignore_names_and_see_sizes),
		cmocka_unit_test(fingerprints_tell_shapes_apart),
		cmocka_unit_test(this_machine_survives_the_way_through_xml),
		cmocka_unit_test(exports_leave_private_facts_out),
		cmocka_unit_test(sysfs_and_hwloc_agree),
		cmocka_unit_test(the_tree_is_short_and_narrow),
		cmocka_unit_test(the_tree_folds_equal_siblings),
		cmocka_unit_test(json_holds_every_object),
		cmocka_unit_test(declarations_name_their_origin),
		cmocka_unit_test(installed_memory_absorbs_what_kernels_keep),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
