/* SPDX-License-Identifier: MIT */
/* flops_neon: 128-bit fused multiply-add. */
#define FLOP_REGISTER(v) "+w"(v)
#include "suites/memory/flop_kernel.h"

FLOP_KERNEL(run, , FLOP_VECTOR(2), 2)

static const struct flop_kernel ops = {.run = run, .lanes = 2};

const struct assay_subject assay_subject_memory_flops_neon = {
	.interface = MEMORY_FLOP_KERNEL,
	.brief = "128-bit fused multiply-add",
	.ops = &ops,
};
