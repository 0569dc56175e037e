/* SPDX-License-Identifier: MIT */
/* barrier: one operation is a barrier over all ranks. */
#include "suites/scaling/comm.h"

static void setup(struct assay_run *run)
{
	comm_bench_setup(run, COMM_BARRIER, 1);
}

const struct assay_bench assay_bench_scaling_barrier = {
	.brief = "no rank leaves before every rank has come",
	.source =
		"Panda et al., The MVAPICH project, Journal of Parallel and Distributed Computing 2021 (OSU micro-benchmarks)",
	.body = comm_bench_body,
	.setup = setup,
	.teardown = comm_bench_teardown,
	.prepare = comm_bench_prepare,
	.subjects = SCALING_COMM,
	.threads = "ncores",
	.own_threads = true,
	.thorough = true,
	.version = 1,
};
