/* SPDX-License-Identifier: MIT */
/* opencl_device: what the files of the OpenCL device share. */
#ifndef ASSAY_SUITES_GPU_OPENCL_DEVICE_H
#define ASSAY_SUITES_GPU_OPENCL_DEVICE_H

#include "suites/gpu/gpu.h"
#include "suites/gpu/opencl.h"
#include "suites/gpu/opencl_graph.h"

/* Memory of the host's that a buffer lends, mapped for as long as it lives. */
struct pinned {
	struct pinned *next;
	struct _cl_mem *buffer;
	void *memory;
};

struct gpu_device {
	struct opencl cl;
	struct opencl_choice choice;
	struct gpu_info info;
	struct opencl_graph_calls graphs;
	struct _cl_context *context;
	struct _cl_command_queue *mapping; /* for pinned memory */
	struct pinned *pinned;
};

struct gpu_buffer {
	struct _cl_mem *memory;
};

struct gpu_kernel {
	const char *name;
	struct _cl_program *program;
	struct _cl_kernel *kernel;
	bool grouped; /* its text looks at groups */
};

/* A launch as OpenCL counts it: `groups` NULL leaves them to the driver. */
struct opencl_range {
	size_t items[2], size[2];
	const size_t *groups;
};

struct gpu_stream {
	struct gpu_device *device;
	struct _cl_command_queue *queue;
	struct gpu_span *span; /* open now */
};

/* The first and the last command of a stretch, for their times. */
struct gpu_span {
	struct gpu_device *device;
	struct _cl_event *first, *last;
};

struct gpu_graph {
	struct gpu_device *device;
	struct _cl_command_buffer_khr *commands;
};

struct gpu_gate {
	struct gpu_device *device;
	struct _cl_event *event;
};

/* A call's status as a message: ASSAY_ENOMEM when the device's memory is full, else ASSAY_EIO. */
enum assay_code opencl_failed(struct assay_err *err, const char *call, int32_t status);
enum assay_code opencl_no_memory(struct assay_err *err);
enum assay_code opencl_set_args(struct gpu_device *device, const struct gpu_launch *launch,
				struct assay_err *err);
/* Into *range, which must outlive the call that it is for. */
void opencl_range(const struct gpu_launch *launch, struct opencl_range *range);
/* Where a command puts its event: only an open span asks for it. */
struct _cl_event **opencl_event_of(struct gpu_stream *stream, struct _cl_event **event);
/* A command is in the queue, or refused. */
enum assay_code opencl_queued(struct gpu_stream *stream, const char *call, int32_t status,
			      struct _cl_event *event, struct assay_err *err);

/* Functions of struct gpu_ops. */
enum assay_code opencl_span_new(struct gpu_device *device, struct gpu_span **ret,
				struct assay_err *err);
void opencl_span_free(struct gpu_span *span);
enum assay_code opencl_span_begin(struct gpu_stream *stream, struct gpu_span *span,
				  struct assay_err *err);
enum assay_code opencl_span_end(struct gpu_stream *stream, struct gpu_span *span,
				struct assay_err *err);
enum assay_code opencl_span_times(struct gpu_span *origin, struct gpu_span *span,
				  double *ret_begin_ns, double *ret_end_ns, struct assay_err *err);
enum assay_code opencl_span_ns(struct gpu_span *span, double *ret_ns, struct assay_err *err);
enum assay_code opencl_graph_new(struct gpu_stream *stream, const struct gpu_launch *launches,
				 size_t n, struct gpu_graph **ret, struct assay_err *err);
void opencl_graph_free(struct gpu_graph *graph);
enum assay_code opencl_graph_run(struct gpu_stream *stream, struct gpu_graph *graph,
				 struct assay_err *err);
enum assay_code opencl_gate_close(struct gpu_stream *stream, struct gpu_gate **ret,
				  struct assay_err *err);
enum assay_code opencl_gate_open(struct gpu_gate *gate, struct assay_err *err);

#endif
