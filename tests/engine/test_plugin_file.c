/* SPDX-License-Identifier: MIT */
/*
 * test_plugin_file: nothing of a plug-in runs before its owner, mode and ABI are known. The plug-ins
 * ASSAY_HOSTILE_ABI and ASSAY_HOSTILE_TAKEN have a constructor that leaves a mark.
 */
#include "tests/t.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/engine/plugin_file.h"
#include "harness/engine/registry.h"
#include "tests/engine/toy.h"

static bool constructed(void)
{
	return getenv("ASSAY_HOSTILE_RAN") != NULL;
}

static int make_folder(void **state)
{
	static char folder[T_PATH];
	*state = folder;
	return mkdtemp(t_path(folder, "plugin")) ? 0 : -1;
}

static int drop_folder(void **state)
{
	char path[128];
	snprintf(path, sizeof(path), "%s/copy.so", (char *)*state);
	unlink(path);
	return rmdir(*state);
}

/* A copy of the plug-in that the variable names, cut to `most` bytes. */
static const char *copy_of(const char *folder, const char *variable, size_t most)
{
	static char path[128];
	char bytes[4096];
	snprintf(path, sizeof(path), "%s/copy.so", folder);
	FILE *in = fopen(getenv(variable), "rb"), *out = fopen(path, "wb");
	assert_true(in && out);
	for (size_t n; most && (n = fread(bytes, 1, most < 4096 ? most : 4096, in)) > 0; most -= n)
		assert_int_equal(fwrite(bytes, 1, n, out), n);
	fclose(in);
	assert_int_equal(fclose(out), 0);
	assert_int_equal(chmod(path, 0755), 0);
	return path;
}

static void refused(const char *path, const char *says)
{
	struct assay_err err = {0};
	struct assay_registry *registry;
	assert_ok(assay_registry_new(&toy_table, &registry, &err));
	assert_fails(assay_registry_load(registry, path, &err), ASSAY_EUSAGE, says);
	assay_registry_free(registry);
	assert_false(constructed());
}

static void another_abi_is_seen_before_anything_runs(void **state)
{
	refused(copy_of(*state, "ASSAY_HOSTILE_ABI", SIZE_MAX), "ABI 99");
}

static void what_others_may_write_is_not_loaded(void **state)
{
	const char *path = copy_of(*state, "ASSAY_HOSTILE_TAKEN", SIZE_MAX);
	static const mode_t modes[] = {0775, 0757, 0777};
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		assert_int_equal(chmod(path, modes[i]), 0);
		refused(path, "chmod go-w");
	}
	assert_int_equal(chmod(path, 0755), 0);
	assert_int_equal(chmod(*state, 0777), 0);
	refused(path, "its folder");
	assert_int_equal(chmod(*state, 0700), 0);
}

static void what_belongs_to_another_is_not_loaded(void **state)
{
	struct assay_err err = {0};
	const char *path = copy_of(*state, "ASSAY_HOSTILE_TAKEN", SIZE_MAX);
	if (geteuid() != 0) /* only root can give a file away */
		skip();
	assert_int_equal(chown(path, 12345, (gid_t)-1), 0);
	refused(path, "belongs to user 12345");
	assert_int_equal(chown(path, 0, (gid_t)-1), 0);
	assert_int_equal(chown(*state, 12345, (gid_t)-1), 0);
	refused(path, "its folder belongs to user 12345");
	assert_int_equal(chown(*state, 0, (gid_t)-1), 0);
	assert_ok(assay_plugin_check(path, &err));
}

static void what_is_cut_short_is_refused(void **state)
{
	static const size_t lengths[] = {0, 3, 40, 64, 1000, 4000, 9000, 14000};
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++)
		refused(copy_of(*state, "ASSAY_HOSTILE_TAKEN", lengths[i]), "plug-in");
	refused(*state, "not a regular file");
	refused("/proc/self/exe", "plug-in");
}

/* Last: from here on the mark is there. */
static void a_sound_one_is_loaded(void **state)
{
	struct assay_err err = {0};
	struct assay_registry *registry;
	const char *path = copy_of(*state, "ASSAY_HOSTILE_TAKEN", SIZE_MAX);
	assert_ok(assay_registry_new(&toy_table, &registry, &err));
	assert_fails(assay_registry_load(registry, path, &err), ASSAY_EUSAGE, "already a suite");
	assay_registry_free(registry);
	assert_true(constructed());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(another_abi_is_seen_before_anything_runs),
		cmocka_unit_test(what_others_may_write_is_not_loaded),
		cmocka_unit_test(what_belongs_to_another_is_not_loaded),
		cmocka_unit_test(what_is_cut_short_is_refused),
		cmocka_unit_test(a_sound_one_is_loaded),
	};
	return cmocka_run_group_tests(tests, make_folder, drop_folder);
}
