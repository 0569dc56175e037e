/* SPDX-License-Identifier: MIT */
/* cuda_spans: times, graphs and gates of the CUDA device. */
#include "suites/gpu/subjects/cuda_device.h"

#include <stdlib.h>

void cuda_span_free(struct gpu_span *span)
{
	if (!span)
		return;
	if (span->first)
		cuda_use(span->device)->event_destroy(span->first);
	if (span->last)
		cuda_use(span->device)->event_destroy(span->last);
	free(span);
}

enum assay_code cuda_span_new(struct gpu_device *device, struct gpu_span **ret,
			      struct assay_err *err)
{
	struct gpu_span *span = calloc(1, sizeof(*span));
	if (!span)
		return cuda_no_memory(err);
	span->device = device;
	unsigned status = cuda_use(device)->event_create(&span->first, CUDRV_EVENT_DEFAULT);
	if (status == CUDRV_SUCCESS)
		status = cuda_use(device)->event_create(&span->last, CUDRV_EVENT_DEFAULT);
	if (status != CUDRV_SUCCESS) {
		cuda_span_free(span);
		return cuda_failed(&device->cuda, "cuEventCreate", status, err);
	}
	*ret = span;
	return ASSAY_OK;
}

enum assay_code cuda_span_begin(struct gpu_stream *stream, struct gpu_span *span,
				struct assay_err *err)
{
	return cuda_done(stream->device, "cuEventRecord",
			 cuda_use(stream->device)->event_record(span->first, stream->stream), err);
}

enum assay_code cuda_span_end(struct gpu_stream *stream, struct gpu_span *span,
			      struct assay_err *err)
{
	return cuda_done(stream->device, "cuEventRecord",
			 cuda_use(stream->device)->event_record(span->last, stream->stream), err);
}

enum assay_code cuda_span_ns(struct gpu_span *span, double *ret_ns, struct assay_err *err)
{
	float ms = 0;
	unsigned status = cuda_use(span->device)->event_elapsed(&ms, span->first, span->last);
	*ret_ns = 1e6 * (double)ms;
	return cuda_done(span->device, "cuEventElapsedTime", status, err);
}

enum assay_code cuda_span_times(struct gpu_span *origin, struct gpu_span *span,
				double *ret_begin_ns, double *ret_end_ns, struct assay_err *err)
{
	float begin_ms = 0, end_ms = 0;
	const struct cuda *cuda = cuda_use(span->device);
	unsigned status = cuda->event_elapsed(&begin_ms, origin->first, span->first);
	if (status == CUDRV_SUCCESS)
		status = cuda->event_elapsed(&end_ms, origin->first, span->last);
	*ret_begin_ns = 1e6 * (double)begin_ms;
	*ret_end_ns = 1e6 * (double)end_ms;
	return cuda_done(span->device, "cuEventElapsedTime", status, err);
}

void cuda_graph_free(struct gpu_graph *graph)
{
	if (!graph)
		return;
	if (graph->graph && !graph->device->hung)
		cuda_use(graph->device)->graph_exec_destroy(graph->graph);
	free(graph);
}

/* What a stream is given between the two calls becomes the graph instead of being done. */
static enum assay_code capture(struct gpu_stream *stream, const struct gpu_launch *launches,
			       size_t n, struct CUgraph_st **ret, struct assay_err *err)
{
	struct gpu_device *device = stream->device;
	enum assay_code code = cuda_done(
		device, "cuStreamBeginCapture",
		cuda_use(device)->capture_begin(stream->stream, CUDRV_CAPTURE_THREAD_LOCAL), err);
	if (code != ASSAY_OK)
		return code;
	for (size_t i = 0; i < n && code == ASSAY_OK; i++)
		code = cuda_launch_kernel(stream, &launches[i], err);
	unsigned status = cuda_use(device)->capture_end(stream->stream, ret);
	return code == ASSAY_OK ? cuda_done(device, "cuStreamEndCapture", status, err) : code;
}

enum assay_code cuda_graph_new(struct gpu_stream *stream, const struct gpu_launch *launches,
			       size_t n, struct gpu_graph **ret, struct assay_err *err)
{
	struct gpu_device *device = stream->device;
	struct CUgraph_st *captured = NULL;
	struct gpu_graph *graph = calloc(1, sizeof(*graph));
	if (!graph)
		return cuda_no_memory(err);
	graph->device = device;
	enum assay_code code = capture(stream, launches, n, &captured, err);
	if (code == ASSAY_OK)
		code = cuda_done(device, "cuGraphInstantiate",
				 cuda_use(device)->graph_instantiate(&graph->graph, captured, 0),
				 err);
	if (captured)
		cuda_use(device)->graph_destroy(captured);
	if (code != ASSAY_OK) {
		cuda_graph_free(graph);
		return code;
	}
	*ret = graph;
	return ASSAY_OK;
}

enum assay_code cuda_graph_run(struct gpu_stream *stream, struct gpu_graph *graph,
			       struct assay_err *err)
{
	return cuda_done(stream->device, "cuGraphLaunch",
			 cuda_use(stream->device)->graph_launch(graph->graph, stream->stream), err);
}

enum assay_code cuda_gate_close(struct gpu_stream *stream, struct gpu_gate **ret,
				struct assay_err *err)
{
	struct gpu_device *device = stream->device;
	struct gpu_gate *gate = malloc(sizeof(*gate));
	if (!gate)
		return cuda_no_memory(err);
	*gate = (struct gpu_gate){&device->gates[stream->gate], stream->closed + 1};
	unsigned status = cuda_use(device)->stream_wait_value(
		stream->stream, device->gates_address + stream->gate * sizeof(uint32_t),
		gate->number, CUDRV_WAIT_VALUE_GEQ);
	if (status != CUDRV_SUCCESS) {
		free(gate);
		return cuda_failed(&device->cuda, "cuStreamWaitValue32", status, err);
	}
	stream->closed++;
	*ret = gate;
	return ASSAY_OK;
}

enum assay_code cuda_gate_open(struct gpu_gate *gate, struct assay_err *err)
{
	atomic_store(gate->word, gate->number);
	free(gate);
	return ASSAY_OK;
}
