/* SPDX-License-Identifier: MIT */
/* opencl: any OpenCL 1.2 device, GPU first, opened at run time; PoCL makes one of the CPU. */
#include "suites/gpu/gpu.h"

#if ASSAY_OPENCL

#include <stdio.h>
#include <stdlib.h>

#include "harness/base/str.h"
#include "suites/gpu/cpus.h"
#include "suites/gpu/dialect.h"
#include "suites/gpu/subjects/opencl_device.h"

#define LIBRARY "libOpenCL.so.1"

enum assay_code opencl_failed(struct assay_err *err, const char *call, int32_t status)
{
	enum assay_code code = status == OPENCL_NO_DEVICE_MEMORY ? ASSAY_ENOMEM : ASSAY_EIO;
	return assay_fail(err, code, "OpenCL: %s gives %d", call, status);
}

enum assay_code opencl_no_memory(struct assay_err *err)
{
	return assay_fail(err, ASSAY_ENOMEM, "OpenCL: out of memory");
}

/*
 * A device that is this CPU (PoCL) starts its threads while it is being found, and they inherit the
 * caller's CPUs. The caller may be pinned to one; the device is all of them.
 */
static enum assay_code load_and_choose(unsigned number, struct opencl *cl,
				       struct opencl_choice *choice, struct assay_err *err)
{
	cpu_set_t saved;
	gpu_cpus_widen(&saved);
	enum assay_code code = opencl_load(LIBRARY, cl, err);
	if (code == ASSAY_OK) {
		code = opencl_choose(cl, number, choice, err);
		if (code != ASSAY_OK)
			opencl_unload(cl);
	}
	gpu_cpus_restore(&saved);
	return code;
}

/* The library stays mapped after both: drivers have threads and exit handlers in it. */
static enum assay_code count(unsigned *ret, struct assay_err *err)
{
	struct opencl cl;
	struct opencl_choice choice;
	enum assay_code code = load_and_choose(0, &cl, &choice, err);
	*ret = code == ASSAY_OK ? choice.devices : 0;
	return code;
}

static enum assay_code probe(struct assay_err *err)
{
	unsigned devices;
	return count(&devices, err);
}

static void unpin(struct gpu_device *device, void *memory)
{
	for (struct pinned **p = &device->pinned; *p; p = &(*p)->next) {
		struct pinned *found = *p;
		if (found->memory != memory)
			continue;
		*p = found->next;
		device->cl.unmap(device->mapping, found->buffer, memory, 0, NULL, NULL);
		device->cl.finish(device->mapping);
		device->cl.release_buffer(found->buffer);
		free(found);
		return;
	}
}

static void close_device(struct gpu_device *device)
{
	if (!device)
		return;
	while (device->pinned)
		unpin(device, device->pinned->memory);
	if (device->mapping)
		device->cl.release_queue(device->mapping);
	if (device->context)
		device->cl.release_context(device->context);
	free(device);
}

static enum assay_code open_queue(struct gpu_device *device, struct _cl_command_queue **ret,
				  struct assay_err *err)
{
	int32_t status;
	*ret = device->cl.create_queue(device->context, device->choice.device,
				       OPENCL_QUEUE_PROFILING_ENABLE, &status);
	return *ret ? ASSAY_OK : opencl_failed(err, "clCreateCommandQueue", status);
}

static void fill_info(struct gpu_device *device)
{
	const struct opencl_choice *choice = &device->choice;
	struct gpu_info *info = &device->info;
	*info = (struct gpu_info){
		.units = choice->units,
		.memory_bytes = choice->memory_bytes,
		.max_alloc_bytes = choice->max_alloc_bytes,
		.cache_bytes = choice->cache_bytes,
		.cache_most_bytes = choice->cache_most_bytes,
		.no_limit =
			"OpenCL tells neither the width of the memory nor what a unit does in a "
			"clock",
		.lacks = {[GPU_HAS_PEERS] = "devices of OpenCL reach each other through the host",
			  [GPU_HAS_CLOCK] = "kernels of OpenCL cannot read clocks",
			  [GPU_HAS_MATRIX] = "OpenCL has no instructions for matrix units",
			  [GPU_HAS_LIBRARY] = "there is no library of products for OpenCL here",
			  [GPU_HAS_MAPPED] = "OpenCL 1.2 has no memory that the host and kernels "
					     "reach at the same time",
			  [GPU_HAS_POOL] = "OpenCL has no pool of memory in the order of a queue"},
	};
	assay_copy(info->text, sizeof(info->text), choice->text);
	opencl_bits graphs = 0;
	device->cl.get_device_info(choice->device, OPENCL_DEVICE_COMMAND_BUFFER_CAPABILITIES,
				   sizeof(graphs), &graphs, NULL);
	if (!(graphs & OPENCL_CAN_USE_SIMULTANEOUSLY))
		info->lacks[GPU_HAS_GRAPHS] =
			"a command buffer of the device cannot be queued twice";
	if (!opencl_graph_load(&device->cl, choice->platform, &device->graphs))
		info->lacks[GPU_HAS_GRAPHS] = "the platform has no cl_khr_command_buffer";
	/* It does what a gate held back while it opens the gate, and waits for itself. */
	if (strstr(choice->text, ": basic-"))
		info->lacks[GPU_HAS_GATES] = "PoCL's basic device cannot open gates";
	if (!choice->half)
		info->lacks[GPU_HAS_HALF] = "the device has no cl_khr_fp16";
	if (!choice->doubles)
		info->lacks[GPU_HAS_DOUBLE] = "the device has no cl_khr_fp64";
}

static enum assay_code open_device(unsigned number, struct gpu_device **ret, struct assay_err *err)
{
	int32_t status = 0;
	struct gpu_device *device = calloc(1, sizeof(*device));
	if (!device)
		return opencl_no_memory(err);
	enum assay_code code = load_and_choose(number, &device->cl, &device->choice, err);
	cpu_set_t saved;
	gpu_cpus_widen(&saved);
	if (code == ASSAY_OK) {
		device->context = device->cl.create_context(NULL, 1, &device->choice.device, NULL,
							    NULL, &status);
		if (!device->context)
			code = opencl_failed(err, "clCreateContext", status);
	}
	if (code == ASSAY_OK)
		code = open_queue(device, &device->mapping, err);
	gpu_cpus_restore(&saved);
	if (code != ASSAY_OK) {
		close_device(device);
		return code;
	}
	fill_info(device);
	*ret = device;
	return ASSAY_OK;
}

static const struct gpu_info *info(const struct gpu_device *device)
{
	return &device->info;
}

static enum assay_code new_buffer(struct gpu_device *device, opencl_bits flags, size_t bytes,
				  struct _cl_mem **ret, struct assay_err *err)
{
	int32_t status;
	if (bytes > device->choice.max_alloc_bytes)
		return assay_fail(
			err, ASSAY_SKIP, "the device allows %llu MiB in one buffer, not %zu",
			(unsigned long long)(device->choice.max_alloc_bytes >> 20), bytes >> 20);
	*ret = device->cl.create_buffer(device->context, flags, bytes, NULL, &status);
	return *ret ? ASSAY_OK : opencl_failed(err, "clCreateBuffer", status);
}

static enum assay_code alloc(struct gpu_device *device, enum gpu_memory kind, size_t bytes,
			     struct gpu_buffer **ret, struct assay_err *err)
{
	if (kind != GPU_PLAIN)
		return assay_fail(err, ASSAY_SKIP, "%s", device->info.lacks[GPU_HAS_MAPPED]);
	struct gpu_buffer *buffer = calloc(1, sizeof(*buffer));
	if (!buffer)
		return opencl_no_memory(err);
	enum assay_code code =
		new_buffer(device, OPENCL_MEM_READ_WRITE, bytes, &buffer->memory, err);
	if (code != ASSAY_OK) {
		free(buffer);
		return code;
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

static void *mapped(struct gpu_buffer *buffer)
{
	return NULL;
}

static enum assay_code pool_alloc(struct gpu_stream *stream, size_t bytes, struct gpu_buffer **ret,
				  struct assay_err *err)
{
	return assay_fail(err, ASSAY_SKIP, "%s", stream->device->info.lacks[GPU_HAS_POOL]);
}

static void pool_release(struct gpu_stream *stream, struct gpu_buffer *buffer)
{
}

static enum assay_code pin(struct gpu_device *device, size_t bytes, void **ret,
			   struct assay_err *err)
{
	int32_t status;
	struct pinned *pinned = calloc(1, sizeof(*pinned));
	if (!pinned)
		return opencl_no_memory(err);
	enum assay_code code = new_buffer(device, OPENCL_MEM_READ_WRITE | OPENCL_MEM_ALLOC_HOST_PTR,
					  bytes, &pinned->buffer, err);
	if (code != ASSAY_OK) {
		free(pinned);
		return code;
	}
	pinned->memory = device->cl.map_buffer(device->mapping, pinned->buffer, OPENCL_TRUE,
					       OPENCL_MAP_READ | OPENCL_MAP_WRITE, 0, bytes, 0,
					       NULL, NULL, &status);
	if (!pinned->memory) {
		device->cl.release_buffer(pinned->buffer);
		free(pinned);
		return opencl_failed(err, "clEnqueueMapBuffer", status);
	}
	pinned->next = device->pinned;
	device->pinned = pinned;
	*ret = pinned->memory;
	return ASSAY_OK;
}

static enum assay_code stream_new(struct gpu_device *device, struct gpu_stream **ret,
				  struct assay_err *err)
{
	struct gpu_stream *stream = calloc(1, sizeof(*stream));
	if (!stream)
		return opencl_no_memory(err);
	stream->device = device;
	enum assay_code code = open_queue(device, &stream->queue, err);
	if (code != ASSAY_OK) {
		free(stream);
		return code;
	}
	*ret = stream;
	return ASSAY_OK;
}

static void stream_free(struct gpu_stream *stream)
{
	if (!stream)
		return;
	stream->device->cl.finish(stream->queue);
	stream->device->cl.release_queue(stream->queue);
	free(stream);
}

static enum assay_code wait(struct gpu_stream *stream, struct assay_err *err)
{
	int32_t status = stream->device->cl.finish(stream->queue);
	return status == OPENCL_SUCCESS ? ASSAY_OK : opencl_failed(err, "clFinish", status);
}

static enum assay_code after(struct gpu_stream *stream, struct gpu_stream *first,
			     struct assay_err *err)
{
	const struct opencl *cl = &stream->device->cl;
	struct _cl_event *event = NULL;
	int32_t status = cl->mark(first->queue, 0, NULL, &event);
	if (status != OPENCL_SUCCESS)
		return opencl_failed(err, "clEnqueueMarkerWithWaitList", status);
	cl->flush(first->queue);
	status = cl->hold(stream->queue, 1, &event, NULL);
	cl->release_event(event);
	return status == OPENCL_SUCCESS
		       ? ASSAY_OK
		       : opencl_failed(err, "clEnqueueBarrierWithWaitList", status);
}

/* Where a command puts its event: only an open span asks for it. */
struct _cl_event **opencl_event_of(struct gpu_stream *stream, struct _cl_event **event)
{
	*event = NULL;
	return stream->span ? event : NULL;
}

/* A command is in the queue, or refused. */
enum assay_code opencl_queued(struct gpu_stream *stream, const char *call, int32_t status,
			      struct _cl_event *event, struct assay_err *err)
{
	struct gpu_span *span = stream->span;
	if (status != OPENCL_SUCCESS)
		return opencl_failed(err, call, status);
	if (!span)
		return ASSAY_OK;
	if (!span->first) {
		stream->device->cl.retain_event(event);
		span->first = event;
	}
	if (span->last)
		stream->device->cl.release_event(span->last);
	span->last = event;
	return ASSAY_OK;
}

static enum assay_code write_buffer(struct gpu_stream *stream, struct gpu_buffer *to,
				    const void *from, size_t bytes, struct assay_err *err)
{
	struct _cl_event *event;
	int32_t status =
		stream->device->cl.write_buffer(stream->queue, to->memory, OPENCL_FALSE, 0, bytes,
						from, 0, NULL, opencl_event_of(stream, &event));
	return opencl_queued(stream, "clEnqueueWriteBuffer", status, event, err);
}

static enum assay_code read_buffer(struct gpu_stream *stream, void *to, struct gpu_buffer *from,
				   size_t bytes, struct assay_err *err)
{
	struct _cl_event *event;
	int32_t status =
		stream->device->cl.read_buffer(stream->queue, from->memory, OPENCL_FALSE, 0, bytes,
					       to, 0, NULL, opencl_event_of(stream, &event));
	return opencl_queued(stream, "clEnqueueReadBuffer", status, event, err);
}

static enum assay_code copy(struct gpu_stream *stream, struct gpu_buffer *to,
			    struct gpu_buffer *from, size_t bytes, struct assay_err *err)
{
	struct _cl_event *event;
	int32_t status =
		stream->device->cl.copy_buffer(stream->queue, from->memory, to->memory, 0, 0, bytes,
					       0, NULL, opencl_event_of(stream, &event));
	return opencl_queued(stream, "clEnqueueCopyBuffer", status, event, err);
}

static enum assay_code copy_peer(struct gpu_stream *stream, struct gpu_buffer *to,
				 struct gpu_device *other, struct gpu_buffer *from, size_t bytes,
				 struct assay_err *err)
{
	return assay_fail(err, ASSAY_SKIP, "%s", stream->device->info.lacks[GPU_HAS_PEERS]);
}

static enum assay_code fill(struct gpu_stream *stream, struct gpu_buffer *to, uint8_t byte,
			    size_t bytes, struct assay_err *err)
{
	struct _cl_event *event;
	int32_t status =
		stream->device->cl.fill_buffer(stream->queue, to->memory, &byte, 1, 0, bytes, 0,
					       NULL, opencl_event_of(stream, &event));
	return opencl_queued(stream, "clEnqueueFillBuffer", status, event, err);
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
	const char *texts[] = {GPU_DIALECT_OPENCL, text};
	int32_t status;
	kernel->program = device->cl.create_program(device->context, 2, texts, NULL, &status);
	if (!kernel->program)
		return opencl_failed(err, "clCreateProgramWithSource", status);
	status = device->cl.build_program(kernel->program, 1, &device->choice.device,
					  "-cl-std=CL1.2", NULL, NULL);
	if (status != OPENCL_SUCCESS)
		return build_failed(device, kernel, status, err);
	kernel->kernel = device->cl.create_kernel(kernel->program, kernel->name, &status);
	return kernel->kernel ? ASSAY_OK : opencl_failed(err, "clCreateKernel", status);
}

/* Whether a text in the dialect depends on which work items share a group. */
static bool looks_at_groups(const char *text)
{
	static const char *const words[] = {"GPU_ITEM", "GPU_SIZE", "GPU_GROUP", "GPU_LOCAL",
					    "GPU_BARRIER"};
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strstr(text, words[i]))
			return true;
	return false;
}

static enum assay_code build(struct gpu_device *device, const struct gpu_kernel_source *source,
			     struct gpu_kernel **ret, struct assay_err *err)
{
	if (source->min_arch)
		return assay_fail(err, ASSAY_SKIP, "%s", device->info.lacks[GPU_HAS_MATRIX]);
	struct gpu_kernel *kernel = calloc(1, sizeof(*kernel));
	if (!kernel)
		return opencl_no_memory(err);
	kernel->name = source->name;
	kernel->grouped = looks_at_groups(source->text);
	enum assay_code code = compile(device, source->text, kernel, err);
	if (code != ASSAY_OK) {
		unbuild(device, kernel);
		return code;
	}
	*ret = kernel;
	return ASSAY_OK;
}

enum assay_code opencl_set_args(struct gpu_device *device, const struct gpu_launch *launch,
				struct assay_err *err)
{
	struct _cl_kernel *kernel = launch->kernel->kernel;
	for (uint32_t i = 0; i < launch->n_args; i++) {
		const struct gpu_arg *arg = &launch->args[i];
		const void *value = &arg->value;
		size_t size = arg->type == GPU_FLOAT ? sizeof(float) : sizeof(uint32_t);
		if (arg->type == GPU_BUFFER) {
			value = &arg->value.buffer->memory;
			size = sizeof(struct _cl_mem *);
		}
		int32_t status = device->cl.set_arg(kernel, i, size, value);
		if (status != OPENCL_SUCCESS)
			return opencl_failed(err, "clSetKernelArg", status);
	}
	return ASSAY_OK;
}

/*
 * A driver on a CPU runs a group as a loop on one thread: groups of 256 cost PoCL 3.1 some 6 % of a triad's time over
 * the 4096 that it takes by itself.
 */
void opencl_range(const struct gpu_launch *launch, struct opencl_range *range)
{
	for (int i = 0; i < 2; i++) {
		range->size[i] = launch->size[i];
		range->items[i] = (size_t)launch->groups[i] * launch->size[i];
	}
	range->groups = launch->regroup && !launch->kernel->grouped ? NULL : range->size;
}

static enum assay_code launch_kernel(struct gpu_stream *stream, const struct gpu_launch *launch,
				     struct assay_err *err)
{
	struct opencl_range range;
	struct _cl_event *event;
	opencl_range(launch, &range);
	enum assay_code code = opencl_set_args(stream->device, launch, err);
	if (code != ASSAY_OK)
		return code;
	int32_t status = stream->device->cl.launch(stream->queue, launch->kernel->kernel, 2, NULL,
						   range.items, range.groups, 0, NULL,
						   opencl_event_of(stream, &event));
	return opencl_queued(stream, "clEnqueueNDRangeKernel", status, event, err);
}

static enum assay_code product_new(struct gpu_device *device, enum gpu_type type, size_t n,
				   struct gpu_product **ret, struct assay_err *err)
{
	return assay_fail(err, ASSAY_SKIP, "%s", device->info.lacks[GPU_HAS_LIBRARY]);
}

static void product_free(struct gpu_product *product)
{
}

static enum assay_code product_run(struct gpu_stream *stream, struct gpu_product *product,
				   struct gpu_buffer *a, struct gpu_buffer *b, struct gpu_buffer *c,
				   struct assay_err *err)
{
	return assay_fail(err, ASSAY_EBUG, "OpenCL: a product that cannot be made is run");
}

static const struct gpu_ops ops = {
	.computes = true,
	.count = count,
	.open = open_device,
	.close = close_device,
	.info = info,
	.alloc = alloc,
	.release = release,
	.mapped = mapped,
	.pool_alloc = pool_alloc,
	.pool_release = pool_release,
	.pin = pin,
	.unpin = unpin,
	.stream_new = stream_new,
	.stream_free = stream_free,
	.wait = wait,
	.after = after,
	.write = write_buffer,
	.read = read_buffer,
	.copy = copy,
	.copy_peer = copy_peer,
	.fill = fill,
	.build = build,
	.unbuild = unbuild,
	.launch = launch_kernel,
	.product_new = product_new,
	.product_free = product_free,
	.product_run = product_run,
	GPU_SPAN_OPS(opencl),
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
