/* SPDX-License-Identifier: MIT */
/*
 * comm_tcp: collectives over TCP, for ranks that share no memory: a connection between every two ranks, and the textbook
 * algorithms. Barrier: dissemination [Hensgen, Finkel, Manber, Two algorithms for barrier synchronization, International
 * Journal of Parallel Programming 1988]. Broadcast: a binomial tree. Allreduce: recursive doubling when the buffer is
 * small and the ranks are a power of two, else a ring, which moves 2 (p - 1) / p of the buffer, the least there is
 * [Patarasuk, Yuan, Bandwidth optimal all-reduce algorithms, Journal of Parallel and Distributed Computing 2009].
 */
#ifndef ASSAY_SUITES_SCALING_COMM_TCP_H
#define ASSAY_SUITES_SCALING_COMM_TCP_H

#include "suites/scaling/comm.h"

/* One rank's end of everything. Not thread-safe. */
struct comm_mesh {
	unsigned rank, ranks;
	int listener;              /* -1: closed */
	int peers[COMM_MAX_RANKS]; /* connections; -1: none */
	uint64_t patience_ns;      /* how long a rank that says nothing is waited for */
	float *scratch;            /* what arrives and is to be added */
};

/*
 * Listen as `rank` of `ranks` on a port of the kernel's choice. *ret_where is where the others find it: an IPv4 address
 * in the upper and a port in the lower bits; the address is that of this host towards `near`, which is "HOST:PORT/..."
 * or NULL, for this host alone. comm_mesh_close() is due in any case. ASSAY_EIO.
 */
enum assay_code comm_mesh_listen(struct comm_mesh *mesh, unsigned rank, unsigned ranks,
				 const char *near, uint64_t *ret_where, struct assay_err *err);
/*
 * Connect to all, when all listen: where[i] is rank i's. `count` is the most floats that will be exchanged; `token` is
 * known to the ranks alone, and whoever lacks it is sent away. ASSAY_EIO names the rank that does not come.
 */
enum assay_code comm_mesh_connect(struct comm_mesh *mesh, const uint64_t *where, size_t count,
				  uint64_t token, struct assay_err *err);
/* Operation `i` of kind `op`, called by all ranks in the same order. ASSAY_EIO names the rank that is gone or silent;
 * then the mesh is of no use any more. */
enum assay_code comm_mesh_do(struct comm_mesh *mesh, enum comm_op op, uint64_t i, const float *send,
			     float *receive, size_t count, struct assay_err *err);
void comm_mesh_close(struct comm_mesh *mesh);

#endif
