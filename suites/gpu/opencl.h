/* SPDX-License-Identifier: MIT */
/*
 * opencl: the part of OpenCL 1.2 that we call, declared by hand and opened at run time, so that the
 * program builds without its headers and starts without its library. Where the headers are found at
 * build time, subjects/opencl_abi.c compares every type and number here with them.
 */
#ifndef ASSAY_SUITES_GPU_OPENCL_H
#define ASSAY_SUITES_GPU_OPENCL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/base/err.h"

/* Handles are pointers to structs with these tags in the standard headers as well. */
struct _cl_platform_id;
struct _cl_device_id;
struct _cl_context;
struct _cl_command_queue;
struct _cl_mem;
struct _cl_program;
struct _cl_kernel;
struct _cl_event;

enum {
	OPENCL_SUCCESS = 0,
	OPENCL_DEVICE_NOT_FOUND = -1,
	OPENCL_NO_DEVICE_MEMORY = -4,
	OPENCL_BUILD_FAILURE = -11,
	OPENCL_PLATFORM_NOT_FOUND = -1001, /* of the ICD loader */

	OPENCL_FALSE = 0,
	OPENCL_TRUE = 1,
	OPENCL_PLATFORM_NAME = 0x0902,
	OPENCL_DEVICE_TYPE_CPU = 1 << 1,
	OPENCL_DEVICE_TYPE_GPU = 1 << 2,
	OPENCL_DEVICE_TYPE_ACCELERATOR = 1 << 3,
	OPENCL_DEVICE_MAX_COMPUTE_UNITS = 0x1002,
	OPENCL_DEVICE_MAX_MEM_ALLOC_SIZE = 0x1010,
	OPENCL_DEVICE_GLOBAL_MEM_CACHE_SIZE = 0x101E,
	OPENCL_DEVICE_GLOBAL_MEM_SIZE = 0x101F,
	OPENCL_DEVICE_NAME = 0x102B,
	OPENCL_DRIVER_VERSION = 0x102D,
	OPENCL_DEVICE_EXTENSIONS = 0x1030,
	OPENCL_QUEUE_PROFILING_ENABLE = 1 << 1,
	OPENCL_MEM_READ_WRITE = 1 << 0,
	OPENCL_MEM_ALLOC_HOST_PTR = 1 << 4,
	OPENCL_MAP_READ = 1 << 0,
	OPENCL_MAP_WRITE = 1 << 1,
	OPENCL_COMPLETE = 0,
	OPENCL_PROGRAM_BUILD_LOG = 0x1183,
	OPENCL_PROFILING_COMMAND_START = 0x1282,
	OPENCL_PROFILING_COMMAND_END = 0x1283,
};

/* What the standard calls cl_bitfield and cl_*_properties; unsigned long on 64-bit Linux. */
typedef uint64_t opencl_bits;

/* Every function: X(result, field, symbol, parameters). */
#define OPENCL_CALLS(X)                                                                            \
	X(int32_t, get_platforms, clGetPlatformIDs,                                                \
	  (uint32_t, struct _cl_platform_id **, uint32_t *))                                       \
	X(int32_t, get_platform_info, clGetPlatformInfo,                                           \
	  (struct _cl_platform_id *, uint32_t, size_t, void *, size_t *))                          \
	X(int32_t, get_devices, clGetDeviceIDs,                                                    \
	  (struct _cl_platform_id *, opencl_bits, uint32_t, struct _cl_device_id **, uint32_t *))  \
	X(int32_t, get_device_info, clGetDeviceInfo,                                               \
	  (struct _cl_device_id *, uint32_t, size_t, void *, size_t *))                            \
	X(struct _cl_context *, create_context, clCreateContext,                                   \
	  (const intptr_t *, uint32_t, struct _cl_device_id *const *,                              \
	   void (*)(const char *, const void *, size_t, void *), void *, int32_t *))               \
	X(struct _cl_command_queue *, create_queue, clCreateCommandQueue,                          \
	  (struct _cl_context *, struct _cl_device_id *, opencl_bits, int32_t *))                  \
	X(struct _cl_mem *, create_buffer, clCreateBuffer,                                         \
	  (struct _cl_context *, opencl_bits, size_t, void *, int32_t *))                          \
	X(int32_t, write_buffer, clEnqueueWriteBuffer,                                             \
	  (struct _cl_command_queue *, struct _cl_mem *, uint32_t, size_t, size_t, const void *,   \
	   uint32_t, struct _cl_event *const *, struct _cl_event **))                              \
	X(int32_t, read_buffer, clEnqueueReadBuffer,                                               \
	  (struct _cl_command_queue *, struct _cl_mem *, uint32_t, size_t, size_t, void *,         \
	   uint32_t, struct _cl_event *const *, struct _cl_event **))                              \
	X(int32_t, copy_buffer, clEnqueueCopyBuffer,                                               \
	  (struct _cl_command_queue *, struct _cl_mem *, struct _cl_mem *, size_t, size_t, size_t, \
	   uint32_t, struct _cl_event *const *, struct _cl_event **))                              \
	X(int32_t, fill_buffer, clEnqueueFillBuffer,                                               \
	  (struct _cl_command_queue *, struct _cl_mem *, const void *, size_t, size_t, size_t,     \
	   uint32_t, struct _cl_event *const *, struct _cl_event **))                              \
	X(void *, map_buffer, clEnqueueMapBuffer,                                                  \
	  (struct _cl_command_queue *, struct _cl_mem *, uint32_t, opencl_bits, size_t, size_t,    \
	   uint32_t, struct _cl_event *const *, struct _cl_event **, int32_t *))                   \
	X(int32_t, unmap, clEnqueueUnmapMemObject,                                                 \
	  (struct _cl_command_queue *, struct _cl_mem *, void *, uint32_t,                         \
	   struct _cl_event *const *, struct _cl_event **))                                        \
	X(int32_t, mark, clEnqueueMarkerWithWaitList,                                              \
	  (struct _cl_command_queue *, uint32_t, struct _cl_event *const *, struct _cl_event **))  \
	X(int32_t, hold, clEnqueueBarrierWithWaitList,                                             \
	  (struct _cl_command_queue *, uint32_t, struct _cl_event *const *, struct _cl_event **))  \
	X(struct _cl_event *, create_user_event, clCreateUserEvent,                                \
	  (struct _cl_context *, int32_t *))                                                       \
	X(int32_t, set_user_event, clSetUserEventStatus, (struct _cl_event *, int32_t))            \
	X(int32_t, flush, clFlush, (struct _cl_command_queue *))                                   \
	X(int32_t, finish, clFinish, (struct _cl_command_queue *))                                 \
	X(int32_t, retain_event, clRetainEvent, (struct _cl_event *))                              \
	X(void *, get_extension, clGetExtensionFunctionAddressForPlatform,                         \
	  (struct _cl_platform_id *, const char *))                                                \
	X(struct _cl_program *, create_program, clCreateProgramWithSource,                         \
	  (struct _cl_context *, uint32_t, const char **, const size_t *, int32_t *))              \
	X(int32_t, build_program, clBuildProgram,                                                  \
	  (struct _cl_program *, uint32_t, struct _cl_device_id *const *, const char *,            \
	   void (*)(struct _cl_program *, void *), void *))                                        \
	X(int32_t, get_build_info, clGetProgramBuildInfo,                                          \
	  (struct _cl_program *, struct _cl_device_id *, uint32_t, size_t, void *, size_t *))      \
	X(struct _cl_kernel *, create_kernel, clCreateKernel,                                      \
	  (struct _cl_program *, const char *, int32_t *))                                         \
	X(int32_t, set_arg, clSetKernelArg, (struct _cl_kernel *, uint32_t, size_t, const void *)) \
	X(int32_t, launch, clEnqueueNDRangeKernel,                                                 \
	  (struct _cl_command_queue *, struct _cl_kernel *, uint32_t, const size_t *,              \
	   const size_t *, const size_t *, uint32_t, struct _cl_event *const *,                    \
	   struct _cl_event **))                                                                   \
	X(int32_t, get_profiling, clGetEventProfilingInfo,                                         \
	  (struct _cl_event *, uint32_t, size_t, void *, size_t *))                                \
	X(int32_t, release_event, clReleaseEvent, (struct _cl_event *))                            \
	X(int32_t, release_kernel, clReleaseKernel, (struct _cl_kernel *))                         \
	X(int32_t, release_program, clReleaseProgram, (struct _cl_program *))                      \
	X(int32_t, release_buffer, clReleaseMemObject, (struct _cl_mem *))                         \
	X(int32_t, release_queue, clReleaseCommandQueue, (struct _cl_command_queue *))             \
	X(int32_t, release_context, clReleaseContext, (struct _cl_context *))

#define OPENCL_FIELD(result, field, symbol, parameters) result(*field) parameters;
struct opencl {
	void *library;
	OPENCL_CALLS(OPENCL_FIELD)
};

/* Open `library` ("libOpenCL.so.1") and find every function. ASSAY_SKIP says what is missing. */
enum assay_code opencl_load(const char *library, struct opencl *ret, struct assay_err *err);
void opencl_unload(struct opencl *cl);

/* The device to measure on. Texts are for people. */
struct opencl_choice {
	struct _cl_platform_id *platform;
	struct _cl_device_id *device;
	unsigned devices; /* there are of its kind */
	uint32_t units;
	uint64_t max_alloc_bytes, memory_bytes;
	uint64_t cache_bytes, cache_most_bytes; /* as in struct gpu_info */
	bool half, doubles;                     /* computes with floats of 16 bits, of 64 */
	char text[200];
};

/*
 * Device `number` of the GPUs of all platforms; where there is none, of the accelerators, else of the CPUs.
 * ASSAY_SKIP when there is no platform, no device or not that many, and why.
 */
enum assay_code opencl_choose(const struct opencl *cl, unsigned number, struct opencl_choice *ret,
			      struct assay_err *err);

#endif
