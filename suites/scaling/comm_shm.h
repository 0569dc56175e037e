/* SPDX-License-Identifier: MIT */
/*
 * comm_shm: collectives of processes that map each other's buffers: nothing is copied into a channel and out again.
 * Allreduce is a reduce-scatter and an allgather in one pass: each rank sums its share of the elements straight from
 * everybody's send buffer and writes it straight to everybody's receive buffer, so that with p ranks and m bytes p m are
 * read and p m written, which is the least there is.
 */
#ifndef ASSAY_SUITES_SCALING_COMM_SHM_H
#define ASSAY_SUITES_SCALING_COMM_SHM_H

#include <stdatomic.h>

#include "suites/scaling/comm.h"

/* A rank's side of everything; each word is written by one rank only. */
struct comm_slot {
	_Alignas(ASSAY_CACHE_LINE) _Atomic uint64_t arrived; /* barriers it has come to */
	_Alignas(ASSAY_CACHE_LINE) _Atomic uint64_t sent;    /* messages it has offered */
	uint64_t ns;                                         /* its last run */
	size_t wrong;                                        /* floats that were not what was due */
	int pid;
};

/* In memory that all ranks see, at the same address. */
struct comm_group {
	unsigned ranks;
	size_t count;
	float *send[COMM_MAX_RANKS], *receive[COMM_MAX_RANKS];
	struct comm_slot slots[COMM_MAX_RANKS];
	uint64_t patience_ns;     /* how long a rank waits for another */
	_Atomic unsigned missing; /* 1 + the rank that somebody waited for in vain */
};

/*
 * Called by every rank in the same order. False when another rank did not come within group->patience_ns, then and
 * from then on; group->missing says which. The barrier is one flag per rank, seen by all others: 2 p lines move.
 */
bool comm_barrier(struct comm_group *group, unsigned rank);
bool comm_broadcast(struct comm_group *group, unsigned rank);
bool comm_allreduce(struct comm_group *group, unsigned rank);
/* Message `i`, from rank i % 2 to the other; further ranks return at once. */
bool comm_message(struct comm_group *group, unsigned rank, uint64_t i);

/* What the ranks of subject shm share; for tests that break it. */
struct comm_group *comm_shm_group(struct comm *comm);

#endif
