/* SPDX-License-Identifier: MIT */
/*
 * nccl_rank: operations of a batch are put into a stream one after the other, and the last is waited for, as nccl-tests
 * do. A barrier is an allreduce of one float that is waited for: the library has none.
 */
#include "suites/scaling/nccl_rank.h"

#include <sched.h>
#include <stdlib.h>

#include "harness/base/clock.h"
#include "suites/scaling/comm_pattern.h"

/* How long a rank waits for its device before it says that another is gone. */
#define PATIENCE_NS UINT64_C(10000000000)

static enum assay_code driver_said(const char *call, unsigned status, struct assay_err *err)
{
	return status == NCCL_SUCCESS
		       ? ASSAY_OK
		       : assay_fail(err, ASSAY_EIO, "CUDA: %s gives %u", call, status);
}

static enum assay_code nccl_said(const struct nccl_rank *r, const char *call, unsigned status,
				 struct assay_err *err)
{
	if (status == NCCL_SUCCESS)
		return ASSAY_OK;
	const char *text = r->nccl->error_text(status);
	return assay_fail(err, ASSAY_EIO, "NCCL: %s gives %u (%s)", call, status,
			  text ? text : "no text");
}

/* Until the stream is empty. */
static enum assay_code await(const struct nccl_rank *r, struct assay_err *err)
{
	uint64_t until = assay_now_ns() + PATIENCE_NS;
	unsigned status;
	while ((status = r->nccl->driver.stream_query(r->stream)) == NCCL_DRIVER_NOT_READY) {
		if (assay_now_ns() > until)
			return assay_fail(err, ASSAY_EIO,
					  "NCCL: the device is not done after %.0f s: another rank "
					  "is gone",
					  (double)PATIENCE_NS / 1e9);
		sched_yield();
	}
	return driver_said("cuStreamQuery", status, err);
}

static enum assay_code copy_in(const struct nccl_rank *r, unsigned long long to, const float *from,
			       size_t n, struct assay_err *err)
{
	enum assay_code code =
		driver_said("cuMemcpyHtoDAsync",
			    r->nccl->driver.copy_in(to, from, n * sizeof(float), r->stream), err);
	return code == ASSAY_OK ? await(r, err) : code;
}

static enum assay_code take_device(struct nccl_rank *r, bool on_one_host, struct assay_err *err)
{
	int devices = 0;
	unsigned status = r->nccl->driver.init(0);
	if (status == NCCL_SUCCESS)
		status = r->nccl->driver.device_count(&devices);
	if (status != NCCL_SUCCESS || devices < 1)
		return assay_fail(err, ASSAY_SKIP, "the CUDA driver finds no device (status %u)",
				  status);
	if (on_one_host && (unsigned)devices < r->size)
		return assay_fail(err, ASSAY_SKIP, "%u ranks want a GPU each, and here %s %d",
				  r->size, devices == 1 ? "is" : "are", devices);
	enum assay_code code = driver_said(
		"cuDeviceGet", r->nccl->driver.device_get(&r->device, (int)r->rank % devices), err);
	if (code == ASSAY_OK)
		code = driver_said("cuDevicePrimaryCtxRetain",
				   r->nccl->driver.context_retain(&r->context, r->device), err);
	r->retained = code == ASSAY_OK;
	return code == ASSAY_OK ? driver_said("cuCtxSetCurrent",
					      r->nccl->driver.context_set(r->context), err)
				: code;
}

enum assay_code nccl_rank_open(struct nccl_rank *r, bool on_one_host, struct assay_err *err)
{
	const float nothing = 0;
	size_t bytes = r->count * sizeof(float);
	enum assay_code code = take_device(r, on_one_host, err);
	if (code == ASSAY_OK)
		code = driver_said("cuMemAlloc", r->nccl->driver.alloc(&r->send, bytes), err);
	if (code == ASSAY_OK)
		code = driver_said("cuMemAlloc", r->nccl->driver.alloc(&r->receive, bytes), err);
	if (code == ASSAY_OK)
		code = driver_said("cuMemAlloc", r->nccl->driver.alloc(&r->one, sizeof(nothing)),
				   err);
	if (code == ASSAY_OK)
		code = driver_said("cuStreamCreate", r->nccl->driver.stream_create(&r->stream, 0),
				   err);
	if (code == ASSAY_OK && !(r->host = malloc(bytes)))
		code = assay_fail(err, ASSAY_ENOMEM, "no memory for %zu floats", r->count);
	return code == ASSAY_OK ? copy_in(r, r->one, &nothing, 1, err) : code;
}

enum assay_code nccl_rank_name(struct nccl_rank *r, struct nccl_id *ret, struct assay_err *err)
{
	return nccl_said(r, "ncclGetUniqueId", r->nccl->get_id(ret), err);
}

enum assay_code nccl_rank_join(struct nccl_rank *r, const struct nccl_id *id, struct assay_err *err)
{
	unsigned status = r->nccl->join(&r->comm, (int)r->size, *id, (int)r->rank);
	if (status == NCCL_INVALID_USAGE)
		return assay_fail(err, ASSAY_SKIP,
				  "NCCL refuses these ranks (invalid usage): each wants a GPU of "
				  "its own");
	return nccl_said(r, "ncclCommInitRank", status, err);
}

void nccl_rank_close(struct nccl_rank *r, bool whole)
{
	const unsigned long long memory[] = {r->send, r->receive, r->one};
	if (r->comm && whole)
		r->nccl->leave(r->comm); /* waits for the others */
	else if (r->comm)
		r->nccl->abandon(r->comm);
	if (r->stream)
		r->nccl->driver.stream_destroy(r->stream);
	for (size_t i = 0; i < ASSAY_COUNT_OF(memory); i++)
		if (memory[i])
			r->nccl->driver.release(memory[i]);
	if (r->retained)
		r->nccl->driver.context_release(r->device);
	free(r->host);
	*r = (struct nccl_rank){0};
}

static enum assay_code barrier(const struct nccl_rank *r, struct assay_err *err)
{
	void *one = (void *)(uintptr_t)r->one;
	enum assay_code code = nccl_said(
		r, "ncclAllReduce",
		r->nccl->allreduce(one, one, 1, NCCL_FLOAT32, NCCL_SUM, r->comm, r->stream), err);
	return code == ASSAY_OK ? await(r, err) : code;
}

/* Message i: who it is not for looks on. */
static enum assay_code put_message(const struct nccl_rank *r, uint64_t i, struct assay_err *err)
{
	int from = (int)(i % 2), to = 1 - from;
	if ((int)r->rank == from)
		return nccl_said(r, "ncclSend",
				 r->nccl->send((void *)(uintptr_t)r->send, r->count, NCCL_FLOAT32,
					       to, r->comm, r->stream),
				 err);
	if ((int)r->rank == to)
		return nccl_said(r, "ncclRecv",
				 r->nccl->receive((void *)(uintptr_t)r->receive, r->count,
						  NCCL_FLOAT32, from, r->comm, r->stream),
				 err);
	return ASSAY_OK;
}

/* Put one operation into the stream. */
static enum assay_code put(const struct nccl_rank *r, enum comm_op op, uint64_t i,
			   struct assay_err *err)
{
	void *send = (void *)(uintptr_t)r->send, *receive = (void *)(uintptr_t)r->receive;
	switch (op) {
	case COMM_BARRIER:
		return barrier(r, err);
	case COMM_BROADCAST:
		return nccl_said(r, "ncclBroadcast",
				 r->nccl->broadcast(send, receive, r->count, NCCL_FLOAT32, 0,
						    r->comm, r->stream),
				 err);
	case COMM_ALLREDUCE:
		return nccl_said(r, "ncclAllReduce",
				 r->nccl->allreduce(send, receive, r->count, NCCL_FLOAT32, NCCL_SUM,
						    r->comm, r->stream),
				 err);
	case COMM_PT2PT:
		return put_message(r, i, err);
	case COMM_OPS:
		break;
	}
	return assay_fail(err, ASSAY_EBUG, "no such operation");
}

static enum assay_code put_all(const struct nccl_rank *r, enum comm_op op, uint64_t n,
			       struct assay_err *err)
{
	enum assay_code code = ASSAY_OK;
	for (uint64_t i = 0; i < n && code == ASSAY_OK; i++)
		code = put(r, op, i, err);
	return code == ASSAY_OK ? await(r, err) : code;
}

enum assay_code nccl_rank_run(struct nccl_rank *r, enum comm_op op, uint64_t n, uint64_t *ret_ns,
			      struct assay_err *err)
{
	enum assay_code code = barrier(r, err);
	uint64_t begin = assay_now_ns();
	if (code == ASSAY_OK)
		code = put_all(r, op, n, err);
	uint64_t end = assay_now_ns();
	if (code == ASSAY_OK)
		code = barrier(r, err);
	if (op == COMM_PT2PT && r->rank > 1) /* who looks on has the time of the others */
		end = assay_now_ns();
	*ret_ns = end - begin;
	return code;
}

static float due(const struct nccl_rank *r, enum comm_op op, uint32_t seed, size_t i)
{
	if (op == COMM_ALLREDUCE)
		return comm_summed(seed, r->size, i);
	if (op == COMM_BROADCAST)
		return comm_sent(seed, 0, i);
	if (op == COMM_PT2PT && r->rank < 2)
		return comm_sent(seed, 1 - r->rank, i);
	return -1; /* untouched */
}

enum assay_code nccl_rank_verify(struct nccl_rank *r, enum comm_op op, uint32_t seed,
				 size_t *ret_wrong, struct assay_err *err)
{
	for (size_t i = 0; i < r->count; i++)
		r->host[i] = comm_sent(seed, r->rank, i);
	enum assay_code code = copy_in(r, r->send, r->host, r->count, err);
	for (size_t i = 0; i < r->count; i++)
		r->host[i] = -1;
	if (code == ASSAY_OK)
		code = copy_in(r, r->receive, r->host, r->count, err);
	if (code == ASSAY_OK)
		code = put_all(r, op, op == COMM_PT2PT ? 2 : 1, err);
	if (code == ASSAY_OK)
		code = driver_said("cuMemcpyDtoHAsync",
				   r->nccl->driver.copy_out(r->host, r->receive,
							    r->count * sizeof(float), r->stream),
				   err);
	if (code == ASSAY_OK)
		code = await(r, err);
	*ret_wrong = 0;
	for (size_t i = 0; i < r->count; i++)
		*ret_wrong += r->host[i] != due(r, op, seed, i);
	return code;
}
