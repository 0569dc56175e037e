/* SPDX-License-Identifier: MIT */
/* test_toolkit: of several toolkits side by side the right one is found, and all of them are listed once. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/machine/toolkit.h"
#include "tests/t.h"
#include "tests/temporary.h"

/* An empty file below the root, with the folders above it. */
static void put(const char *root, const char *name)
{
	char path[200];
	snprintf(path, sizeof(path), "%s/%s", root, name);
	for (char *slash = strchr(path + strlen(root) + 1, '/'); slash;
	     slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(path, 0700);
		*slash = '/';
	}
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	fclose(file);
}

static void assert_found(const char *root, int major, const char *part)
{
	char path[ASSAY_TOOLKIT_PATH], wanted[200];
	snprintf(wanted, sizeof(wanted), "%s/%s", root, part);
	assert_true(assay_toolkit_find(root, "libnvrtc", major, path, sizeof(path)));
	assert_string_equal(path, wanted);
}

static void several_toolkits_lie_side_by_side(void **state)
{
	char root[T_PATH], path[ASSAY_TOOLKIT_PATH], link[200];
	struct assay_toolkit list[8];
	(void)state;
	unsetenv("CUDA_HOME");
	unsetenv("CUDA_PATH");
	assert_non_null(mkdtemp(t_path(root, "toolkit")));
	assert_false(assay_toolkit_find(root, "libnvrtc", 12, path, sizeof(path)));
	assert_int_equal(assay_toolkit_list(root, "libnvrtc", list, 8), 0);
	put(root, "cuda-12.2/lib64/libnvrtc.so.12");
	put(root, "cuda-12.6/lib64/libnvrtc.so.12");
	put(root, "cuda-13.0/lib/libnvrtc.so.13");
	/* The newest of the version that was asked for, not of all. */
	assert_found(root, 12, "cuda-12.6/lib64/libnvrtc.so.12");
	assert_found(root, 13, "cuda-13.0/lib/libnvrtc.so.13");
	/* What the administrator chose goes before the newest, and is the same file as one of the others. */
	snprintf(link, sizeof(link), "%s/cuda", root);
	assert_int_equal(symlink("cuda-12.2", link), 0);
	assert_found(root, 12, "cuda/lib64/libnvrtc.so.12");
	assert_int_equal(assay_toolkit_list(root, "libnvrtc", list, 8), 3);
	assert_int_equal(list[0].major, 13);
	assert_non_null(strstr(list[1].path, "cuda-12.2/lib64"));
	assert_non_null(strstr(list[2].path, "cuda-12.6/lib64"));
	assert_int_equal(assay_toolkit_list(root, "libnvrtc", list, 2), 2);
	/* What the user says goes before both. */
	put(root, "own/libnvrtc.so.12");
	snprintf(link, sizeof(link), "%s/own", root);
	setenv("CUDA_HOME", link, 1);
	assert_found(root, 12, "own/libnvrtc.so.12");
	assert_found(root, 13, "cuda-13.0/lib/libnvrtc.so.13");
	/* A name that does not fit is none. */
	assert_false(assay_toolkit_find(root, "libnvrtc", 12, path, 10));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(several_toolkits_lie_side_by_side)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
