/* SPDX-License-Identifier: MIT */
/* test_numa: the near and the far node are read from the kernel's folder, and one node is not applicable. */
#include "tests/t.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "suites/memory/numa_nodes.h"

/* What the folder holds. Node 1 has no memory; node 3 is the farthest from node 0. */
static const struct {
	const char *name, *text;
} files[] = {
	{"online", "0-1,3-4\n"},
	{"has_memory", "0,3-4\n"},
	{"node0/cpulist", "0-3\n"},
	{"node1/cpulist", "4-7\n"},
	{"node3/cpulist", "8-11\n"},
	{"node4/cpulist", "12-15\n"},
	{"node0/distance", "10 40 32 21\n"},
	{"node1/distance", "40 10 21 32\n"},
	{"node3/distance", "32 21 10 16\n"},
	{"node4/distance", "10 20\n"},
};
static char folder[T_PATH];

static void put(const char *name, const char *text)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	char *slash = strrchr(path + strlen(folder) + 1, '/');
	if (slash) {
		*slash = '\0';
		mkdir(path, 0700);
		*slash = '/';
	}
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
}

static int make(void **state)
{
	(void)state;
	if (!mkdtemp(t_path(folder, "numa")))
		return -1;
	for (size_t i = 0; i < ASSAY_COUNT_OF(files); i++)
		put(files[i].name, files[i].text);
	return 0;
}

static int drop(void **state)
{
	char path[128];

	(void)state;
	for (size_t i = 0; i < ASSAY_COUNT_OF(files); i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, files[i].name);
		unlink(path);
		*strrchr(path, '/') = '\0';
		rmdir(path); /* only the last file of a folder lets it go */
	}
	return rmdir(folder) == 0 || access(folder, F_OK) != 0 ? 0 : -1;
}

static void test_far(void **state)
{
	struct numa_pair pair;
	struct assay_err err = {0};

	(void)state;
	assert_ok(numa_find(folder, 2, &pair, &err));
	assert_int_equal(pair.local, 0);
	assert_int_equal(pair.local_distance, 10);
	assert_int_equal(pair.remote, 3); /* node 1 is farther, and has nothing */
	assert_int_equal(pair.remote_distance, 32);
	assert_ok(numa_find(folder, 11, &pair, &err));
	assert_int_equal(pair.local, 3);
	assert_int_equal(pair.remote, 0);
}

static void test_refused(void **state)
{
	struct numa_pair pair;
	struct assay_err err = {0};

	(void)state;
	assert_fails(numa_find(folder, 5, &pair, &err), ASSAY_SKIP, "no memory of its own");
	assert_fails(numa_find(folder, 99, &pair, &err), ASSAY_SKIP, "CPU 99");
	assert_fails(numa_find(folder, 12, &pair, &err), ASSAY_SKIP, "does not name 4 nodes");
	assert_fails(numa_find("/nonexistent", 0, &pair, &err), ASSAY_SKIP, "not applicable");
	put("online", "0\n");
	assert_fails(numa_find(folder, 2, &pair, &err), ASSAY_SKIP, "one NUMA node");
	put("online", "nonsense\n");
	assert_fails(numa_find(folder, 2, &pair, &err), ASSAY_SKIP, "not applicable");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_far),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, make, drop);
}
