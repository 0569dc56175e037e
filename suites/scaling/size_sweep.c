/* SPDX-License-Identifier: MIT */
/* size_sweep: a kernel over few rows and many: where waking a team pays, and whether time grows as rows do. */
#include <math.h>

#include "harness/base/clock.h"
#include "suites/scaling/row_work.h"

enum { TRIES = 3, STEP = 10 };

/* The shortest of some tries: a neighbour only ever adds. */
static double time_ns(struct row_work *w, size_t rows)
{
	double best = INFINITY;
	for (int i = 0; i < TRIES; i++) {
		uint64_t begin = assay_now_ns();
		row_work_serial(w, rows);
		best = fmin(best, (double)(assay_now_ns() - begin));
	}
	return best;
}

static void setup(struct assay_run *run)
{
	size_t rows = (size_t)assay_axis(run, "rows");
	struct row_bench *b = row_bench_setup(run, (size_t)assay_axis(run, "kernel"), rows, rows);
	if (!b)
		return;
	assay_set_ops_per_iteration(run, rows);
	if (b->ops->computes && rows >= 1000)
		b->order = log(time_ns(b->work, rows) / time_ns(b->work, rows / STEP)) / log(STEP);
}

static void body(struct assay_run *run)
{
	struct row_bench *b = assay_state(run);
	double team_ns = row_bench_body(run);
	if (team_ns <= 0)
		return;
	assay_metric(run, "speedup", "ratio", ASSAY_HIGHER, b->serial_ns / team_ns);
	if (isfinite(b->order))
		assay_metric(run, "order", "exponent", ASSAY_LOWER, b->order);
}

const struct assay_bench assay_bench_scaling_size_sweep = {
	.brief = "a kernel over 100 to 1,000,000 rows; one operation is one row",
	.claim = "S3.samples",
	.body = body,
	.setup = setup,
	.teardown = row_bench_teardown,
	.prepare = row_bench_prepare,
	.axes = ASSAY_AXES({"kernel", "name", KERNEL_WORDS, "kmeans"},
			   {"rows", "count", "100,1000,10000,100000,1000000", "100,10000"}),
	.threads = "1..ncores",
	.own_threads = true,
	.thorough = true,
};
