/* SPDX-License-Identifier: MIT */
/* episodes: episodes of 200 steps of a simulated environment, by 1 to all cores; one operation is one episode. */
#include "suites/scaling/row_work.h"

static void setup(struct assay_run *run)
{
	size_t rows = (size_t)assay_axis(run, "episodes") / KERNEL_LANES;
	if (rows < 1) {
		assay_skip(run, "episodes must be %d or more: so many are side by side",
			   KERNEL_LANES);
		return;
	}
	if (!row_bench_setup(run, KERNEL_EPISODE, rows, rows))
		return;
	assay_set_ops_per_iteration(run, rows * KERNEL_LANES);
	assay_set_flops_per_op(run, kernels[KERNEL_EPISODE].flops / KERNEL_LANES);
}

static void body(struct assay_run *run)
{
	struct row_bench *b = assay_state(run);
	double team_ns = row_bench_body(run);
	if (team_ns <= 0)
		return;
	assay_metric(run, "speedup", "ratio", ASSAY_HIGHER, b->serial_ns / team_ns);
	assay_metric(run, "efficiency", "ratio", ASSAY_HIGHER,
		     b->serial_ns / team_ns / assay_threads(run));
}

const struct assay_bench assay_bench_scaling_episodes = {
	.brief = "episodes of a cart with a pole, 200 steps each, over 1 to all cores",
	.source = "Barto, Sutton & Anderson, IEEE Trans. SMC 13(5), 1983",
	.claim = "S0.parallel",
	.body = body,
	.setup = setup,
	.teardown = row_bench_teardown,
	.prepare = row_bench_prepare,
	.axes = ASSAY_AXES({"episodes", "count", "4096", NULL}),
	.threads = "1..ncores",
	.own_threads = true,
	.unit = "op/s",
	.thorough = true,
};
