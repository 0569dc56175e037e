/* SPDX-License-Identifier: MIT */
/* cupti_abi: compares our declarations of CUPTI with the toolkit's headers. */
#include <cuda.h>
#include <cupti.h>

/* cupti_profiler_host.h is C but for one include of a header of C++ that it does not need. */
#include <cupti_profiler_host.h>
#include <cupti_range_profiler.h>
#include <cupti_target.h>

#include "profiler/cupti.h"
#include "profiler/cupti_range.h"

#define SAME_NUMBER(ours, theirs) \
	_Static_assert((unsigned)(ours) == (unsigned)(theirs), #theirs " differs")
SAME_NUMBER(CUPTI_OK, CUPTI_SUCCESS);
SAME_NUMBER(CUPTI_OUT_OF_MEMORY, CUPTI_ERROR_OUT_OF_MEMORY);
SAME_NUMBER(CUPTI_LIMIT_REACHED, CUPTI_ERROR_MAX_LIMIT_REACHED);
SAME_NUMBER(CUPTI_NOT_COMPATIBLE, CUPTI_ERROR_NOT_COMPATIBLE);
SAME_NUMBER(CUPTI_NOT_INITIALIZED, CUPTI_ERROR_NOT_INITIALIZED);
SAME_NUMBER(CUPTI_INVALID_METRIC, CUPTI_ERROR_INVALID_METRIC_NAME);
SAME_NUMBER(CUPTI_INVALID_KIND, CUPTI_ERROR_INVALID_KIND);
SAME_NUMBER(CUPTI_HARDWARE_BUSY, CUPTI_ERROR_HARDWARE_BUSY);
SAME_NUMBER(CUPTI_NOT_SUPPORTED, CUPTI_ERROR_NOT_SUPPORTED);
SAME_NUMBER(CUPTI_VIRTUAL_DEVICE, CUPTI_ERROR_VIRTUALIZED_DEVICE_NOT_SUPPORTED);
SAME_NUMBER(CUPTI_NO_PRIVILEGES, CUPTI_ERROR_INSUFFICIENT_PRIVILEGES);
SAME_NUMBER(CUPTI_OLD_INTERFACE, CUPTI_ERROR_LEGACY_PROFILER_NOT_SUPPORTED);
SAME_NUMBER(CUPTI_SUBSCRIBER_BUSY, CUPTI_ERROR_MULTIPLE_SUBSCRIBERS_NOT_SUPPORTED);
SAME_NUMBER(CUPTI_VIRTUAL_NO_PRIVILEGES, CUPTI_ERROR_VIRTUALIZED_DEVICE_INSUFFICIENT_PRIVILEGES);
SAME_NUMBER(CUPTI_CONFIDENTIAL, CUPTI_ERROR_CONFIDENTIAL_COMPUTING_NOT_SUPPORTED);
SAME_NUMBER(CUPTI_MIG_DEVICE, CUPTI_ERROR_MIG_DEVICE_NOT_SUPPORTED);
SAME_NUMBER(CUPTI_WSL_DEVICE, CUPTI_ERROR_WSL_DEVICE_NOT_SUPPORTED);
SAME_NUMBER(CUPTI_INVALID_CHIP, CUPTI_ERROR_INVALID_CHIP_NAME);
SAME_NUMBER(CUPTI_UNKNOWN, CUPTI_ERROR_UNKNOWN);
SAME_NUMBER(CUPTI_KIND_COPY, CUPTI_ACTIVITY_KIND_MEMCPY);
SAME_NUMBER(CUPTI_KIND_FILL, CUPTI_ACTIVITY_KIND_MEMSET);
SAME_NUMBER(CUPTI_KIND_DRIVER, CUPTI_ACTIVITY_KIND_DRIVER);
SAME_NUMBER(CUPTI_KIND_RUNTIME, CUPTI_ACTIVITY_KIND_RUNTIME);
SAME_NUMBER(CUPTI_KIND_KERNEL, CUPTI_ACTIVITY_KIND_CONCURRENT_KERNEL);
SAME_NUMBER(CUPTI_KIND_OVERHEAD, CUPTI_ACTIVITY_KIND_OVERHEAD);
SAME_NUMBER(CUPTI_KIND_PEER_COPY, CUPTI_ACTIVITY_KIND_MEMCPY2);
SAME_NUMBER(CUPTI_KIND_EXTERNAL, CUPTI_ACTIVITY_KIND_EXTERNAL_CORRELATION);
SAME_NUMBER(CUPTI_KIND_MEMORY, CUPTI_ACTIVITY_KIND_MEMORY2);
SAME_NUMBER(CUPTI_KIND_GRAPH, CUPTI_ACTIVITY_KIND_GRAPH_TRACE);
SAME_NUMBER(CUPTI_EXTERNAL_OURS, CUPTI_EXTERNAL_CORRELATION_KIND_CUSTOM0);
SAME_NUMBER(CUPTI_FLUSH_FORCED, CUPTI_ACTIVITY_FLAG_FLUSH_FORCED);
SAME_NUMBER(CUPTI_COPY_PEER, CUPTI_ACTIVITY_MEMCPY_KIND_PTOP);
SAME_NUMBER(CUPTI_MEMORY_RELEASE, CUPTI_ACTIVITY_MEMORY_OPERATION_TYPE_RELEASE);
SAME_NUMBER(CUPTI_CALL_SET_CONTEXT, CUPTI_DRIVER_TRACE_CBID_cuCtxSetCurrent);
SAME_NUMBER(CUPTI_CALL_EVENT_QUERY, CUPTI_DRIVER_TRACE_CBID_cuEventQuery);
SAME_NUMBER(CUPTI_CALL_STREAM_QUERY, CUPTI_DRIVER_TRACE_CBID_cuStreamQuery);
/* The names that cupti_activity.c gives memories and overheads are by these numbers. */
SAME_NUMBER(1, CUPTI_ACTIVITY_MEMORY_KIND_PAGEABLE);
SAME_NUMBER(7, CUPTI_ACTIVITY_MEMORY_KIND_MANAGED_STATIC);
SAME_NUMBER(1, CUPTI_ACTIVITY_OVERHEAD_DRIVER_COMPILER);
SAME_NUMBER(1 << 16, CUPTI_ACTIVITY_OVERHEAD_CUPTI_BUFFER_FLUSH);
SAME_NUMBER(7 << 16, CUPTI_ACTIVITY_OVERHEAD_ACTIVITY_BUFFER_REQUEST);

#define SAME_PLACE(ours, member, theirs, their_member)                              \
	SAME_NUMBER(offsetof(struct ours, member), offsetof(theirs, their_member)); \
	SAME_NUMBER(sizeof(((struct ours *)0)->member), sizeof(((theirs *)0)->their_member))
#define KERNEL(member, theirs)                                            \
	SAME_PLACE(cupti_kernel, member, CUpti_ActivityKernel10, theirs); \
	SAME_PLACE(cupti_kernel, member, CUpti_ActivityKernel9, theirs)
KERNEL(registers, registersPerThread);
KERNEL(begin, start);
KERNEL(end, end);
KERNEL(device, deviceId);
KERNEL(stream, streamId);
KERNEL(static_shared, staticSharedMemory);
KERNEL(dynamic_shared, dynamicSharedMemory);
KERNEL(correlation, correlationId);
KERNEL(name, name);
SAME_NUMBER(offsetof(struct cupti_kernel, grid), offsetof(CUpti_ActivityKernel10, gridX));
SAME_NUMBER(offsetof(struct cupti_kernel, block), offsetof(CUpti_ActivityKernel10, blockX));
#define COPY(member, theirs)                                           \
	SAME_PLACE(cupti_copy, member, CUpti_ActivityMemcpy6, theirs); \
	SAME_PLACE(cupti_copy, member, CUpti_ActivityMemcpy5, theirs)
COPY(what, copyKind);
COPY(from, srcKind);
COPY(to, dstKind);
COPY(bytes, bytes);
COPY(begin, start);
COPY(end, end);
COPY(device, deviceId);
COPY(stream, streamId);
COPY(correlation, correlationId);
#define PEER(member, theirs) SAME_PLACE(cupti_peer_copy, member, CUpti_ActivityMemcpyPtoP4, theirs)
PEER(bytes, bytes);
PEER(begin, start);
PEER(end, end);
PEER(device, deviceId);
PEER(stream, streamId);
PEER(from_device, srcDeviceId);
PEER(to_device, dstDeviceId);
PEER(correlation, correlationId);
#define FILL(member, theirs) SAME_PLACE(cupti_fill, member, CUpti_ActivityMemset4, theirs)
FILL(bytes, bytes);
FILL(begin, start);
FILL(end, end);
FILL(device, deviceId);
FILL(stream, streamId);
FILL(correlation, correlationId);
#define MEMORY(member, theirs) SAME_PLACE(cupti_memory, member, CUpti_ActivityMemory4, theirs)
MEMORY(operation, memoryOperationType);
MEMORY(correlation, correlationId);
MEMORY(bytes, bytes);
MEMORY(at, timestamp);
MEMORY(device, deviceId);
#define GRAPH(member, theirs) SAME_PLACE(cupti_graph, member, CUpti_ActivityGraphTrace2, theirs)
GRAPH(correlation, correlationId);
GRAPH(begin, start);
GRAPH(end, end);
GRAPH(device, deviceId);
GRAPH(stream, streamId);
#define OVERHEAD(member, theirs) SAME_PLACE(cupti_overhead, member, CUpti_ActivityOverhead3, theirs)
OVERHEAD(what, overheadKind);
OVERHEAD(begin, start);
OVERHEAD(end, end);
#define EXTERNAL(member, theirs) \
	SAME_PLACE(cupti_external, member, CUpti_ActivityExternalCorrelation, theirs)
EXTERNAL(whose, externalKind);
EXTERNAL(id, externalId);
EXTERNAL(correlation, correlationId);

/* Ours take a record where theirs take its base type, and numbers where theirs take enumerations: as C passes
 * arguments these are the same, but to the type checker. What is left is that the symbol is there, and how many
 * arguments it takes. */
#define CALLABLE(field, symbol, parameters) \
	static __typeof__(&symbol) const uses_##symbol __attribute__((unused)) = symbol;
CUPTI_TRACE_CALLS(CALLABLE)

SAME_NUMBER(CUPTI_USER_RANGE, CUPTI_UserRange);
SAME_NUMBER(CUPTI_USER_REPLAY, CUPTI_UserReplay);
/* Members stand in the same order and have the same types: then the last one's place and size tell. */
#define SAME_STRUCT(ours, last, theirs, their_last) \
	SAME_NUMBER(CUPTI_SIZE(ours, last), CUPTI_PROFILER_STRUCT_SIZE(theirs, their_last))
SAME_STRUCT(cupti_bare, private, CUpti_Profiler_Initialize_Params, pPriv);
SAME_STRUCT(cupti_bare, private, CUpti_Profiler_DeInitialize_Params, pPriv);
SAME_STRUCT(cupti_chip, name, CUpti_Device_GetChipName_Params, pChipName);
SAME_STRUCT(cupti_chips, names, CUpti_Profiler_Host_GetSupportedChips_Params, ppChipNames);
SAME_STRUCT(cupti_host_open, host, CUpti_Profiler_Host_Initialize_Params, pHostObject);
SAME_STRUCT(cupti_host_close, host, CUpti_Profiler_Host_Deinitialize_Params, pHostObject);
SAME_STRUCT(cupti_host_metric, type, CUpti_Profiler_Host_GetMetricProperties_Params, metricType);
SAME_STRUCT(cupti_host_add, n, CUpti_Profiler_Host_ConfigAddMetrics_Params, numMetrics);
SAME_STRUCT(cupti_host_size, bytes, CUpti_Profiler_Host_GetConfigImageSize_Params, configImageSize);
SAME_STRUCT(cupti_host_image, image, CUpti_Profiler_Host_GetConfigImage_Params, pConfigImage);
SAME_STRUCT(cupti_host_passes, passes, CUpti_Profiler_Host_GetNumOfPasses_Params, numOfPasses);
SAME_STRUCT(cupti_host_values, values, CUpti_Profiler_Host_EvaluateToGpuValues_Params,
	    pMetricValues);
SAME_PLACE(cupti_host_open, chip, CUpti_Profiler_Host_Initialize_Params, pChipName);
SAME_NUMBER(0, CUPTI_PROFILER_TYPE_RANGE_PROFILER);
SAME_STRUCT(cupti_range_enable, range, CUpti_RangeProfiler_Enable_Params, pRangeProfilerObject);
SAME_STRUCT(cupti_range_only, range, CUpti_RangeProfiler_Disable_Params, pRangeProfilerObject);
SAME_STRUCT(cupti_range_only, range, CUpti_RangeProfiler_Start_Params, pRangeProfilerObject);
SAME_STRUCT(cupti_range_only, range, CUpti_RangeProfiler_PopRange_Params, pRangeProfilerObject);
SAME_STRUCT(cupti_range_stop, complete, CUpti_RangeProfiler_Stop_Params, isAllPassSubmitted);
SAME_STRUCT(cupti_range_push, name, CUpti_RangeProfiler_PushRange_Params, pRangeName);
SAME_STRUCT(cupti_range_decode, dropped, CUpti_RangeProfiler_DecodeData_Params, numOfRangeDropped);
SAME_STRUCT(cupti_range_data_size, bytes, CUpti_RangeProfiler_GetCounterDataSize_Params,
	    counterDataSize);
SAME_STRUCT(cupti_range_data, data, CUpti_RangeProfiler_CounterDataImage_Initialize_Params,
	    pCounterData);
SAME_STRUCT(cupti_range_config, level, CUpti_RangeProfiler_SetConfig_Params, targetNestingLevel);
#define CONFIG(member, theirs) \
	SAME_PLACE(cupti_range_config, member, CUpti_RangeProfiler_SetConfig_Params, theirs)
CONFIG(config, pConfig);
CONFIG(data, pCounterDataImage);
CONFIG(ranges, range);
CONFIG(replay, replayMode);
CONFIG(levels, numNestingLevels);
CONFIG(pass, passIndex);
CUPTI_RANGE_CALLS(CALLABLE)
CUPTI_HOST_CALLS(CALLABLE)
