/* SPDX-License-Identifier: MIT */
/* Topologies that are none: refused with the reason. A program of its own for the sake of leaks. */
#include "harness/machine/topology.h"

#include "tests/machine/fixture.h"
#include "tests/temporary.h"

/* hwloc 2.9 forgets the object it was reading when an XML file ends too early. */
ASSAY_API const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:libhwloc\n";
}

static void bad_synthetic_descriptions_are_refused(void **state)
{
	static const struct {
		const char *spec, *says;
	} bad[] = {
		{"synthetic:", "not a synthetic topology"},
		{"synthetic:foo:1", "'foo:1' is not a synthetic topology"},
		{"synthetic:pack:", "not a synthetic topology"},
		{"synthetic:pack:2 core:-4", "not a synthetic topology"},
		{"synthetic:pack:2 core:4 (", "not a synthetic topology"},
		{"synthetic:core:99999999 pu:2", "at most 65536 make sense"},
		{"synthetic:999 999 999", "at most 65536 make sense"},
		{"synthetic:\033[31mred", "?[31mred"},
	};
	(void)state;
	assay_topology_free(load("synthetic:pu:1"));
	for (size_t i = 0; i < ASSAY_COUNT_OF(bad); i++) {
		struct assay_err err = {0};
		struct assay_topology *topology = NULL;
		enum assay_code code = assay_topology_load(bad[i].spec, &topology, &err);
		if (code == ASSAY_OK)
			fail_msg("'%s' was accepted", bad[i].spec);
		assert_fails(code, ASSAY_EPARSE, bad[i].says);
		assert_null(topology);
	}
}

static void bad_files_are_refused(void **state)
{
	(void)state;
	assay_topology_free(load("synthetic:pu:1"));
	struct assay_err err = {0};
	struct assay_topology *topology = NULL;
	assert_fails(assay_topology_load("/nonexistent.xml", &topology, &err), ASSAY_EIO,
		     "No such file");
	assert_fails(assay_topology_load("/", &topology, &err), ASSAY_EIO, "not an XML file");
	char path[T_PATH];
	int fd = mkstemp(t_path(path, "topology"));
	assert_true(fd >= 0);
	close(fd);
	assert_fails(assay_topology_load(path, &topology, &err), ASSAY_EPARSE, "hwloc");
	static const char *const texts[] = {"<topology", "<topology/>", "<?xml version='1.0'?><a/>",
					    "not xml at all", "\n\n\n"};
	for (size_t i = 0; i < ASSAY_COUNT_OF(texts); i++) {
		write_whole(path, texts[i], strlen(texts[i]));
		assert_fails(assay_topology_load(path, &topology, &err), ASSAY_EPARSE, "hwloc");
	}
	char *whole = read_whole(fixture_path("hybrid.xml"));
	size_t length = strlen(whole);
	for (size_t cut = 1; cut + 20 < length; cut += 1 + length / 40) {
		write_whole(path, whole, cut);
		assert_fails(assay_topology_load(path, &topology, &err), ASSAY_EPARSE, "hwloc");
	}
	free(whole);
	unlink(path);
}

static void refused(const char *text, const char *says)
{
	struct assay_err err = {0};
	struct assay_topology *topology = NULL;
	char path[T_PATH];
	int fd = mkstemp(t_path(path, "topology"));
	assert_true(fd >= 0);
	close(fd);
	write_whole(path, text, strlen(text));
	assert_int_equal(assay_topology_load(path, &topology, &err), ASSAY_EPARSE);
	assert_null(topology);
	assert_true(strstr(err.text, says));
	unlink(path);
}

/* hwloc takes a missing set for granted and ends the process that loads it. */
static void what_hwloc_does_not_survive_is_refused(void **state)
{
	static const char text[] =
		"<?xml version='1.0'?>\n"
		"<topology version='2.0'>\n"
		"<object type='Machine' os_index='0' cpuset='0x3' complete_cpuset='0x3' allowed_cpuset='0x3' nodeset='0x1' complete_nodeset='0x1' allowed_nodeset='0x1' gp_index='1'>\n"
		"<object type='NUMANode' os_index='0' cpuset='0x3' complete_cpuset='0x3' nodeset='0x1' complete_nodeset='0x1' gp_index='4' local_memory='1048576'/>\n"
		"<object type='Core' os_index='0' cpuset='0x3' complete_cpuset='0x3' nodeset='0x1' complete_nodeset='0x1' gp_index='2'>\n"
		"<object type='PU' os_index='0' cpuset='0x1' complete_cpuset='0x1' nodeset='0x1' complete_nodeset='0x1' gp_index='3'/>\n"
		"<object type='PU' os_index='1' cpuset='0x2' nodeset='0x1' complete_nodeset='0x1' gp_index='5'/>\n"
		"</object>\n"
		"</object>\n"
		"</topology>\n";
	assay_topology_free(load("synthetic:pu:1"));
	(void)state;
	refused(text, "hwloc did not survive it");
}

/* A node without a number: hwloc makes room for as many as there are numbers. */
static void what_takes_all_memory_is_refused(void **state)
{
	static const char text[] =
		"<?xml version='1.0'?>\n"
		"<topology version='2.0'>\n"
		"<object type='Machine' os_index='0' cpuset='0x1' complete_cpuset='0x1' allowed_cpuset='0x1' nodeset='0x1' complete_nodeset='0x1' allowed_nodeset='0x1' gp_index='1'>\n"
		"<object type='NUMANode' cpuset='0x1' complete_cpuset='0x1' nodeset='0x1' complete_nodeset='0x1' gp_index='4' local_memory='1048576'/>\n"
		"<object type='PU' os_index='0' cpuset='0x1' complete_cpuset='0x1' nodeset='0x1' complete_nodeset='0x1' gp_index='3'/>\n"
		"</object>\n"
		"</topology>\n";
	assay_topology_free(load("synthetic:pu:1"));
	(void)state;
	refused(text, "MiB to read it");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bad_synthetic_descriptions_are_refused),
		cmocka_unit_test(bad_files_are_refused),
		cmocka_unit_test(what_hwloc_does_not_survive_is_refused),
		cmocka_unit_test(what_takes_all_memory_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
