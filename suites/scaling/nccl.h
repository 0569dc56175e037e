/* SPDX-License-Identifier: MIT */
/*
 * nccl: the part of NVIDIA's library for collectives that we call, and of the driver beneath it, declared by hand and
 * opened at run time: the program builds without a toolkit and starts without a driver.
 */
#ifndef ASSAY_SUITES_SCALING_NCCL_H
#define ASSAY_SUITES_SCALING_NCCL_H

#include <stddef.h>

#include "harness/base/err.h"

struct CUctx_st;
struct CUstream_st;
struct ncclComm;

/* Handed over by value, as the library wants it. */
struct nccl_id {
	char bytes[128];
};

enum {
	NCCL_SUCCESS = 0,
	NCCL_INVALID_USAGE = 5,
	NCCL_FLOAT32 = 7,
	NCCL_SUM = 0,

	NCCL_DRIVER_NOT_READY = 600, /* the driver's word for: the stream has work left */
};

/* Every function: X(field, symbol, parameters). All return a status. */
#define NCCL_DRIVER_CALLS(X)                                                   \
	X(init, cuInit, (unsigned))                                            \
	X(device_count, cuDeviceGetCount, (int *))                             \
	X(device_get, cuDeviceGet, (int *, int))                               \
	X(context_retain, cuDevicePrimaryCtxRetain, (struct CUctx_st **, int)) \
	X(context_release, cuDevicePrimaryCtxRelease_v2, (int))                \
	X(context_set, cuCtxSetCurrent, (struct CUctx_st *))                   \
	X(alloc, cuMemAlloc_v2, (unsigned long long *, size_t))                \
	X(release, cuMemFree_v2, (unsigned long long))                         \
	X(copy_in, cuMemcpyHtoDAsync_v2,                                       \
	  (unsigned long long, const void *, size_t, struct CUstream_st *))    \
	X(copy_out, cuMemcpyDtoHAsync_v2,                                      \
	  (void *, unsigned long long, size_t, struct CUstream_st *))          \
	X(stream_create, cuStreamCreate, (struct CUstream_st **, unsigned))    \
	X(stream_destroy, cuStreamDestroy_v2, (struct CUstream_st *))          \
	X(stream_query, cuStreamQuery, (struct CUstream_st *))

/* The newest is of NCCL 2.7. */
#define NCCL_CALLS(X)                                                                             \
	X(get_id, ncclGetUniqueId, (struct nccl_id *))                                            \
	X(join, ncclCommInitRank, (struct ncclComm **, int, struct nccl_id, int))                 \
	X(leave, ncclCommDestroy, (struct ncclComm *))                                            \
	X(abandon, ncclCommAbort, (struct ncclComm *))                                            \
	X(allreduce, ncclAllReduce,                                                               \
	  (const void *, void *, size_t, unsigned, unsigned, struct ncclComm *,                   \
	   struct CUstream_st *))                                                                 \
	X(broadcast, ncclBroadcast,                                                               \
	  (const void *, void *, size_t, unsigned, int, struct ncclComm *, struct CUstream_st *)) \
	X(send, ncclSend,                                                                         \
	  (const void *, size_t, unsigned, int, struct ncclComm *, struct CUstream_st *))         \
	X(receive, ncclRecv,                                                                      \
	  (void *, size_t, unsigned, int, struct ncclComm *, struct CUstream_st *))

#define NCCL_FIELD(field, symbol, parameters) unsigned(*field) parameters;
struct nccl {
	struct {
		NCCL_DRIVER_CALLS(NCCL_FIELD)
	} driver;
	NCCL_CALLS(NCCL_FIELD)
	const char *(*error_text)(unsigned);
};

/*
 * Open both libraries, calling nothing in them: a process may still fork. ASSAY_SKIP says in one sentence what is
 * missing. They stay mapped for good.
 */
enum assay_code nccl_load(struct nccl *ret, struct assay_err *err);

#endif
