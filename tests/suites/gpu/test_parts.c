/* SPDX-License-Identifier: MIT */
/* test_parts: what the suite has that needs no device: its data, its product on the CPU, how fast a link is. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "suites/gpu/blocked.h"
#include "suites/gpu/kernels.h"
#include "suites/gpu/link.h"
#include "tests/t.h"
#include "tests/temporary.h"

static void data_is_random_and_never_zero(void **state)
{
	(void)state;
	enum { N = 10000 };
	static float x[N], y[N];
	size_t negative = 0;
	gpu_fill(x, N, 7);
	gpu_fill(y, N, 7);
	assert_memory_equal(x, y, sizeof(x));
	for (size_t i = 0; i < N; i++) {
		assert_true(fabsf(x[i]) >= 0.0625f && fabsf(x[i]) < 16.0f);
		negative += x[i] < 0;
	}
	assert_true(negative > N / 3 && negative < 2 * N / 3);
}

static void blocks_are_a_product(void **state)
{
	enum { MOST = 304 };
	static float a[MOST * MOST], b[MOST * MOST], c[MOST * MOST];
	static const size_t sizes[] = {16, 112, MOST};
	for (size_t i = 0; i < MOST * MOST; i++) {
		a[i] = (float)(int)(i * 7 % 11) - 5;
		b[i] = (float)(int)(i * 5 % 13) - 6;
	}
	for (size_t s = 0; s < ASSAY_COUNT_OF(sizes); s++)
		for (unsigned threads = 0; threads < 4; threads += 1) {
			size_t n = sizes[s];
			memset(c, 0xa5, sizeof(c));
			gpu_blocked_product(a, b, c, n, threads);
			for (size_t at = 0; at < n * n; at += 37) {
				float want = 0;
				for (size_t k = 0; k < n; k++)
					want += a[at / n * n + k] * b[k * n + at % n];
				assert_true(c[at] == want);
			}
		}
}

static void write_file(const char *folder, const char *name, const char *text)
{
	char path[120];
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static void a_link_is_speed_times_lanes(void **state)
{
	char folder[T_PATH], device[80];
	assert_non_null(mkdtemp(t_path(folder, "link")));
	snprintf(device, sizeof(device), "%s/0000:0a:00.0", folder);
	assert_int_equal(mkdir(device, 0700), 0);
	assert_true(gpu_link_limit(folder, "0000:0A:00.0") == 0);
	write_file(device, "max_link_speed", "32.0 GT/s PCIe\n");
	write_file(device, "current_link_width", "16\n");
	assert_close(gpu_link_limit(folder, "0000:0A:00.0"), 63.015e9, 1e-4);
	/* In a slot of the generation before. */
	write_file(folder, "max_link_speed", "16.0 GT/s PCIe\n");
	assert_close(gpu_link_limit(folder, "0000:0a:00.0"), 31.508e9, 1e-4);
	write_file(device, "max_link_speed", "5.0 GT/s PCIe\n");
	assert_close(gpu_link_limit(folder, "0000:0a:00.0"), 8e9, 1e-9);
	write_file(device, "max_link_speed", "Unknown\n");
	assert_true(gpu_link_limit(folder, "0000:0a:00.0") == 0);
}

/* A dot product that nobody has written, or of which a group is missing, is as small as its sum: each part is looked at. */
static void a_dot_product_that_is_not_there_is_found(void **state)
{
	enum { N = 1 << 20, GROUPS = 16 };
	static float b[N], c[N], right[GROUPS], got[GROUPS];
	const union gpu_host_arg args[] = {
		{.memory = right}, {.memory = b}, {.memory = c}, {.f = 3}, {.u = N}};
	struct assay_err err = {0};
	gpu_fill(b, N, 1);
	gpu_fill(c, N, 2);
	gpu_kernel_dot.host(args, GROUPS * GPU_GROUP_ITEMS);
	assert_ok(gpu_stream_check(&gpu_kernel_dot, right, b, c, 3, N, GROUPS, &err));
	memset(got, 0xa5, sizeof(got));
	assert_fails(gpu_stream_check(&gpu_kernel_dot, got, b, c, 3, N, GROUPS, &err), ASSAY_ECHECK,
		     "part of group 0");
	memcpy(got, right, sizeof(got));
	got[7] = 0;
	assert_fails(gpu_stream_check(&gpu_kernel_dot, got, b, c, 3, N, GROUPS, &err), ASSAY_ECHECK,
		     "part of group 7");
	got[7] = NAN;
	assert_fails(gpu_stream_check(&gpu_kernel_dot, got, b, c, 3, N, GROUPS, &err), ASSAY_ECHECK,
		     "part of group 7");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(data_is_random_and_never_zero),
		cmocka_unit_test(blocks_are_a_product),
		cmocka_unit_test(a_dot_product_that_is_not_there_is_found),
		cmocka_unit_test(a_link_is_speed_times_lanes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
