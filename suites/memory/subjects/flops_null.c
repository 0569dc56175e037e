/* SPDX-License-Identifier: MIT */
/* flops_null: no arithmetic at all: what the call costs. */
#include "suites/memory/memory.h"

static double run(uint64_t rounds, double factor, double step)
{
	(void)rounds;
	(void)factor;
	return step;
}

static const struct flop_kernel ops = {.run = run, .lanes = 1, .is_null = true};

const struct assay_subject assay_subject_memory_flops_null = {
	.interface = MEMORY_FLOP_KERNEL,
	.brief = "no arithmetic at all: the cost of the call",
	.ops = &ops,
	.is_null = true,
};
