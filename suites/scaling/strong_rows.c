/* SPDX-License-Identifier: MIT */
/* strong_rows: a fixed number of rows of any kernel over 1 to all cores; one operation is one row. */
#include "suites/scaling/row_work.h"

static void setup(struct assay_run *run)
{
	size_t rows = (size_t)assay_axis(run, "rows");
	if (row_bench_setup(run, (size_t)assay_axis(run, "kernel"), rows, rows))
		assay_set_ops_per_iteration(run, rows);
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

const struct assay_bench assay_bench_scaling_strong_rows = {
	.brief = "rows of a kernel over 1 to all cores, against the same code on one",
	.source = "Amdahl, AFIPS 1967",
	.body = body,
	.setup = setup,
	.teardown = row_bench_teardown,
	.prepare = row_bench_prepare,
	.axes = ASSAY_AXES({"kernel", "name", KERNEL_WORDS, "powerflow"},
			   {"rows", "count", "2000", NULL}),
	.threads = "1..ncores",
	.own_threads = true,
	.thorough = true,
};
