/* SPDX-License-Identifier: MIT */
/* flops_sse2: 128-bit vectors, multiply and add apart. */
#define FLOP_REGISTER(v) "+x"(v)
#include "suites/memory/flop_kernel.h"

FLOP_KERNEL(run, , FLOP_VECTOR(2), 2)

static const struct flop_kernel ops = {.run = run, .lanes = 2};

const struct assay_subject assay_subject_memory_flops_sse2 = {
	.interface = MEMORY_FLOP_KERNEL,
	.brief = "128-bit vectors, multiply and add apart",
	.ops = &ops,
};
