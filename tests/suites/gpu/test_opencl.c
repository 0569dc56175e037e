/* SPDX-License-Identifier: MIT */
/* test_opencl: what OpenCL's devices refuse, and why; what is theirs to choose; what they leave alone. */
#include <sched.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "suites/gpu/opencl.h"
#include "tests/suites/gpu/open_opencl.h"

static void opencl_shows_the_compilers_log(void **state)
{
	(void)state;
	static const struct gpu_kernel_source broken = {
		.name = "broken",
		.text = "GPU_KERNEL void broken(GPU_GLOBAL float *a) { a[0] = undeclared_thing; }\n",
	};
	const struct gpu_ops *ops;
	struct assay_err err = {0};
	struct gpu_kernel *kernel = NULL;
	struct gpu_device *device = open_opencl(&ops);
	assert_fails(ops->build(device, &broken, &kernel, &err), ASSAY_EIO, "undeclared_thing");
	assert_null(kernel);
	ops->unbuild(device, NULL);
	ops->release(device, NULL);
	ops->close(device);
	ops->close(NULL);
}

static void opencl_skips_what_the_device_cannot_hold(void **state)
{
	(void)state;
	const struct gpu_ops *ops;
	struct assay_err err = {0};
	struct gpu_buffer *buffer = NULL;
	struct gpu_device *device = open_opencl(&ops);
	assert_fails(ops->alloc(device, GPU_PLAIN, SIZE_MAX / 2, &buffer, &err), ASSAY_SKIP,
		     "in one buffer");
	assert_null(buffer);
	ops->close(device);
}

/* How many work items share a group when a kernel, which asks OpenCL for it, is launched over 16 Ki items. */
static unsigned group_of(const char *text, bool regroup)
{
	const struct gpu_kernel_source source = {.name = "sizes", .text = text};
	struct gpu_session s = {.ops = subject("opencl")->ops};
	struct assay_err err = {0};
	struct gpu_kernel *kernel;
	struct gpu_buffer *buffer;
	float got = 0;
	double ns;
	assert_ok(gpu_open(&s, &err));
	assert_ok(s.ops->build(s.device, &source, &kernel, &err));
	assert_ok(s.ops->alloc(s.device, GPU_PLAIN, sizeof(got), &buffer, &err));
	const struct gpu_arg arg = {GPU_BUFFER, {.buffer = buffer}};
	struct gpu_launch launch = gpu_over(kernel, &arg, 1, 16384);
	launch.regroup = regroup;
	assert_ok(gpu_run(&s, &launch, &ns, &err));
	assert_ok(gpu_download(&s, &got, buffer, sizeof(got), &err));
	gpu_close_with(&s, kernel, &buffer, 1);
	return (unsigned)got;
}

#define SIZES(size) "GPU_KERNEL void sizes(GPU_GLOBAL float *a) { a[0] = (float)" size "; }\n"

static void groups_are_opencls_where_nothing_looks_at_them(void **state)
{
	(void)state;
	const struct gpu_ops *ops;
	struct gpu_device *device = open_opencl(&ops);
	bool pocl = strstr(ops->info(device)->text, "Portable Computing Language");
	ops->close(device);
	assert_int_equal(group_of(SIZES("get_local_size(0)"), false), GPU_GROUP_ITEMS);
	assert_int_equal(group_of(SIZES("GPU_SIZE"), true), GPU_GROUP_ITEMS);
	assert_in_range(group_of(SIZES("get_local_size(0)"), true), pocl ? GPU_GROUP_ITEMS + 1 : 1,
			16384);
}

static void opencl_leaves_the_callers_cpus_alone(void **state)
{
	(void)state;
	const struct gpu_ops *ops;
	cpu_set_t before, one, after;
	assert_int_equal(sched_getaffinity(0, sizeof(before), &before), 0);
	CPU_ZERO(&one);
	CPU_SET(sched_getcpu(), &one);
	assert_int_equal(sched_setaffinity(0, sizeof(one), &one), 0);
	struct gpu_device *device = open_opencl(&ops);
	assert_int_equal(sched_getaffinity(0, sizeof(after), &after), 0);
	sched_setaffinity(0, sizeof(before), &before);
	ops->close(device);
	assert_true(CPU_EQUAL(&one, &after));
}

static void a_missing_library_is_a_reason(void **state)
{
	(void)state;
	struct opencl cl;
	struct assay_err err = {0};
	assert_fails(opencl_load("libNoSuchOpenCL.so.1", &cl, &err), ASSAY_SKIP,
		     "libNoSuchOpenCL.so.1");
	assert_null(cl.library);
	assert_fails(opencl_load("libm.so.6", &cl, &err), ASSAY_SKIP, "has no clGetPlatformIDs");
	assert_null(cl.library);
	opencl_unload(NULL);
}

enum { SAID_SO = 0, DID_NOT_SKIP = 10, OTHER_REASON };

/* A machine without any driver: the loader looks for them in an empty place. */
static int look_without_drivers(void)
{
	struct assay_err err = {0};
	setenv("OCL_ICD_VENDORS", "/nonexistent", 1);
	if (subject("opencl")->probe(&err) != ASSAY_SKIP)
		return DID_NOT_SKIP;
	return strstr(err.text, "OpenCL") ? SAID_SO : OTHER_REASON;
}

static void a_machine_without_drivers_is_a_reason(void **state)
{
	(void)state;
	int status;
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0)
		_exit(look_without_drivers());
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), SAID_SO);
}

/* One platform with one device, of the type that its handle is, which tells of 16 KiB of cache. */
static int32_t one_platform(uint32_t most, struct _cl_platform_id **platforms, uint32_t *n)
{
	platforms[0] = NULL;
	*n = 1;
	return OPENCL_SUCCESS;
}

static opencl_bits type_there;

static int32_t one_device(struct _cl_platform_id *platform, opencl_bits type, uint32_t most,
			  struct _cl_device_id **devices, uint32_t *n)
{
	devices[0] = (struct _cl_device_id *)&type_there;
	*n = 1;
	return type == type_there ? OPENCL_SUCCESS : OPENCL_DEVICE_NOT_FOUND;
}

static int32_t no_platform_info(struct _cl_platform_id *platform, uint32_t what, size_t size,
				void *to, size_t *needed)
{
	return OPENCL_SUCCESS;
}

static int32_t small_cache(struct _cl_device_id *device, uint32_t what, size_t size, void *to,
			   size_t *needed)
{
	const uint64_t bytes = 16384;
	if (what == OPENCL_DEVICE_GLOBAL_MEM_CACHE_SIZE)
		memcpy(to, &bytes, sizeof(bytes));
	return OPENCL_SUCCESS;
}

/* What a GPU's driver tells of is seldom the last cache: what it tells is not taken for it. */
static void the_cache_of_a_gpu_is_not_told(void **state)
{
	(void)state;
	const struct opencl cl = {.get_platforms = one_platform,
				  .get_platform_info = no_platform_info,
				  .get_devices = one_device,
				  .get_device_info = small_cache};
	struct opencl_choice choice;
	struct assay_err err = {0};
	type_there = OPENCL_DEVICE_TYPE_GPU;
	assert_ok(opencl_choose(&cl, 0, &choice, &err));
	assert_int_equal(choice.cache_bytes, 0);
	assert_true(choice.cache_most_bytes >= (uint64_t)256 << 20);
	type_there = OPENCL_DEVICE_TYPE_CPU;
	assert_ok(opencl_choose(&cl, 0, &choice, &err));
	assert_int_equal(choice.cache_bytes, 16384);
	assert_int_equal(choice.cache_most_bytes, 0);
}

int main(void)
{
	/* The child of the first test must be forked before OpenCL is loaded here. */
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_machine_without_drivers_is_a_reason),
		cmocka_unit_test(a_missing_library_is_a_reason),
		cmocka_unit_test(the_cache_of_a_gpu_is_not_told),
		cmocka_unit_test(opencl_shows_the_compilers_log),
		cmocka_unit_test(opencl_skips_what_the_device_cannot_hold),
		cmocka_unit_test(groups_are_opencls_where_nothing_looks_at_them),
		cmocka_unit_test(opencl_leaves_the_callers_cpus_alone),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
