/* SPDX-License-Identifier: MIT */
/* host: one CPU core as a device, by plain C: what the same kernel costs without any device. */
#include <stdlib.h>

#include "harness/base/clock.h"
#include "suites/gpu/gpu.h"
#include "suites/gpu/subjects/host_product.h"

enum { ALIGNMENT = 4096 };

struct gpu_device {
	struct gpu_info info;
	unsigned buffers; /* alive */
};

struct gpu_buffer {
	size_t offset; /* of the first byte in memory */
	void *memory;
};

struct gpu_kernel {
	const struct gpu_kernel_source *source;
};

/* Everything is done when the call returns: a stream has nothing to hold. */
struct gpu_stream {
	struct gpu_device *device;
};

struct gpu_span {
	uint64_t begin_ns, end_ns;
};

struct gpu_graph {
	size_t n;
	struct node {
		struct gpu_kernel *kernel;
		size_t items;
		union gpu_host_arg args[GPU_MAX_ARGS];
	} nodes[];
};

static enum assay_code no_memory(struct assay_err *err)
{
	return assay_fail(err, ASSAY_ENOMEM, "host device: out of memory");
}

static enum assay_code count(unsigned *ret, struct assay_err *err)
{
	*ret = 1;
	return ASSAY_OK;
}

static enum assay_code open_device(unsigned number, struct gpu_device **ret, struct assay_err *err)
{
	struct gpu_device *device = calloc(1, sizeof(*device));
	if (!device)
		return no_memory(err);
	device->info = (struct gpu_info){
		.text = "host: this CPU, plain C on one core",
		.units = 1,
		.no_limit = "what a core can do is measured by memory/bandwidth and memory/flops",
		.lacks = {[GPU_HAS_PINNED] = "all memory is the host's",
			  [GPU_HAS_MAPPED] = "all memory is the host's",
			  [GPU_HAS_POOL] = "the host device has no pool",
			  [GPU_HAS_STREAMS] = "one core does one thing at a time",
			  [GPU_HAS_GATES] = "the host device does at once what it is told",
			  [GPU_HAS_HALF] = "kernels of the host device are plain C",
			  [GPU_HAS_PEERS] = "there is one host",
			  [GPU_HAS_CLOCK] = "kernels of the host cannot read its clocks",
			  [GPU_HAS_MATRIX] = "the host's kernels are plain C"},
	};
	*ret = device;
	return ASSAY_OK;
}

static void close_device(struct gpu_device *device)
{
	free(device);
}

static const struct gpu_info *info(const struct gpu_device *device)
{
	return &device->info;
}

static enum assay_code alloc(struct gpu_device *device, enum gpu_memory kind, size_t bytes,
			     struct gpu_buffer **ret, struct assay_err *err)
{
	if (kind != GPU_PLAIN)
		return assay_fail(err, ASSAY_SKIP, "all memory is the host's");
	struct gpu_buffer *buffer = calloc(1, sizeof(*buffer));
	/* Each array starts a few lines further into its page: no 4 KiB aliasing between them. */
	size_t stagger = 8 * ASSAY_CACHE_LINE * (device->buffers % 4);
	size_t room = (bytes + stagger + ALIGNMENT) / ALIGNMENT * ALIGNMENT;
	if (buffer)
		buffer->memory = aligned_alloc(ALIGNMENT, room);
	if (!buffer || !buffer->memory) {
		free(buffer);
		return no_memory(err);
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
	return assay_fail(err, ASSAY_SKIP, "%s", device->info.lacks[GPU_HAS_PINNED]);
}

static void unpin(struct gpu_device *device, void *memory)
{
}

static enum assay_code stream_new(struct gpu_device *device, struct gpu_stream **ret,
				  struct assay_err *err)
{
	*ret = calloc(1, sizeof(**ret));
	if (!*ret)
		return no_memory(err);
	(*ret)->device = device;
	return ASSAY_OK;
}

static void stream_free(struct gpu_stream *stream)
{
	free(stream);
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
	memcpy(start_of(to), from, bytes);
	return ASSAY_OK;
}

static enum assay_code read_buffer(struct gpu_stream *stream, void *to, struct gpu_buffer *from,
				   size_t bytes, struct assay_err *err)
{
	memcpy(to, start_of(from), bytes);
	return ASSAY_OK;
}

static enum assay_code copy(struct gpu_stream *stream, struct gpu_buffer *to,
			    struct gpu_buffer *from, size_t bytes, struct assay_err *err)
{
	memcpy(start_of(to), start_of(from), bytes);
	return ASSAY_OK;
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
	memset(start_of(to), byte, bytes);
	return ASSAY_OK;
}

static enum assay_code build(struct gpu_device *device, const struct gpu_kernel_source *source,
			     struct gpu_kernel **ret, struct assay_err *err)
{
	if (source->min_arch)
		return assay_fail(err, ASSAY_SKIP, "%s", device->info.lacks[GPU_HAS_MATRIX]);
	if (!source->host)
		return assay_fail(err, ASSAY_SKIP, "kernel %s has no host version", source->name);
	*ret = calloc(1, sizeof(**ret));
	if (!*ret)
		return no_memory(err);
	(*ret)->source = source;
	return ASSAY_OK;
}

static void unbuild(struct gpu_device *device, struct gpu_kernel *kernel)
{
	free(kernel);
}

/* What a launch is when it has left its caller. */
static enum assay_code make_node(const struct gpu_launch *launch, struct node *node,
				 struct assay_err *err)
{
	node->kernel = launch->kernel;
	node->items =
		(size_t)launch->groups[0] * launch->size[0] * launch->groups[1] * launch->size[1];
	if (launch->n_args > GPU_MAX_ARGS)
		return assay_fail(err, ASSAY_EBUG, "kernel %s with %u arguments",
				  launch->kernel->source->name, launch->n_args);
	for (size_t i = 0; i < launch->n_args; i++) {
		const struct gpu_arg *arg = &launch->args[i];
		if (arg->type == GPU_BUFFER)
			node->args[i].memory = start_of(arg->value.buffer);
		else if (arg->type == GPU_FLOAT)
			node->args[i].f = arg->value.f;
		else
			node->args[i].u = arg->value.u;
	}
	return ASSAY_OK;
}

static enum assay_code launch_kernel(struct gpu_stream *stream, const struct gpu_launch *launch,
				     struct assay_err *err)
{
	struct node node;
	enum assay_code code = make_node(launch, &node, err);
	if (code == ASSAY_OK)
		node.kernel->source->host(node.args, node.items);
	assay_clobber();
	return code;
}

static enum assay_code span_new(struct gpu_device *device, struct gpu_span **ret,
				struct assay_err *err)
{
	*ret = calloc(1, sizeof(**ret));
	return *ret ? ASSAY_OK : no_memory(err);
}

static void span_free(struct gpu_span *span)
{
	free(span);
}

static enum assay_code span_begin(struct gpu_stream *stream, struct gpu_span *span,
				  struct assay_err *err)
{
	span->begin_ns = assay_now_ns();
	return ASSAY_OK;
}

static enum assay_code span_end(struct gpu_stream *stream, struct gpu_span *span,
				struct assay_err *err)
{
	span->end_ns = assay_now_ns();
	return ASSAY_OK;
}

static enum assay_code span_ns(struct gpu_span *span, double *ret_ns, struct assay_err *err)
{
	*ret_ns = (double)(span->end_ns - span->begin_ns);
	return ASSAY_OK;
}

static enum assay_code span_times(struct gpu_span *origin, struct gpu_span *span,
				  double *ret_begin_ns, double *ret_end_ns, struct assay_err *err)
{
	*ret_begin_ns = (double)(int64_t)(span->begin_ns - origin->begin_ns);
	*ret_end_ns = (double)(int64_t)(span->end_ns - origin->begin_ns);
	return ASSAY_OK;
}

static enum assay_code graph_new(struct gpu_stream *stream, const struct gpu_launch *launches,
				 size_t n, struct gpu_graph **ret, struct assay_err *err)
{
	enum assay_code code = ASSAY_OK;
	struct gpu_graph *graph = calloc(1, sizeof(*graph) + n * sizeof(graph->nodes[0]));
	if (!graph)
		return no_memory(err);
	graph->n = n;
	for (size_t i = 0; i < n && code == ASSAY_OK; i++)
		code = make_node(&launches[i], &graph->nodes[i], err);
	if (code != ASSAY_OK) {
		free(graph);
		return code;
	}
	*ret = graph;
	return ASSAY_OK;
}

static void graph_free(struct gpu_graph *graph)
{
	free(graph);
}

static enum assay_code graph_run(struct gpu_stream *stream, struct gpu_graph *graph,
				 struct assay_err *err)
{
	for (size_t i = 0; i < graph->n; i++)
		graph->nodes[i].kernel->source->host(graph->nodes[i].args, graph->nodes[i].items);
	assay_clobber();
	return ASSAY_OK;
}

struct gpu_product {
	struct host_blas blas;
	size_t n;
};

static enum assay_code product_new(struct gpu_device *device, enum gpu_type type, size_t n,
				   struct gpu_product **ret, struct assay_err *err)
{
	struct host_blas blas;
	if (type != GPU_FP32)
		return assay_fail(err, ASSAY_SKIP, "OpenBLAS does not multiply %s",
				  gpu_type_name(type));
	enum assay_code code = host_blas_load("libopenblas.so.0", &blas, err);
	if (code != ASSAY_OK)
		return code;
	*ret = calloc(1, sizeof(**ret));
	if (!*ret)
		return no_memory(err);
	**ret = (struct gpu_product){blas, n};
	return ASSAY_OK;
}

static void product_free(struct gpu_product *product)
{
	free(product);
}

static enum assay_code product_run(struct gpu_stream *stream, struct gpu_product *product,
				   struct gpu_buffer *a, struct gpu_buffer *b, struct gpu_buffer *c,
				   struct assay_err *err)
{
	host_blas_product(&product->blas, start_of(a), start_of(b), start_of(c), product->n);
	assay_clobber();
	return ASSAY_OK;
}

static enum assay_code gate_close(struct gpu_stream *stream, struct gpu_gate **ret,
				  struct assay_err *err)
{
	return assay_fail(err, ASSAY_SKIP, "%s", stream->device->info.lacks[GPU_HAS_GATES]);
}

static enum assay_code gate_open(struct gpu_gate *gate, struct assay_err *err)
{
	return assay_fail(err, ASSAY_EBUG, "the host device has no gates");
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
	.span_new = span_new,
	.span_free = span_free,
	.span_begin = span_begin,
	.span_end = span_end,
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

const struct assay_subject assay_subject_gpu_host = {
	.brief = "this CPU, no device: kernels as plain C on one core",
	.ops = &ops,
};
