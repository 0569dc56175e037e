/* SPDX-License-Identifier: MIT */
/*
 * fakenccl: a stand-in for libnccl over the stand-in for the CUDA driver, whose memory is the host's. Ranks are processes
 * that meet in a file, which is the group's name. What they call is done before the call returns. $FAKE_NCCL names a
 * function that fails in every rank, or is "wrong": one float of each sum is.
 */
#include <fcntl.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "harness/base/clock.h"
#include "suites/gpu/cuda.h"
#include "suites/scaling/nccl.h"

#define FAKE __attribute__((visibility("default")))
enum { SYSTEM_ERROR = 2, INTERNAL_ERROR = 3, INVALID_ARGUMENT = 4, REMOTE_ERROR = 6 };
enum { MOST = 8, CHUNK = 1000 };
#define PATIENCE_NS UINT64_C(20000000000)

#define FAKE_CALL(field, symbol, parameters) FAKE unsigned symbol parameters;
NCCL_CALLS(FAKE_CALL)
CUDA_CALLS(FAKE_CALL)
FAKE unsigned cuCtxGetDevice(int *device);
FAKE const char *ncclGetErrorString(unsigned status);

struct meeting {
	_Atomic unsigned arrived[MOST];
	_Atomic int devices[MOST];
	_Atomic size_t sent, received;
	float slots[MOST][CHUNK];
};

struct ncclComm {
	struct meeting *meeting;
	int rank, size;
};

FAKE const char *ncclGetErrorString(unsigned status)
{
	return status == INTERNAL_ERROR ? "internal error"
	       : status == REMOTE_ERROR ? "remote"
					: NULL;
}

static bool fails(const char *call)
{
	const char *named = getenv("FAKE_NCCL");
	return named && strcmp(named, call) == 0;
}

static bool reaches(_Atomic unsigned *at, unsigned value)
{
	uint64_t until = assay_now_ns() + PATIENCE_NS;
	while (atomic_load(at) < value) {
		if (assay_now_ns() > until)
			return false;
		sched_yield();
	}
	return true;
}

static bool meet(struct ncclComm *c)
{
	unsigned turn = atomic_fetch_add(&c->meeting->arrived[c->rank], 1) + 1;
	for (int i = 0; i < c->size; i++)
		if (!reaches(&c->meeting->arrived[i], turn))
			return false;
	return true;
}

FAKE unsigned ncclGetUniqueId(struct nccl_id *ret)
{
	if (fails("ncclGetUniqueId"))
		return INTERNAL_ERROR;
	const char *folder = getenv("TMPDIR");
	snprintf(ret->bytes, sizeof(ret->bytes), "%s/fakenccl-XXXXXX", folder ? folder : "/tmp");
	int fd = mkostemp(ret->bytes, O_CLOEXEC);
	bool made = fd >= 0 && ftruncate(fd, sizeof(struct meeting)) == 0;
	if (fd >= 0)
		close(fd);
	return made ? NCCL_SUCCESS : SYSTEM_ERROR;
}

/* The real one looks for this, too. */
static bool two_on_one(const struct ncclComm *c)
{
	for (int i = 0; i < c->size; i++)
		if (i != c->rank && atomic_load(&c->meeting->devices[i]) ==
					    atomic_load(&c->meeting->devices[c->rank]))
			return true;
	return false;
}

FAKE unsigned ncclCommInitRank(struct ncclComm **ret, int size, struct nccl_id id, int rank)
{
	int device = 0;
	if (fails("ncclCommInitRank")) {
		unlink(id.bytes);
		return INTERNAL_ERROR;
	}
	if (size < 1 || size > MOST || rank < 0 || rank >= size)
		return INVALID_ARGUMENT;
	if (cuCtxGetDevice(&device) != CUDRV_SUCCESS)
		return INVALID_ARGUMENT;
	int fd = open(id.bytes, O_RDWR | O_CLOEXEC);
	struct ncclComm *c = calloc(1, sizeof(*c));
	void *memory = mmap(NULL, sizeof(*c->meeting), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (fd >= 0)
		close(fd);
	if (!c || memory == MAP_FAILED) {
		free(c);
		return SYSTEM_ERROR;
	}
	*c = (struct ncclComm){memory, rank, size};
	atomic_store(&c->meeting->devices[rank], device);
	bool all = meet(c);
	if (rank == 0)
		unlink(id.bytes);
	bool twice = all && two_on_one(c);
	if (all && !twice) {
		*ret = c;
		return NCCL_SUCCESS;
	}
	munmap(c->meeting, sizeof(*c->meeting));
	free(c);
	return twice ? NCCL_INVALID_USAGE : REMOTE_ERROR;
}

static unsigned leave(struct ncclComm *c)
{
	munmap(c->meeting, sizeof(*c->meeting));
	free(c);
	return NCCL_SUCCESS;
}

FAKE unsigned ncclCommDestroy(struct ncclComm *c)
{
	return leave(c);
}

FAKE unsigned ncclCommAbort(struct ncclComm *c)
{
	return leave(c);
}

/* What was put into the stream before comes before. */
static bool ready(const char *call, unsigned type, struct CUstream_st *stream)
{
	return !fails(call) && type == NCCL_FLOAT32 && cuStreamQuery(stream) == CUDRV_SUCCESS;
}

static size_t chunk(size_t count, size_t at)
{
	return count - at < CHUNK ? count - at : CHUNK;
}

FAKE unsigned ncclAllReduce(const void *send, void *receive, size_t count, unsigned type,
			    unsigned what, struct ncclComm *c, struct CUstream_st *stream)
{
	if (!ready("ncclAllReduce", type, stream) || what != NCCL_SUM)
		return INTERNAL_ERROR;
	for (size_t at = 0; at < count; at += CHUNK) {
		size_t n = chunk(count, at);
		memcpy(c->meeting->slots[c->rank], (const float *)send + at, n * sizeof(float));
		if (!meet(c))
			return REMOTE_ERROR;
		float *to = (float *)receive + at;
		for (size_t i = 0; i < n; i++) {
			to[i] = 0;
			for (int rank = 0; rank < c->size; rank++)
				to[i] += c->meeting->slots[rank][i];
		}
		if (fails("wrong"))
			to[n / 2] += 1;
		if (!meet(c))
			return REMOTE_ERROR;
	}
	return NCCL_SUCCESS;
}

FAKE unsigned ncclBroadcast(const void *send, void *receive, size_t count, unsigned type, int root,
			    struct ncclComm *c, struct CUstream_st *stream)
{
	if (!ready("ncclBroadcast", type, stream))
		return INTERNAL_ERROR;
	for (size_t at = 0; at < count; at += CHUNK) {
		size_t bytes = chunk(count, at) * sizeof(float);
		if (c->rank == root)
			memcpy(c->meeting->slots[root], (const float *)send + at, bytes);
		if (!meet(c))
			return REMOTE_ERROR;
		memcpy((float *)receive + at, c->meeting->slots[root], bytes);
		if (!meet(c))
			return REMOTE_ERROR;
	}
	return NCCL_SUCCESS;
}

static bool passes(_Atomic size_t *at, size_t value)
{
	uint64_t until = assay_now_ns() + PATIENCE_NS;
	while (atomic_load(at) < value) {
		if (assay_now_ns() > until)
			return false;
		sched_yield();
	}
	return true;
}

/* One message at a time is on its way. */
FAKE unsigned ncclSend(const void *send, size_t count, unsigned type, int peer, struct ncclComm *c,
		       struct CUstream_st *stream)
{
	if (!ready("ncclSend", type, stream) || peer == c->rank || peer >= c->size)
		return INTERNAL_ERROR;
	if (fails("ncclRecv"))
		return REMOTE_ERROR; /* as the real one says when it notices */
	for (size_t at = 0; at < count; at += CHUNK) {
		memcpy(c->meeting->slots[c->rank], (const float *)send + at,
		       chunk(count, at) * sizeof(float));
		size_t sent = atomic_fetch_add(&c->meeting->sent, 1) + 1;
		if (!passes(&c->meeting->received, sent))
			return REMOTE_ERROR;
	}
	return NCCL_SUCCESS;
}

FAKE unsigned ncclRecv(void *receive, size_t count, unsigned type, int peer, struct ncclComm *c,
		       struct CUstream_st *stream)
{
	if (!ready("ncclRecv", type, stream) || peer == c->rank || peer >= c->size)
		return INTERNAL_ERROR;
	if (fails("ncclSend"))
		return REMOTE_ERROR;
	for (size_t at = 0; at < count; at += CHUNK) {
		size_t received = atomic_load(&c->meeting->received);
		if (!passes(&c->meeting->sent, received + 1))
			return REMOTE_ERROR;
		memcpy((float *)receive + at, c->meeting->slots[peer],
		       chunk(count, at) * sizeof(float));
		atomic_fetch_add(&c->meeting->received, 1);
	}
	return NCCL_SUCCESS;
}
