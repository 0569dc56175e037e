/* SPDX-License-Identifier: MIT */
/* opencl_spans: times, graphs and gates of the OpenCL device. */
#include "suites/gpu/subjects/opencl_device.h"

#if ASSAY_OPENCL

#include <stdlib.h>

enum assay_code opencl_span_new(struct gpu_device *device, struct gpu_span **ret,
				struct assay_err *err)
{
	*ret = calloc(1, sizeof(**ret));
	if (!*ret)
		return opencl_no_memory(err);
	(*ret)->device = device;
	return ASSAY_OK;
}

static void span_clear(struct gpu_span *span)
{
	if (span->first)
		span->device->cl.release_event(span->first);
	if (span->last)
		span->device->cl.release_event(span->last);
	span->first = span->last = NULL;
}

void opencl_span_free(struct gpu_span *span)
{
	if (!span)
		return;
	span_clear(span);
	free(span);
}

enum assay_code opencl_span_begin(struct gpu_stream *stream, struct gpu_span *span,
				  struct assay_err *err)
{
	if (stream->span)
		return assay_fail(err, ASSAY_EBUG, "OpenCL: a span in a span");
	span_clear(span);
	stream->span = span;
	return ASSAY_OK;
}

enum assay_code opencl_span_end(struct gpu_stream *stream, struct gpu_span *span,
				struct assay_err *err)
{
	stream->span = NULL;
	return span->first ? ASSAY_OK : assay_fail(err, ASSAY_EBUG, "OpenCL: a span of nothing");
}

/* When a span began and ended, by the device's clock. */
static enum assay_code stamps(struct gpu_span *span, uint64_t *ret_begin, uint64_t *ret_end,
			      struct assay_err *err)
{
	const struct opencl *cl = &span->device->cl;
	*ret_begin = *ret_end = 0;
	int32_t status = cl->get_profiling(span->first, OPENCL_PROFILING_COMMAND_START,
					   sizeof(*ret_begin), ret_begin, NULL);
	if (status == OPENCL_SUCCESS)
		status = cl->get_profiling(span->last, OPENCL_PROFILING_COMMAND_END,
					   sizeof(*ret_end), ret_end, NULL);
	if (status != OPENCL_SUCCESS)
		return opencl_failed(err, "clGetEventProfilingInfo", status);
	if (*ret_end < *ret_begin)
		return assay_fail(err, ASSAY_EIO, "OpenCL: the device's clock runs backwards");
	return ASSAY_OK;
}

enum assay_code opencl_span_ns(struct gpu_span *span, double *ret_ns, struct assay_err *err)
{
	uint64_t begin, end;
	enum assay_code code = stamps(span, &begin, &end, err);
	*ret_ns = (double)(end - begin);
	return code;
}

enum assay_code opencl_span_times(struct gpu_span *origin, struct gpu_span *span,
				  double *ret_begin_ns, double *ret_end_ns, struct assay_err *err)
{
	uint64_t zero, origin_end, begin = 0, end = 0;
	enum assay_code code = stamps(origin, &zero, &origin_end, err);
	if (code == ASSAY_OK)
		code = stamps(span, &begin, &end, err);
	*ret_begin_ns = (double)(int64_t)(begin - zero);
	*ret_end_ns = (double)(int64_t)(end - zero);
	return code;
}

void opencl_graph_free(struct gpu_graph *graph)
{
	if (!graph)
		return;
	if (graph->commands)
		graph->device->graphs.release(graph->commands);
	free(graph);
}

static enum assay_code add_node(struct gpu_graph *graph, struct gpu_stream *stream,
				const struct gpu_launch *launch, struct assay_err *err)
{
	struct opencl_range range;
	opencl_range(launch, &range);
	enum assay_code code = opencl_set_args(graph->device, launch, err);
	if (code != ASSAY_OK)
		return code;
	int32_t status = graph->device->graphs.add_kernel(
		graph->commands, NULL, NULL, launch->kernel->kernel, 2, NULL, range.items,
		range.groups, 0, NULL, NULL, NULL);
	return status == OPENCL_SUCCESS ? ASSAY_OK
					: opencl_failed(err, "clCommandNDRangeKernelKHR", status);
}

enum assay_code opencl_graph_new(struct gpu_stream *stream, const struct gpu_launch *launches,
				 size_t n, struct gpu_graph **ret, struct assay_err *err)
{
	/* It may be in the queue more than once. */
	static const uint64_t again[] = {OPENCL_COMMAND_BUFFER_FLAGS,
					 OPENCL_COMMAND_BUFFER_SIMULTANEOUS_USE, 0};
	struct gpu_device *device = stream->device;
	int32_t status = OPENCL_SUCCESS;
	if (device->info.lacks[GPU_HAS_GRAPHS])
		return assay_fail(err, ASSAY_SKIP, "%s", device->info.lacks[GPU_HAS_GRAPHS]);
	struct gpu_graph *graph = calloc(1, sizeof(*graph));
	if (!graph)
		return opencl_no_memory(err);
	enum assay_code code = ASSAY_OK;
	graph->device = device;
	graph->commands = device->graphs.create(1, &stream->queue, again, &status);
	if (!graph->commands)
		code = opencl_failed(err, "clCreateCommandBufferKHR", status);
	for (size_t i = 0; i < n && code == ASSAY_OK; i++)
		code = add_node(graph, stream, &launches[i], err);
	if (code == ASSAY_OK && (status = device->graphs.finalise(graph->commands)) != 0)
		code = opencl_failed(err, "clFinalizeCommandBufferKHR", status);
	if (code != ASSAY_OK) {
		opencl_graph_free(graph);
		return code;
	}
	*ret = graph;
	return ASSAY_OK;
}

enum assay_code opencl_graph_run(struct gpu_stream *stream, struct gpu_graph *graph,
				 struct assay_err *err)
{
	struct _cl_event *event;
	int32_t status = graph->device->graphs.enqueue(0, NULL, graph->commands, 0, NULL,
						       opencl_event_of(stream, &event));
	return opencl_queued(stream, "clEnqueueCommandBufferKHR", status, event, err);
}

enum assay_code opencl_gate_close(struct gpu_stream *stream, struct gpu_gate **ret,
				  struct assay_err *err)
{
	struct gpu_device *device = stream->device;
	int32_t status = OPENCL_SUCCESS;
	struct gpu_gate *gate = calloc(1, sizeof(*gate));
	if (!gate)
		return opencl_no_memory(err);
	gate->device = device;
	gate->event = device->cl.create_user_event(device->context, &status);
	if (gate->event)
		status = device->cl.hold(stream->queue, 1, &gate->event, NULL);
	if (status != OPENCL_SUCCESS) {
		if (gate->event)
			device->cl.release_event(gate->event);
		free(gate);
		return opencl_failed(err, "clCreateUserEvent", status);
	}
	*ret = gate;
	return ASSAY_OK;
}

enum assay_code opencl_gate_open(struct gpu_gate *gate, struct assay_err *err)
{
	int32_t status = gate->device->cl.set_user_event(gate->event, OPENCL_COMPLETE);
	gate->device->cl.release_event(gate->event);
	free(gate);
	return status == OPENCL_SUCCESS ? ASSAY_OK
					: opencl_failed(err, "clSetUserEventStatus", status);
}

#endif
