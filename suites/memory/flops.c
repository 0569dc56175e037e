/* SPDX-License-Identifier: MIT */
/* flops: multiply-adds on registers: the arithmetic a core can do when nothing has to be fetched. */
#include "suites/memory/flop_kernel.h"

enum { ROUNDS = 1000 };

static double expected(const struct flop_kernel *kernel)
{
	double sum = 0;

	for (int k = 0; k < FLOP_VECTORS; k++)
		sum += kernel->lanes * (double)(k + ROUNDS);
	return sum;
}

static void setup(struct assay_run *run)
{
	const struct flop_kernel *kernel = assay_subject(run);

	assay_set_flops_per_op(run, 2.0 * FLOP_VECTORS * kernel->lanes * ROUNDS);
}

static void body(struct assay_run *run)
{
	const struct flop_kernel *kernel = assay_subject(run);
	double sum = 0;

	/* By 1 and 1: the sum counts the rounds, exactly. */
	ASSAY_LOOP (run)
		sum = assay_keep(kernel->run(ROUNDS, 1, 1));
	assay_check(run, kernel->is_null || sum == expected(kernel),
		    "the sum is %.17g and should be %.17g", sum, expected(kernel));
}

const struct assay_bench assay_bench_memory_flops = {
	.brief = "double precision multiply-adds per second, from scalar to the widest vectors",
	.source = "likwid-bench peakflops",
	.body = body,
	.setup = setup,
	.subjects = MEMORY_FLOP_KERNEL,
	.threads = "1..ncores:x2",
	.unit = "flop/s",
};
