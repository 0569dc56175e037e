/* SPDX-License-Identifier: MIT */
/* allreduce: one operation is an allreduce of floats over all ranks; the time is the slowest rank's. */
#include "suites/scaling/comm.h"

static void setup(struct assay_run *run)
{
	comm_bench_setup(run, COMM_ALLREDUCE, (size_t)assay_axis(run, "size") / sizeof(float));
}

const struct assay_bench assay_bench_scaling_allreduce = {
	.brief = "every rank receives the sum of the floats that all ranks send",
	.source =
		"Panda et al., The MVAPICH project, Journal of Parallel and Distributed Computing 2021 (OSU micro-benchmarks)",
	.claim = "S2.gradsync",
	.body = comm_bench_body,
	.setup = setup,
	.teardown = comm_bench_teardown,
	.prepare = comm_bench_prepare,
	.axes = ASSAY_AXES({"size", "bytes", "4,64Ki,1Mi,16Mi"}),
	.subjects = SCALING_COMM,
	.threads = "ncores",
	.own_threads = true,
	.thorough = true,
	.version = 1,
};
