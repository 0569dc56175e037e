/* SPDX-License-Identifier: MIT */
/* test_nvrtc: the real compiler makes code of every kernel, for old and new devices, and no register spills. */
#include <stdio.h>
#include <stdlib.h>

#include "harness/base/str.h"
#include "suites/gpu/kernels.h"
#include "suites/gpu/nvrtc.h"
#include "tests/t.h"

static void open_compiler(struct nvrtc *nvrtc)
{
	struct assay_err err = {0};
	enum assay_code code = nvrtc_find(13990, nvrtc, &err);
	if (code == ASSAY_OK)
		code = nvrtc_load(nvrtc, &err);
	if (code != ASSAY_OK) {
		print_message("# no compiler: %s\n", err.text);
		assert_int_equal(code, ASSAY_SKIP);
		skip();
	}
}

/* All that a device can run as one text: the compiler's start is most of its time. */
static char *all_texts(uint32_t arch)
{
	struct assay_str texts = {0};
	for (size_t i = 0; gpu_kernels[i]; i++)
		if (gpu_kernels[i]->min_arch <= arch)
			assay_str_add(&texts, "%s\n", gpu_kernels[i]->text);
	assert_false(texts.failed);
	return texts.text;
}

/* Every number of bytes before "spill" is 0, and there are some. */
static void assert_nothing_spills(const char *log)
{
	unsigned said = 0;
	for (const char *at = strstr(log, " bytes spill"); at;
	     at = strstr(at + 1, " bytes spill")) {
		assert_true(at > log && at[-1] == '0' && (at - log < 2 || at[-2] == ' '));
		said++;
	}
	assert_true(said > 0);
}

static void compile_all(struct nvrtc *nvrtc, uint32_t arch)
{
	struct assay_err err = {0};
	struct cubin cubin;
	char *log = NULL, *texts = all_texts(arch);
	assert_ok(nvrtc_compile(nvrtc, arch, "all", texts, &cubin, &log, &err));
	assert_true(cubin.size > 1000);
	assert_memory_equal(cubin.bytes, "\177ELF", 4);
	assert_non_null(log);
	assert_nothing_spills(log);
	free(cubin.bytes);
	free(log);
	free(texts);
}

/* The oldest and the newest device; all of them where somebody has the time ($ASSAY_SOAK). */
static void every_kernel_compiles_without_spills(void **state)
{
	struct nvrtc nvrtc;
	int archs[64], count = 0;
	open_compiler(&nvrtc);
	assert_int_equal(nvrtc.count_archs(&count), NVRTC_OK);
	assert_in_range(count, 1, 64);
	assert_int_equal(nvrtc.list_archs(archs), NVRTC_OK);
	for (int i = 0; i < count; i++)
		if (i == 0 || i == count - 1 || getenv("ASSAY_SOAK"))
			compile_all(&nvrtc, (uint32_t)archs[i]);
	nvrtc_unload(&nvrtc);
}

static void an_error_shows_the_compilers_log(void **state)
{
	struct nvrtc nvrtc;
	struct cubin cubin;
	struct assay_err err = {0};
	open_compiler(&nvrtc);
	assert_fails(
		nvrtc_compile(&nvrtc, 90, "broken",
			      "GPU_KERNEL void broken(GPU_GLOBAL float *a) { a[0] = nothing; }\n",
			      &cubin, NULL, &err),
		ASSAY_EIO, "nothing");
	assert_null(cubin.bytes);
	nvrtc_unload(&nvrtc);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kernel_compiles_without_spills),
		cmocka_unit_test(an_error_shows_the_compilers_log),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
