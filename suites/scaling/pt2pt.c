/* SPDX-License-Identifier: MIT */
/* pt2pt: one operation is a message between ranks 0 and 1, half of a ping-pong. */
#include "suites/scaling/comm.h"

static void setup(struct assay_run *run)
{
	comm_bench_setup(run, COMM_PT2PT, (size_t)assay_axis(run, "size") / sizeof(float));
}

const struct assay_bench assay_bench_scaling_pt2pt = {
	.brief = "one message of a ping-pong between ranks 0 and 1",
	.source =
		"Panda et al., The MVAPICH project, Journal of Parallel and Distributed Computing 2021 (OSU micro-benchmarks)",
	.body = comm_bench_body,
	.setup = setup,
	.teardown = comm_bench_teardown,
	.prepare = comm_bench_prepare,
	.axes = ASSAY_AXES({"size", "bytes", "4,64Ki,1Mi,16Mi"}),
	.subjects = SCALING_COMM,
	.threads = "ncores",
	.own_threads = true,
	.thorough = true,
	.version = 2, /* with more than two ranks tcp and nccl had their last barrier in it */
};
