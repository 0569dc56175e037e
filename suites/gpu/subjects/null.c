/* SPDX-License-Identifier: MIT */
/* null: a device that does nothing: what launching through the interface costs by itself. */
#include <math.h>

#include "suites/gpu/gpu.h"

/* There is nothing to keep; pointers only have to be different from NULL. */
struct gpu_device {
	char nothing;
};
struct gpu_buffer {
	char nothing;
};
struct gpu_kernel {
	char nothing;
};
static struct {
	struct gpu_device device;
	struct gpu_buffer buffer;
	struct gpu_kernel kernel;
} const nothing;

static enum assay_code open_device(struct gpu_device **ret, struct assay_err *err)
{
	(void)err;
	*ret = (struct gpu_device *)&nothing.device;
	return ASSAY_OK;
}

static void close_device(struct gpu_device *device)
{
	(void)device;
}

static const char *describe(const struct gpu_device *device)
{
	(void)device;
	return "null device";
}

static enum assay_code alloc(struct gpu_device *device, size_t bytes, struct gpu_buffer **ret,
			     struct assay_err *err)
{
	(void)device;
	(void)bytes;
	(void)err;
	*ret = (struct gpu_buffer *)&nothing.buffer;
	return ASSAY_OK;
}

static void release(struct gpu_device *device, struct gpu_buffer *buffer)
{
	(void)device;
	(void)buffer;
}

static enum assay_code upload(struct gpu_device *device, struct gpu_buffer *to, const void *from,
			      size_t bytes, struct assay_err *err)
{
	(void)device;
	(void)to;
	(void)from;
	(void)bytes;
	(void)err;
	return ASSAY_OK;
}

static enum assay_code download(struct gpu_device *device, void *to, const struct gpu_buffer *from,
				size_t bytes, struct assay_err *err)
{
	(void)device;
	(void)to;
	(void)from;
	(void)bytes;
	(void)err;
	return ASSAY_OK;
}

static enum assay_code build(struct gpu_device *device, const struct gpu_kernel_source *source,
			     struct gpu_kernel **ret, struct assay_err *err)
{
	(void)device;
	(void)source;
	(void)err;
	*ret = (struct gpu_kernel *)&nothing.kernel;
	return ASSAY_OK;
}

static void unbuild(struct gpu_device *device, struct gpu_kernel *kernel)
{
	(void)device;
	(void)kernel;
}

static enum assay_code run(struct gpu_device *device, struct gpu_kernel *kernel,
			   const struct gpu_arg *args, size_t n_args, size_t items, double *ret_ns,
			   struct assay_err *err)
{
	(void)device;
	(void)kernel;
	(void)args;
	(void)n_args;
	(void)items;
	(void)err;
	*ret_ns = NAN;
	return ASSAY_OK;
}

static const struct gpu_ops ops = {
	.computes = false,
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

const struct assay_subject assay_subject_gpu_null = {
	.brief = "does nothing: the cost of the harness",
	.ops = &ops,
	.is_null = true,
};
