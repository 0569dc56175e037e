/* SPDX-License-Identifier: MIT */
/*
 * opencl_graph: command buffers (cl_khr_command_buffer), OpenCL's graphs. An extension: its functions are asked
 * of the platform, and a platform without them is not an error.
 */
#ifndef ASSAY_SUITES_GPU_OPENCL_GRAPH_H
#define ASSAY_SUITES_GPU_OPENCL_GRAPH_H

#include "suites/gpu/opencl.h"

struct _cl_command_buffer_khr;

enum {
	OPENCL_COMMAND_BUFFER_FLAGS = 0x1293,
	OPENCL_COMMAND_BUFFER_SIMULTANEOUS_USE = 1,
	OPENCL_DEVICE_COMMAND_BUFFER_CAPABILITIES = 0x12A9,
	OPENCL_CAN_USE_SIMULTANEOUSLY = 1 << 2,
};

/* Every function: X(result, field, symbol, parameters), as in opencl.h. */
#define OPENCL_GRAPH_CALLS(X)                                                                \
	X(struct _cl_command_buffer_khr *, create, clCreateCommandBufferKHR,                 \
	  (uint32_t, struct _cl_command_queue *const *, const uint64_t *, int32_t *))        \
	X(int32_t, finalise, clFinalizeCommandBufferKHR, (struct _cl_command_buffer_khr *))  \
	X(int32_t, release, clReleaseCommandBufferKHR, (struct _cl_command_buffer_khr *))    \
	X(int32_t, enqueue, clEnqueueCommandBufferKHR,                                       \
	  (uint32_t, struct _cl_command_queue **, struct _cl_command_buffer_khr *, uint32_t, \
	   struct _cl_event *const *, struct _cl_event **))                                  \
	X(int32_t, add_kernel, clCommandNDRangeKernelKHR,                                    \
	  (struct _cl_command_buffer_khr *, struct _cl_command_queue *, const uint64_t *,    \
	   struct _cl_kernel *, uint32_t, const size_t *, const size_t *, const size_t *,    \
	   uint32_t, const uint32_t *, uint32_t *, void *))

#define OPENCL_GRAPH_FIELD(result, field, symbol, parameters) result(*field) parameters;
struct opencl_graph_calls {
	OPENCL_GRAPH_CALLS(OPENCL_GRAPH_FIELD)
};

/* Every function of the extension, or false when the platform has not all of them. */
bool opencl_graph_load(const struct opencl *cl, struct _cl_platform_id *platform,
		       struct opencl_graph_calls *ret);

#endif
