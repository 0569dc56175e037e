/* SPDX-License-Identifier: MIT */
/* null: a device that does nothing: what launching through the interface costs by itself. */
#include <math.h>

#include "suites/gpu/gpu.h"

/* There is nothing to keep; pointers only have to be different from NULL. */
struct gpu_device {
	struct gpu_info info;
};
struct gpu_buffer {
	char nothing;
};
struct gpu_kernel {
	char nothing;
};
struct gpu_stream {
	char nothing;
};
struct gpu_span {
	char nothing;
};
struct gpu_graph {
	char nothing;
};
struct gpu_gate {
	char nothing;
};
struct gpu_product {
	char nothing;
};
static struct {
	struct gpu_device device;
	struct gpu_buffer buffer;
	struct gpu_kernel kernel;
	struct gpu_stream stream;
	struct gpu_span span;
	struct gpu_graph graph;
	struct gpu_gate gate;
	struct gpu_product product;
} const nothing = {.device.info = {.text = "null device",
				   .lacks = {[GPU_HAS_CLOCK] = "the null device has no clock",
					     [GPU_HAS_PINNED] = "the null device has no memory",
					     [GPU_HAS_MAPPED] = "the null device has no memory",
					     [GPU_HAS_POOL] = "the null device has no memory"}}};

static enum assay_code count(unsigned *ret, struct assay_err *err)
{
	*ret = 1;
	return ASSAY_OK;
}

static enum assay_code open_device(unsigned number, struct gpu_device **ret, struct assay_err *err)
{
	*ret = (struct gpu_device *)&nothing.device;
	return ASSAY_OK;
}

static void close_device(struct gpu_device *device)
{
}

static const struct gpu_info *info(const struct gpu_device *device)
{
	return &device->info;
}

static enum assay_code alloc(struct gpu_device *device, enum gpu_memory kind, size_t bytes,
			     struct gpu_buffer **ret, struct assay_err *err)
{
	if (kind != GPU_PLAIN)
		return assay_fail(err, ASSAY_SKIP, "the null device has no memory");
	*ret = (struct gpu_buffer *)&nothing.buffer;
	return ASSAY_OK;
}

static void release(struct gpu_device *device, struct gpu_buffer *buffer)
{
}

static void *mapped(struct gpu_buffer *buffer)
{
	return NULL;
}

static enum assay_code pool_alloc(struct gpu_stream *stream, size_t bytes, struct gpu_buffer **ret,
				  struct assay_err *err)
{
	return assay_fail(err, ASSAY_SKIP, "the null device has no memory");
}

static void pool_release(struct gpu_stream *stream, struct gpu_buffer *buffer)
{
}

static enum assay_code pin(struct gpu_device *device, size_t bytes, void **ret,
			   struct assay_err *err)
{
	return assay_fail(err, ASSAY_SKIP, "the null device has no memory");
}

static void unpin(struct gpu_device *device, void *memory)
{
}

static enum assay_code stream_new(struct gpu_device *device, struct gpu_stream **ret,
				  struct assay_err *err)
{
	*ret = (struct gpu_stream *)&nothing.stream;
	return ASSAY_OK;
}

static void stream_free(struct gpu_stream *stream)
{
}

static enum assay_code wait(struct gpu_stream *stream, struct assay_err *err)
{
	return ASSAY_OK;
}

static enum assay_code after(struct gpu_stream *stream, struct gpu_stream *first,
			     struct assay_err *err)
{
	return ASSAY_OK;
}

static enum assay_code write_buffer(struct gpu_stream *stream, struct gpu_buffer *to,
				    const void *from, size_t bytes, struct assay_err *err)
{
	return ASSAY_OK;
}

static enum assay_code read_buffer(struct gpu_stream *stream, void *to, struct gpu_buffer *from,
				   size_t bytes, struct assay_err *err)
{
	return ASSAY_OK;
}

static enum assay_code copy(struct gpu_stream *stream, struct gpu_buffer *to,
			    struct gpu_buffer *from, size_t bytes, struct assay_err *err)
{
	return ASSAY_OK;
}

static enum assay_code copy_peer(struct gpu_stream *stream, struct gpu_buffer *to,
				 struct gpu_device *other, struct gpu_buffer *from, size_t bytes,
				 struct assay_err *err)
{
	return ASSAY_OK;
}

static enum assay_code fill(struct gpu_stream *stream, struct gpu_buffer *to, uint8_t byte,
			    size_t bytes, struct assay_err *err)
{
	return ASSAY_OK;
}

static enum assay_code build(struct gpu_device *device, const struct gpu_kernel_source *source,
			     struct gpu_kernel **ret, struct assay_err *err)
{
	*ret = (struct gpu_kernel *)&nothing.kernel;
	return ASSAY_OK;
}

static void unbuild(struct gpu_device *device, struct gpu_kernel *kernel)
{
}

static enum assay_code launch_kernel(struct gpu_stream *stream, const struct gpu_launch *launch,
				     struct assay_err *err)
{
	return ASSAY_OK;
}

static enum assay_code span_new(struct gpu_device *device, struct gpu_span **ret,
				struct assay_err *err)
{
	*ret = (struct gpu_span *)&nothing.span;
	return ASSAY_OK;
}

static void span_free(struct gpu_span *span)
{
}

static enum assay_code span_mark(struct gpu_stream *stream, struct gpu_span *span,
				 struct assay_err *err)
{
	return ASSAY_OK;
}

static enum assay_code span_ns(struct gpu_span *span, double *ret_ns, struct assay_err *err)
{
	*ret_ns = NAN;
	return ASSAY_OK;
}

static enum assay_code span_times(struct gpu_span *origin, struct gpu_span *span,
				  double *ret_begin_ns, double *ret_end_ns, struct assay_err *err)
{
	*ret_begin_ns = *ret_end_ns = NAN;
	return ASSAY_OK;
}

static enum assay_code graph_new(struct gpu_stream *stream, const struct gpu_launch *launches,
				 size_t n, struct gpu_graph **ret, struct assay_err *err)
{
	*ret = (struct gpu_graph *)&nothing.graph;
	return ASSAY_OK;
}

static void graph_free(struct gpu_graph *graph)
{
}

static enum assay_code graph_run(struct gpu_stream *stream, struct gpu_graph *graph,
				 struct assay_err *err)
{
	return ASSAY_OK;
}

static enum assay_code gate_close(struct gpu_stream *stream, struct gpu_gate **ret,
				  struct assay_err *err)
{
	*ret = (struct gpu_gate *)&nothing.gate;
	return ASSAY_OK;
}

static enum assay_code gate_open(struct gpu_gate *gate, struct assay_err *err)
{
	return ASSAY_OK;
}

static enum assay_code product_new(struct gpu_device *device, enum gpu_type type, size_t n,
				   struct gpu_product **ret, struct assay_err *err)
{
	*ret = (struct gpu_product *)&nothing.product;
	return ASSAY_OK;
}

static void product_free(struct gpu_product *product)
{
}

static enum assay_code product_run(struct gpu_stream *stream, struct gpu_product *product,
				   struct gpu_buffer *a, struct gpu_buffer *b, struct gpu_buffer *c,
				   struct assay_err *err)
{
	return ASSAY_OK;
}

static const struct gpu_ops ops = {
	.computes = false,
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
	.span_new = span_new,
	.span_free = span_free,
	.span_begin = span_mark,
	.span_end = span_mark,
	.span_times = span_times,
	.span_ns = span_ns,
	.graph_new = graph_new,
	.graph_free = graph_free,
	.graph_run = graph_run,
	.product_new = product_new,
	.product_free = product_free,
	.product_run = product_run,
	.gate_close = gate_close,
	.gate_open = gate_open,
};

const struct assay_subject assay_subject_gpu_null = {
	.brief = "does nothing: the cost of the harness",
	.ops = &ops,
	.is_null = true,
};
