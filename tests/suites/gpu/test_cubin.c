/* SPDX-License-Identifier: MIT */
/* test_cubin: compiled code is kept, found again, and made anew when what was kept is damaged. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "suites/gpu/kernels.h"
#include "suites/gpu/nvrtc.h"
#include "tests/t.h"

/* The one file in the cache of a fresh folder, or false. */
static bool only_file(const char *folder, char *path, size_t size)
{
	unsigned files = 0;
	DIR *dir = opendir(folder);
	if (!dir)
		return false;
	for (const struct dirent *e = readdir(dir); e; e = readdir(dir))
		if (e->d_name[0] != '.') {
			snprintf(path, size, "%s/%.100s", folder, e->d_name);
			files++;
		}
	closedir(dir);
	return files == 1;
}

static void compile_once(struct nvrtc *nvrtc, bool cached)
{
	struct assay_err err = {0};
	struct cubin cubin;
	assert_ok(nvrtc_compile(nvrtc, 90, "copy", gpu_kernel_copy.text, &cubin, NULL, &err));
	assert_memory_equal(cubin.bytes, "FAKECUBIN sm_90\n", 16);
	assert_int_equal(cubin.cached, cached);
	free(cubin.bytes);
}

static void damage(const char *path, long offset)
{
	FILE *file = fopen(path, "r+b");
	assert_non_null(file);
	assert_int_equal(fseek(file, offset, SEEK_SET), 0);
	assert_int_equal(fputc('!', file), '!');
	assert_int_equal(fclose(file), 0);
}

static void code_is_compiled_once_and_damage_is_seen(void **state)
{
	char folder[T_PATH], below[64], path[256];
	struct assay_err err = {0};
	struct nvrtc nvrtc;
	const char *before = getenv("XDG_CACHE_HOME");
	char *saved = before ? strdup(before) : NULL;
	assert_non_null(mkdtemp(t_path(folder, "cubin")));
	setenv("XDG_CACHE_HOME", folder, 1);
	assert_ok(nvrtc_find(13000, &nvrtc, &err));
	compile_once(&nvrtc, false);
	assert_non_null(nvrtc.library);
	nvrtc_unload(&nvrtc);
	compile_once(&nvrtc, true);
	/* A hit needs no compiler. */
	assert_null(nvrtc.library);
	snprintf(below, sizeof(below), "%s/assay", folder);
	assert_true(only_file(below, path, sizeof(path)));
	/* In the mark, in the sum, in the code. */
	static const long offsets[] = {0, 20, 60};
	for (size_t i = 0; i < ASSAY_COUNT_OF(offsets); i++) {
		damage(path, offsets[i]);
		compile_once(&nvrtc, false);
		compile_once(&nvrtc, true);
	}
	assert_int_equal(truncate(path, 30), 0);
	compile_once(&nvrtc, false);
	/* No place for a cache is no error. */
	setenv("XDG_CACHE_HOME", "/proc/nowhere", 1);
	compile_once(&nvrtc, false);
	nvrtc_unload(&nvrtc);
	unlink(path);
	rmdir(below);
	rmdir(folder);
	if (saved)
		setenv("XDG_CACHE_HOME", saved, 1);
	else
		unsetenv("XDG_CACHE_HOME");
	free(saved);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(code_is_compiled_once_and_damage_is_seen),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
