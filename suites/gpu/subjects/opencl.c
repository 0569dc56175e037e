/* SPDX-License-Identifier: MIT */
/* opencl: any OpenCL 1.2 device, GPU first, opened at run time; PoCL makes one of the CPU. */
#include "suites/gpu/gpu.h"

#if ASSAY_OPENCL

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

#include "harness/base/str.h"
#include "suites/gpu/opencl.h"

#define LIBRARY "libOpenCL.so.1"
/* Work items are rounded up to this, so that any device finds work-groups of a good size. */
#define ITEMS_MULTIPLE 256

struct gpu_device {
	struct opencl cl;
	struct opencl_choice choice;
	struct _cl_context *context;
	struct _cl_command_queue *queue;
};

struct gpu_buffer {
	struct _cl_mem *memory;
};

struct gpu_kernel {
	const char *name;
	struct _cl_program *program;
	struct _cl_kernel *kernel;
};

static enum assay_code failed(struct assay_err *err, const char *call, int32_t status)
{
	return assay_fail(err, ASSAY_EIO, "OpenCL: %s gives %d", call, status);
}

/*
 * A device that is this CPU (PoCL) starts its threads while it is being found, and they inherit the
 * caller's CPUs. The caller may be pinned to one; the device is all of them. So every CPU is allowed
 * while it is opened, and the former set restored after it.
 */
static void widen_affinity(cpu_set_t *saved)
{
	cpu_set_t all;
	CPU_ZERO(saved);
	sched_getaffinity(0, sizeof(*saved), saved);
	memset(&all, 0xff, sizeof(all));
	sched_setaffinity(0, sizeof(all), &all);
}

static void restore_affinity(const cpu_set_t *saved)
{
	if (CPU_COUNT(saved) > 0)
		sched_setaffinity(0, sizeof(*saved), saved);
}

static enum assay_code load_and_choose(struct opencl *cl, struct opencl_choice *choice,
				       struct assay_err *err)
{
	enum assay_code code = opencl_load(LIBRARY, cl, err);
	if (code != ASSAY_OK)
		return code;
	code = opencl_choose(cl, choice, err);
	if (code != ASSAY_OK)
		opencl_unload(cl);
	return code;
}

static enum assay_code probe(struct assay_err *err)
{
	struct opencl cl;
	struct opencl_choice choice;
	cpu_set_t saved;
	widen_affinity(&saved);
	enum assay_code code = load_and_choose(&cl, &choice, err);
	restore_affinity(&saved);
	/* The library stays mapped: drivers have threads and exit handlers in it. */
	return code;
}

static void close_device(struct gpu_device *device)
{
	if (!device)
		return;
	if (device->queue)
		device->cl.release_queue(device->queue);
	if (device->context)
		device->cl.release_context(device->context);
	free(device);
}

static enum assay_code open_context(struct gpu_device *device, struct assay_err *err)
{
	int32_t status;
	enum assay_code code = load_and_choose(&device->cl, &device->choice, err);
	if (code != ASSAY_OK)
		return code;
	device->context =
		device->cl.create_context(NULL, 1, &device->choice.device, NULL, NULL, &status);
	if (!device->context)
		return failed(err, "clCreateContext", status);
	device->queue = device->cl.create_queue(device->context, device->choice.device,
						OPENCL_QUEUE_PROFILING_ENABLE, &status);
	if (!device->queue)
		return failed(err, "clCreateCommandQueue", status);
	return ASSAY_OK;
}

static enum assay_code open_device(struct gpu_device **ret, struct assay_err *err)
{
	cpu_set_t saved;
	struct gpu_device *device = calloc(1, sizeof(*device));
	if (!device)
		return assay_fail(err, ASSAY_ENOMEM, "OpenCL: out of memory");
	widen_affinity(&saved);
	enum assay_code code = open_context(device, err);
	restore_affinity(&saved);
	if (code != ASSAY_OK) {
		close_device(device);
		return code;
	}
	*ret = device;
	return ASSAY_OK;
}

static const char *describe(const struct gpu_device *device)
{
	return device->choice.text;
}

static enum assay_code alloc(struct gpu_device *device, size_t bytes, struct gpu_buffer **ret,
			     struct assay_err *err)
{
	const struct opencl_choice *choice = &device->choice;
	int32_t status;
	if (bytes > choice->max_alloc_bytes)
		return assay_fail(err, ASSAY_SKIP,
				  "the device allows %llu MiB in one buffer, not %zu",
				  (unsigned long long)(choice->max_alloc_bytes >> 20), bytes >> 20);
	struct gpu_buffer *buffer = calloc(1, sizeof(*buffer));
	if (!buffer)
		return assay_fail(err, ASSAY_ENOMEM, "OpenCL: out of memory");
	buffer->memory = device->cl.create_buffer(device->context, OPENCL_MEM_READ_WRITE, bytes,
						  NULL, &status);
	if (!buffer->memory) {
		free(buffer);
		return failed(err, "clCreateBuffer", status);
	}
	*ret = buffer;
	return ASSAY_OK;
}

static void release(struct gpu_device *device, struct gpu_buffer *buffer)
{
	if (!buffer)
		return;
	device->cl.release_buffer(buffer->memory);
	free(buffer);
}

static enum assay_code upload(struct gpu_device *device, struct gpu_buffer *to, const void *from,
			      size_t bytes, struct assay_err *err)
{
	int32_t status = device->cl.write_buffer(device->queue, to->memory, OPENCL_TRUE, 0, bytes,
						 from, 0, NULL, NULL);
	return status == OPENCL_SUCCESS ? ASSAY_OK : failed(err, "clEnqueueWriteBuffer", status);
}

static enum assay_code download(struct gpu_device *device, void *to, const struct gpu_buffer *from,
				size_t bytes, struct assay_err *err)
{
	int32_t status = device->cl.read_buffer(device->queue, from->memory, OPENCL_TRUE, 0, bytes,
						to, 0, NULL, NULL);
	return status == OPENCL_SUCCESS ? ASSAY_OK : failed(err, "clEnqueueReadBuffer", status);
}

static enum assay_code build_failed(struct gpu_device *device, const struct gpu_kernel *kernel,
				    int32_t status, struct assay_err *err)
{
	char log[2048] = "", clean[300];
	device->cl.get_build_info(kernel->program, device->choice.device, OPENCL_PROGRAM_BUILD_LOG,
				  sizeof(log) - 1, log, NULL);
	for (char *c = log; *c; c++)
		if (*c == '\n')
			*c = ' ';
	assay_sanitise(clean, sizeof(clean), log);
	return assay_fail(err, ASSAY_EIO, "OpenCL: kernel %s does not build (%d): %s", kernel->name,
			  status, clean[0] ? clean : "the compiler left no log");
}

static void unbuild(struct gpu_device *device, struct gpu_kernel *kernel)
{
	if (!kernel)
		return;
	if (kernel->kernel)
		device->cl.release_kernel(kernel->kernel);
	if (kernel->program)
		device->cl.release_program(kernel->program);
	free(kernel);
}

static enum assay_code compile(struct gpu_device *device, const char *text,
			       struct gpu_kernel *kernel, struct assay_err *err)
{
	static const char prologue[] =
		"#define GPU_KERNEL __kernel\n"
		"#define GPU_GLOBAL __global\n"
		"#define GPU_ID ((unsigned)get_global_id(0))\n";
	const char *texts[] = {prologue, text};
	int32_t status;
	kernel->program = device->cl.create_program(device->context, 2, texts, NULL, &status);
	if (!kernel->program)
		return failed(err, "clCreateProgramWithSource", status);
	status = device->cl.build_program(kernel->program, 1, &device->choice.device,
					  "-cl-std=CL1.2", NULL, NULL);
	if (status != OPENCL_SUCCESS)
		return build_failed(device, kernel, status, err);
	kernel->kernel = device->cl.create_kernel(kernel->program, kernel->name, &status);
	return kernel->kernel ? ASSAY_OK : failed(err, "clCreateKernel", status);
}

static enum assay_code build(struct gpu_device *device, const struct gpu_kernel_source *source,
			     struct gpu_kernel **ret, struct assay_err *err)
{
	struct gpu_kernel *kernel = calloc(1, sizeof(*kernel));
	if (!kernel)
		return assay_fail(err, ASSAY_ENOMEM, "OpenCL: out of memory");
	kernel->name = source->name;
	enum assay_code code = compile(device, source->text, kernel, err);
	if (code != ASSAY_OK) {
		unbuild(device, kernel);
		return code;
	}
	*ret = kernel;
	return ASSAY_OK;
}

static enum assay_code set_args(struct gpu_device *device, struct gpu_kernel *kernel,
				const struct gpu_arg *args, size_t n_args, struct assay_err *err)
{
	for (uint32_t i = 0; i < n_args; i++) {
		int32_t status;
		if (args[i].type == GPU_BUFFER)
			status = device->cl.set_arg(kernel->kernel, i, sizeof(struct _cl_mem *),
						    &args[i].value.buffer->memory);
		else if (args[i].type == GPU_FLOAT)
			status = device->cl.set_arg(kernel->kernel, i, sizeof(float),
						    &args[i].value.f);
		else
			status = device->cl.set_arg(kernel->kernel, i, sizeof(uint32_t),
						    &args[i].value.u);
		if (status != OPENCL_SUCCESS)
			return failed(err, "clSetKernelArg", status);
	}
	return ASSAY_OK;
}

/* From the start to the end of the kernel on the device's clock. */
static enum assay_code device_time(struct gpu_device *device, struct _cl_event *event,
				   double *ret_ns, struct assay_err *err)
{
	uint64_t start = 0, end = 0;
	int32_t status = device->cl.get_profiling(event, OPENCL_PROFILING_COMMAND_START,
						  sizeof(start), &start, NULL);
	if (status == OPENCL_SUCCESS)
		status = device->cl.get_profiling(event, OPENCL_PROFILING_COMMAND_END, sizeof(end),
						  &end, NULL);
	if (status != OPENCL_SUCCESS)
		return failed(err, "clGetEventProfilingInfo", status);
	if (end < start)
		return assay_fail(err, ASSAY_EIO, "OpenCL: the device's clock runs backwards");
	*ret_ns = (double)(end - start);
	return ASSAY_OK;
}

static enum assay_code run(struct gpu_device *device, struct gpu_kernel *kernel,
			   const struct gpu_arg *args, size_t n_args, size_t items, double *ret_ns,
			   struct assay_err *err)
{
	size_t global = (items + ITEMS_MULTIPLE - 1) / ITEMS_MULTIPLE * ITEMS_MULTIPLE;
	struct _cl_event *event = NULL;
	enum assay_code code = set_args(device, kernel, args, n_args, err);
	if (code != ASSAY_OK)
		return code;
	int32_t status = device->cl.launch(device->queue, kernel->kernel, 1, NULL, &global, NULL, 0,
					   NULL, &event);
	if (status != OPENCL_SUCCESS)
		return failed(err, "clEnqueueNDRangeKernel", status);
	status = device->cl.wait(1, &event);
	code = status == OPENCL_SUCCESS ? device_time(device, event, ret_ns, err)
					: failed(err, "clWaitForEvents", status);
	device->cl.release_event(event);
	return code;
}

static const struct gpu_ops ops = {
	.computes = true,
	.open = open_device,
	.close = close_device,
	.describe = describe,
	.alloc = alloc,
	.release = release,
	.upload = upload,
	.download = download,
	.build = build,
	.unbuild = unbuild,
	.run = run,
};

#else

static enum assay_code probe(struct assay_err *err)
{
	return assay_fail(err, ASSAY_SKIP, "built without OpenCL");
}

/* Never used: the probe comes first. */
static const struct gpu_ops ops = {.computes = false};

#endif

const struct assay_subject assay_subject_gpu_opencl = {
	.brief = "the first OpenCL device, GPUs preferred; PoCL on the CPU",
	.ops = &ops,
	.probe = probe,
};
