/* SPDX-License-Identifier: MIT */
/*
 * comm: interface "comm": ranks that exchange floats, one process each. A subject is one way to do it: shared memory
 * of our own, MPI. Each rank has a buffer to send and one to receive, of the same size.
 */
#ifndef ASSAY_SUITES_SCALING_COMM_H
#define ASSAY_SUITES_SCALING_COMM_H

#include "harness/bench.h"

#define SCALING_COMM "comm"

enum { COMM_MAX_RANKS = 64 };

enum comm_op {
	COMM_BARRIER,
	COMM_BROADCAST, /* what rank 0 sends, everybody receives */
	COMM_ALLREDUCE, /* everybody receives the sum of what all send */
	COMM_PT2PT, /* ping-pong of ranks 0 and 1: message i goes from rank i % 2 to the other */
	COMM_OPS,
};
/* "barrier", "broadcast", ...: static. */
const char *comm_op_name(enum comm_op op);

/* The time of the slowest of ns[ranks], of those that take part: to a message the others only look on. */
uint64_t comm_slowest(enum comm_op op, const uint64_t *ns, unsigned ranks);

struct comm;

struct comm_ops {
	bool computes;   /* false: the null subject, which moves nothing */
	bool slow_start; /* half a second or more: the oracle starts few */
	/*
	 * Start `ranks` (1 to COMM_MAX_RANKS) with buffers of `count` floats. Rank i runs on CPU cpus[i]; -1, or cpus NULL,
	 * means anywhere. The number of ranks that really started, and that they are distinct, is checked here. ASSAY_SKIP
	 * when this machine cannot.
	 */
	enum assay_code (*start)(unsigned ranks, const int *cpus, size_t count, struct comm **ret,
				 struct assay_err *err);
	/*
	 * The same where the ranks are processes that a launcher started, each of which calls this in its setup(): `run`
	 * says which one it is and lets them find each other. run() and verify() are then called by all, as often and in
	 * the same order, and speak of this rank alone. NULL: it cannot. ASSAY_SKIP: not with such a launcher.
	 */
	enum assay_code (*join)(struct assay_run *run, size_t count, struct comm **ret,
				struct assay_err *err);
	/* Do `op` n times, back to back. *ret_ns is the time of the slowest rank for all of them. */
	enum assay_code (*run)(struct comm *comm, enum comm_op op, uint64_t n, uint64_t *ret_ns,
			       struct assay_err *err);
	/* Fill the buffers from `seed`, do `op`, and look at every float everybody received. ASSAY_ECHECK. */
	enum assay_code (*verify)(struct comm *comm, enum comm_op op, uint32_t seed,
				  struct assay_err *err);
	void (*stop)(struct comm *comm); /* takes NULL */
};

/* The oracle: several sizes and numbers of ranks, every operation. */
enum assay_code scaling_check_comm(const struct comm_ops *ops, uint64_t seed,
				   struct assay_err *err);

/* What the benchmarks of this interface share: one batch is one run() of the operation. */
void comm_bench_setup(struct assay_run *run, enum comm_op op, size_t count);
void comm_bench_prepare(struct assay_run *run, uint64_t n);
void comm_bench_body(struct assay_run *run);
void comm_bench_teardown(struct assay_run *run);

#endif
