/* SPDX-License-Identifier: MIT */
/*
 * weak: work that grows with the team: every worker has the same number of rows, and so of bytes, however many
 * there are. One operation is one row.
 */
#include "suites/scaling/row_work.h"

static void setup(struct assay_run *run)
{
	size_t each = (size_t)assay_axis(run, "rows"), threads = assay_threads(run);
	if (row_bench_setup(run, (size_t)assay_axis(run, "kernel"), each * threads, each))
		assay_set_ops_per_iteration(run, each * threads);
}

static void body(struct assay_run *run)
{
	struct row_bench *b = assay_state(run);
	double team_ns = row_bench_body(run), threads = assay_threads(run);
	if (team_ns <= 0)
		return;
	double efficiency = b->serial_ns / team_ns;
	assay_metric(run, "scaled_speedup", "ratio", ASSAY_HIGHER, threads * efficiency);
	assay_metric(run, "efficiency", "ratio", ASSAY_HIGHER, efficiency);
}

const struct assay_bench assay_bench_scaling_weak = {
	.brief =
		"the same number of rows for each of 1 to all cores, against one core with its own",
	.source = "Gustafson, CACM 31(5), 1988",
	.body = body,
	.setup = setup,
	.teardown = row_bench_teardown,
	.prepare = row_bench_prepare,
	.axes = ASSAY_AXES({"kernel", "name", KERNEL_WORDS, "kmeans"},
			   {"rows", "count", "2000", NULL}),
	.threads = "1..ncores",
	.own_threads = true,
	.thorough = true,
};
