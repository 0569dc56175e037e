/* SPDX-License-Identifier: MIT */
/* nccl_rank: one rank of NCCL: a GPU, memory of it, and what is done with these. One per process, after it forked. */
#ifndef ASSAY_SUITES_SCALING_NCCL_RANK_H
#define ASSAY_SUITES_SCALING_NCCL_RANK_H

#include "suites/scaling/comm.h"
#include "suites/scaling/nccl.h"

/* Zero but for the first four. */
struct nccl_rank {
	const struct nccl *nccl;
	unsigned rank, size;
	size_t count; /* floats of a buffer */
	int device;
	bool retained;
	struct CUctx_st *context;
	struct CUstream_st *stream;
	struct ncclComm *comm;
	unsigned long long send, receive, one; /* memory of the device; `one` is of a barrier */
	float *host;
};

/*
 * Take a GPU: the one of the rank's number, in turn where there are fewer. `on_one_host`: ASSAY_SKIP when there are
 * fewer than ranks; else they may be on several hosts, or see one each. Then nccl_rank_close(), whatever comes of it.
 */
enum assay_code nccl_rank_open(struct nccl_rank *r, bool on_one_host, struct assay_err *err);
/* A name for the group, on rank 0 alone; then all join it, and wait for each other. ASSAY_SKIP: two on one GPU. */
enum assay_code nccl_rank_name(struct nccl_rank *r, struct nccl_id *ret, struct assay_err *err);
enum assay_code nccl_rank_join(struct nccl_rank *r, const struct nccl_id *id,
			       struct assay_err *err);
/* `op` n times; *ret_ns is this rank's time, begun together. ASSAY_EIO also when another rank is gone. */
enum assay_code nccl_rank_run(struct nccl_rank *r, enum comm_op op, uint64_t n, uint64_t *ret_ns,
			      struct assay_err *err);
/* Fill from `seed`, do `op`; *ret_wrong floats are not what they should be. */
enum assay_code nccl_rank_verify(struct nccl_rank *r, enum comm_op op, uint32_t seed,
				 size_t *ret_wrong, struct assay_err *err);
/* `whole`: nothing went wrong, and the others leave as well. */
void nccl_rank_close(struct nccl_rank *r, bool whole);

#endif
