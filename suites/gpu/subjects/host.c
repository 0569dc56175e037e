/* SPDX-License-Identifier: MIT */
/* host: one CPU core as a device, by plain C: what the same kernel costs without any device. */
#include <stdlib.h>

#include "harness/base/clock.h"
#include "suites/gpu/gpu.h"

enum { ALIGNMENT = 4096 };

struct gpu_device {
	unsigned buffers; /* alive */
};

struct gpu_buffer {
	size_t offset; /* of the first byte in memory */
	void *memory;
};

struct gpu_kernel {
	const struct gpu_kernel_source *source;
};

static enum assay_code open_device(struct gpu_device **ret, struct assay_err *err)
{
	*ret = calloc(1, sizeof(**ret));
	return *ret ? ASSAY_OK : assay_fail(err, ASSAY_ENOMEM, "host device: out of memory");
}

static void close_device(struct gpu_device *device)
{
	free(device);
}

static const char *describe(const struct gpu_device *device)
{
	(void)device;
	return "host: one core, plain C";
}

static enum assay_code alloc(struct gpu_device *device, size_t bytes, struct gpu_buffer **ret,
			     struct assay_err *err)
{
	struct gpu_buffer *buffer = calloc(1, sizeof(*buffer));
	/* Each array starts a few lines further into its page: no 4 KiB aliasing between them. */
	size_t stagger = 8 * ASSAY_CACHE_LINE * (device->buffers % 4);
	size_t room = (bytes + stagger + ALIGNMENT) / ALIGNMENT * ALIGNMENT;
	if (buffer)
		buffer->memory = aligned_alloc(ALIGNMENT, room);
	if (!buffer || !buffer->memory) {
		free(buffer);
		return assay_fail(err, ASSAY_ENOMEM, "host device: out of memory for %zu bytes",
				  bytes);
	}
	memset(buffer->memory, 0, room);
	buffer->offset = stagger;
	device->buffers++;
	*ret = buffer;
	return ASSAY_OK;
}

static void *start_of(const struct gpu_buffer *buffer)
{
	return (char *)buffer->memory + buffer->offset;
}

static void release(struct gpu_device *device, struct gpu_buffer *buffer)
{
	if (!buffer)
		return;
	device->buffers--;
	free(buffer->memory);
	free(buffer);
}

static enum assay_code upload(struct gpu_device *device, struct gpu_buffer *to, const void *from,
			      size_t bytes, struct assay_err *err)
{
	(void)device;
	(void)err;
	memcpy(start_of(to), from, bytes);
	return ASSAY_OK;
}

static enum assay_code download(struct gpu_device *device, void *to, const struct gpu_buffer *from,
				size_t bytes, struct assay_err *err)
{
	(void)device;
	(void)err;
	memcpy(to, start_of(from), bytes);
	return ASSAY_OK;
}

static enum assay_code build(struct gpu_device *device, const struct gpu_kernel_source *source,
			     struct gpu_kernel **ret, struct assay_err *err)
{
	(void)device;
	if (!source->host)
		return assay_fail(err, ASSAY_SKIP, "kernel %s has no host version", source->name);
	*ret = calloc(1, sizeof(**ret));
	if (!*ret)
		return assay_fail(err, ASSAY_ENOMEM, "host device: out of memory");
	(*ret)->source = source;
	return ASSAY_OK;
}

static void unbuild(struct gpu_device *device, struct gpu_kernel *kernel)
{
	(void)device;
	free(kernel);
}

static enum assay_code run(struct gpu_device *device, struct gpu_kernel *kernel,
			   const struct gpu_arg *args, size_t n_args, size_t items, double *ret_ns,
			   struct assay_err *err)
{
	union gpu_host_arg values[GPU_MAX_ARGS];
	(void)device;
	if (n_args > GPU_MAX_ARGS)
		return assay_fail(err, ASSAY_EBUG, "kernel %s with %zu arguments",
				  kernel->source->name, n_args);
	for (size_t i = 0; i < n_args; i++) {
		if (args[i].type == GPU_BUFFER)
			values[i].memory = start_of(args[i].value.buffer);
		else if (args[i].type == GPU_FLOAT)
			values[i].f = args[i].value.f;
		else
			values[i].u = args[i].value.u;
	}
	uint64_t begin = assay_now_ns();
	kernel->source->host(values, items);
	assay_clobber();
	*ret_ns = (double)(assay_now_ns() - begin);
	return ASSAY_OK;
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

const struct assay_subject assay_subject_gpu_host = {
	.brief = "one CPU core running the kernel as plain C, no device",
	.ops = &ops,
};
