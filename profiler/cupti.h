/* SPDX-License-Identifier: MIT */
/*
 * cupti: the part of NVIDIA's profiling library that we call, declared by hand and opened at run time, so that the
 * program builds without a toolkit. Records are declared as far as we read them: their beginnings are the same in
 * CUDA 12 and 13. Where a toolkit is found, tests/profiler/cupti_abi.c compares every number here with its headers.
 */
#ifndef ASSAY_PROFILER_CUPTI_H
#define ASSAY_PROFILER_CUPTI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/base/err.h"

struct CUctx_st;

enum {
	CUPTI_OK = 0,
	CUPTI_OUT_OF_MEMORY = 8,
	CUPTI_LIMIT_REACHED = 12,
	CUPTI_NOT_COMPATIBLE = 14,
	CUPTI_NOT_INITIALIZED = 15,
	CUPTI_INVALID_METRIC = 17,
	CUPTI_INVALID_KIND = 21,
	CUPTI_HARDWARE_BUSY = 26,
	CUPTI_NOT_SUPPORTED = 27,
	CUPTI_VIRTUAL_DEVICE = 33,
	CUPTI_NO_PRIVILEGES = 35,
	CUPTI_OLD_INTERFACE = 38,
	CUPTI_SUBSCRIBER_BUSY = 39,
	CUPTI_VIRTUAL_NO_PRIVILEGES = 40,
	CUPTI_CONFIDENTIAL = 41,
	CUPTI_MIG_DEVICE = 43,
	CUPTI_WSL_DEVICE = 45,
	CUPTI_INVALID_CHIP = 46,
	CUPTI_UNKNOWN = 999,
};

/* Kinds of records. */
enum {
	CUPTI_KIND_COPY = 1,
	CUPTI_KIND_FILL = 2,
	CUPTI_KIND_DRIVER = 4,
	CUPTI_KIND_RUNTIME = 5,
	CUPTI_KIND_KERNEL = 10, /* concurrent: the other one would serialise kernels */
	CUPTI_KIND_OVERHEAD = 17,
	CUPTI_KIND_PEER_COPY = 22,
	CUPTI_KIND_EXTERNAL = 39,
	CUPTI_KIND_MEMORY = 49,
	CUPTI_KIND_GRAPH = 51,

	CUPTI_EXTERNAL_OURS = 3, /* CUSTOM0 */
	CUPTI_FLUSH_FORCED = 1,
	CUPTI_COPY_PEER = 10, /* the last kind of copy */
	CUPTI_MEMORY_RELEASE = 2,
	/* Calls of the driver that are made without end and start nothing. */
	CUPTI_CALL_SET_CONTEXT = 303,
	CUPTI_CALL_EVENT_QUERY = 120,
	CUPTI_CALL_STREAM_QUERY = 125,
};

/* The beginnings of records. */
struct cupti_record {
	uint32_t kind;
};
struct __attribute__((packed, aligned(8))) cupti_kernel {
	uint32_t kind;
	uint8_t cache, shared_config;
	uint16_t registers;
	uint32_t partition_requested, partition_executed;
	uint64_t begin, end, completed;
	uint32_t device, context, stream;
	int32_t grid[3], block[3];
	int32_t static_shared, dynamic_shared;
	uint32_t local_per_thread, local_total;
	uint32_t correlation;
	int64_t number;
	const char *name;
};
struct __attribute__((packed, aligned(8))) cupti_copy {
	uint32_t kind;
	uint8_t what, from, to, flags;
	uint64_t bytes, begin, end;
	uint32_t device, context, stream;
	uint32_t correlation;
};
struct __attribute__((packed, aligned(8))) cupti_peer_copy {
	uint32_t kind;
	uint8_t what, from, to, flags;
	uint64_t bytes, begin, end;
	uint32_t device, context, stream;
	uint32_t from_device, from_context, to_device, to_context;
	uint32_t correlation;
};
struct __attribute__((packed, aligned(8))) cupti_fill {
	uint32_t kind;
	uint32_t value;
	uint64_t bytes, begin, end;
	uint32_t device, context, stream;
	uint32_t correlation;
};
struct __attribute__((packed, aligned(8))) cupti_memory {
	uint32_t kind;
	uint32_t operation, memory;
	uint32_t correlation;
	uint64_t address, bytes, at, counter;
	uint32_t process, device, context, stream;
};
struct __attribute__((packed, aligned(8))) cupti_graph {
	uint32_t kind;
	uint32_t correlation;
	uint64_t begin, end;
	uint32_t device, graph, context, stream;
};
struct __attribute__((packed, aligned(8))) cupti_overhead {
	uint32_t kind;
	uint32_t what, object;
	uint8_t object_id[12];
	uint64_t begin, end;
};
struct __attribute__((packed, aligned(8))) cupti_external {
	uint32_t kind;
	uint32_t whose;
	uint64_t id;
	uint32_t correlation;
};

typedef void (*cupti_request_fn)(uint8_t **buffer, size_t *size, size_t *most_records);
typedef void (*cupti_complete_fn)(struct CUctx_st *context, uint32_t stream, uint8_t *buffer,
				  size_t size, size_t valid);

/* Every function of tracing: X(field, symbol, parameters). All return a status. */
#define CUPTI_TRACE_CALLS(X)                                                                   \
	X(version, cuptiGetVersion, (uint32_t *))                                              \
	X(result_text, cuptiGetResultString, (unsigned, const char **))                        \
	X(timestamp, cuptiGetTimestamp, (uint64_t *))                                          \
	X(callbacks, cuptiActivityRegisterCallbacks, (cupti_request_fn, cupti_complete_fn))    \
	X(enable, cuptiActivityEnable, (unsigned))                                             \
	X(disable, cuptiActivityDisable, (unsigned))                                           \
	X(flush, cuptiActivityFlushAll, (uint32_t))                                            \
	X(next, cuptiActivityGetNextRecord, (uint8_t *, size_t, struct cupti_record **))       \
	X(dropped, cuptiActivityGetNumDroppedRecords, (struct CUctx_st *, uint32_t, size_t *)) \
	X(push, cuptiActivityPushExternalCorrelationId, (unsigned, uint64_t))                  \
	X(pop, cuptiActivityPopExternalCorrelationId, (unsigned, uint64_t *))                  \
	X(driver_call, cuptiActivityEnableDriverApi, (uint32_t, uint8_t))

#define CUPTI_FIELD(field, symbol, parameters) unsigned(*field) parameters;
struct cupti {
	void *library;
	char path[512]; /* of the library, or its bare name */
	CUPTI_TRACE_CALLS(CUPTI_FIELD)
};

/* Does this process use CUDA at all? The driver's version (12040 is 12.4), or 0. Opens nothing. */
int cupti_driver_version(void);

/*
 * Open the newest CUPTI that a driver of this version works with (an older one does, a newer does not), and find the
 * functions of tracing. Looked for in $CUDA_HOME, $CUDA_PATH and /usr/local/cuda (extras/CUPTI/lib64, lib64, lib,
 * targets/x86_64-linux/lib), then where the dynamic linker looks. It stays mapped for good. ASSAY_SKIP says what
 * is missing.
 */
enum assay_code cupti_load(int driver_version, struct cupti *ret, struct assay_err *err);
/* Is there a library to open? As cupti_load(), without opening it where its file can be seen. */
enum assay_code cupti_find(int driver_version, char *path, size_t size, struct assay_err *err);

/*
 * A status that is not success as a message of at most 150 characters: what to do, where that is known.
 * ASSAY_SKIP. `text` is the library's own words, or NULL.
 */
enum assay_code cupti_failed(const char *call, unsigned status, const char *text,
			     struct assay_err *err);

#endif
