/* SPDX-License-Identifier: MIT */
/*
 * cuda: the part of the CUDA driver API that we call, declared by hand and opened at run time, so that the program
 * builds without a toolkit and starts without a driver. Names carry the version they are pinned to. Where a
 * toolkit is found, tests/suites/gpu/cuda_abi.c compares every type and number here with its headers.
 */
#ifndef ASSAY_SUITES_GPU_CUDA_H
#define ASSAY_SUITES_GPU_CUDA_H

#include <stddef.h>
#include <stdint.h>

#include "harness/base/err.h"

/* Handles are pointers to structs with these tags in the toolkit's headers as well. */
struct CUctx_st;
struct CUmod_st;
struct CUfunc_st;
struct CUstream_st;
struct CUevent_st;
struct CUgraph_st;
struct CUgraphExec_st;

/* An address in a device's memory; the toolkit has it as this type, which uint64_t is not. */
typedef unsigned long long cuda_address;

enum {
	CUDRV_SUCCESS = 0,
	CUDRV_INVALID_VALUE = 1,
	CUDRV_OUT_OF_MEMORY = 2,
	CUDRV_NOT_INITIALIZED = 3,
	CUDRV_STUB_LIBRARY = 34,
	CUDRV_DEVICE_UNAVAILABLE = 46,
	CUDRV_NO_DEVICE = 100,
	CUDRV_INVALID_DEVICE = 101,
	CUDRV_INVALID_IMAGE = 200,
	CUDRV_INVALID_CONTEXT = 201,
	CUDRV_NO_BINARY_FOR_GPU = 209,
	CUDRV_ECC_UNCORRECTABLE = 214,
	CUDRV_UNSUPPORTED_PTX = 222,
	CUDRV_INVALID_HANDLE = 400,
	CUDRV_NOT_FOUND = 500,
	CUDRV_NOT_READY = 600,
	CUDRV_ILLEGAL_ADDRESS = 700,
	CUDRV_PEER_ALREADY = 704,
	CUDRV_LAUNCH_TIMEOUT = 702,
	CUDRV_LAUNCH_FAILED = 719,
	CUDRV_NOT_PERMITTED = 800,
	CUDRV_NOT_SUPPORTED = 801,
	CUDRV_SYSTEM_NOT_READY = 802,
	CUDRV_DRIVER_MISMATCH = 803,
	CUDRV_CAPTURE_UNSUPPORTED = 900,
	CUDRV_CAPTURE_UNMATCHED = 903,
	CUDRV_UNKNOWN = 999,
};

enum {
	CUDRV_MAX_THREADS_PER_BLOCK = 1,
	CUDRV_CLOCK_RATE = 13, /* kHz */
	CUDRV_MULTIPROCESSOR_COUNT = 16,
	CUDRV_ECC_ENABLED = 32,
	CUDRV_MEMORY_CLOCK_RATE = 36, /* kHz */
	CUDRV_MEMORY_BUS_WIDTH = 37,  /* bits */
	CUDRV_L2_CACHE_SIZE = 38,
	CUDRV_CAPABILITY_MAJOR = 75,
	CUDRV_CAPABILITY_MINOR = 76,
	CUDRV_SINGLE_TO_DOUBLE = 87, /* ratio of their speeds */
	CUDRV_MEMORY_POOLS = 115,

	CUDRV_STREAM_NON_BLOCKING = 1,
	CUDRV_EVENT_DEFAULT = 0,
	CUDRV_EVENT_DISABLE_TIMING = 2,
	CUDRV_HOST_ALLOC_PORTABLE = 1,
	CUDRV_HOST_ALLOC_DEVICEMAP = 2,
	CUDRV_WAIT_VALUE_GEQ = 0,
	CUDRV_CAPTURE_THREAD_LOCAL = 1,
	CUDRV_FUNC_LOCAL_BYTES = 3,
	CUDRV_FUNC_REGISTERS = 4,
};

/* Every function: X(field, symbol, parameters). All return a status. The newest is of CUDA 11.7. */
#define CUDA_CALLS(X)                                                                             \
	X(init, cuInit, (unsigned))                                                               \
	X(driver_version, cuDriverGetVersion, (int *))                                            \
	X(error_name, cuGetErrorName, (unsigned, const char **))                                  \
	X(error_text, cuGetErrorString, (unsigned, const char **))                                \
	X(device_count, cuDeviceGetCount, (int *))                                                \
	X(device_get, cuDeviceGet, (int *, int))                                                  \
	X(device_name, cuDeviceGetName, (char *, int, int))                                       \
	X(device_memory, cuDeviceTotalMem_v2, (size_t *, int))                                    \
	X(device_attribute, cuDeviceGetAttribute, (int *, unsigned, int))                         \
	X(device_bus, cuDeviceGetPCIBusId, (char *, int, int))                                    \
	X(context_retain, cuDevicePrimaryCtxRetain, (struct CUctx_st **, int))                    \
	X(context_release, cuDevicePrimaryCtxRelease_v2, (int))                                   \
	X(context_set, cuCtxSetCurrent, (struct CUctx_st *))                                      \
	X(cache_reset, cuCtxResetPersistingL2Cache, (void))                                       \
	X(memory_info, cuMemGetInfo_v2, (size_t *, size_t *))                                     \
	X(alloc, cuMemAlloc_v2, (cuda_address *, size_t))                                         \
	X(release, cuMemFree_v2, (cuda_address))                                                  \
	X(alloc_async, cuMemAllocAsync, (cuda_address *, size_t, struct CUstream_st *))           \
	X(release_async, cuMemFreeAsync, (cuda_address, struct CUstream_st *))                    \
	X(host_alloc, cuMemHostAlloc, (void **, size_t, unsigned))                                \
	X(host_release, cuMemFreeHost, (void *))                                                  \
	X(host_address, cuMemHostGetDevicePointer_v2, (cuda_address *, void *, unsigned))         \
	X(copy_in, cuMemcpyHtoDAsync_v2,                                                          \
	  (cuda_address, const void *, size_t, struct CUstream_st *))                             \
	X(copy_out, cuMemcpyDtoHAsync_v2, (void *, cuda_address, size_t, struct CUstream_st *))   \
	X(copy, cuMemcpyDtoDAsync_v2, (cuda_address, cuda_address, size_t, struct CUstream_st *)) \
	X(peer_possible, cuDeviceCanAccessPeer, (int *, int, int))                                \
	X(peer_enable, cuCtxEnablePeerAccess, (struct CUctx_st *, unsigned))                      \
	X(copy_peer, cuMemcpyPeerAsync,                                                           \
	  (cuda_address, struct CUctx_st *, cuda_address, struct CUctx_st *, size_t,              \
	   struct CUstream_st *))                                                                 \
	X(fill, cuMemsetD8Async, (cuda_address, unsigned char, size_t, struct CUstream_st *))     \
	X(stream_create, cuStreamCreate, (struct CUstream_st **, unsigned))                       \
	X(stream_destroy, cuStreamDestroy_v2, (struct CUstream_st *))                             \
	X(stream_query, cuStreamQuery, (struct CUstream_st *))                                    \
	X(stream_after, cuStreamWaitEvent, (struct CUstream_st *, struct CUevent_st *, unsigned)) \
	X(stream_wait_value, cuStreamWaitValue32_v2,                                              \
	  (struct CUstream_st *, cuda_address, uint32_t, unsigned))                               \
	X(event_create, cuEventCreate, (struct CUevent_st **, unsigned))                          \
	X(event_destroy, cuEventDestroy_v2, (struct CUevent_st *))                                \
	X(event_record, cuEventRecord, (struct CUevent_st *, struct CUstream_st *))               \
	X(event_elapsed, cuEventElapsedTime, (float *, struct CUevent_st *, struct CUevent_st *)) \
	X(module_load, cuModuleLoadData, (struct CUmod_st **, const void *))                      \
	X(module_unload, cuModuleUnload, (struct CUmod_st *))                                     \
	X(module_function, cuModuleGetFunction,                                                   \
	  (struct CUfunc_st **, struct CUmod_st *, const char *))                                 \
	X(function_attribute, cuFuncGetAttribute, (int *, unsigned, struct CUfunc_st *))          \
	X(launch, cuLaunchKernel,                                                                 \
	  (struct CUfunc_st *, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned,        \
	   unsigned, struct CUstream_st *, void **, void **))                                     \
	X(capture_begin, cuStreamBeginCapture_v2, (struct CUstream_st *, unsigned))               \
	X(capture_end, cuStreamEndCapture, (struct CUstream_st *, struct CUgraph_st **))          \
	X(graph_instantiate, cuGraphInstantiateWithFlags,                                         \
	  (struct CUgraphExec_st **, struct CUgraph_st *, unsigned long long))                    \
	X(graph_launch, cuGraphLaunch, (struct CUgraphExec_st *, struct CUstream_st *))           \
	X(graph_exec_destroy, cuGraphExecDestroy, (struct CUgraphExec_st *))                      \
	X(graph_destroy, cuGraphDestroy, (struct CUgraph_st *))

#define CUDA_FIELD(field, symbol, parameters) unsigned(*field) parameters;
struct cuda {
	void *library;
	int version; /* of CUDA that the driver knows: 12040 is 12.4 */
	CUDA_CALLS(CUDA_FIELD)
};

/*
 * Open `library` ("libcuda.so.1"), find every function and initialise the driver. ASSAY_SKIP says what is missing
 * and what to do. The library stays mapped for good: drivers have threads and exit handlers in it.
 */
enum assay_code cuda_load(const char *library, struct cuda *ret, struct assay_err *err);

/*
 * A status that is not success as a message: its name, the driver's words, and what to do where that is known.
 * ASSAY_ENOMEM when the device's memory is full, else ASSAY_EIO.
 */
enum assay_code cuda_failed(const struct cuda *cuda, const char *call, unsigned status,
			    struct assay_err *err);

/* How long a stream of a device of subject "cuda" is waited for; a minute unless told otherwise. */
struct gpu_device;
void cuda_set_patience_ns(struct gpu_device *device, uint64_t patience_ns);

#endif
