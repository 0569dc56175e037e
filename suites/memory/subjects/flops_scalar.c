/* SPDX-License-Identifier: MIT */
/* flops_scalar: one double at a time, by the baseline of this architecture. */
#if defined(__x86_64__)
#define FLOP_REGISTER(v) "+x"(v)
#elif defined(__aarch64__)
#define FLOP_REGISTER(v) "+w"(v)
#else
#define FLOP_REGISTER(v) "+m"(v)
#endif
#include "suites/memory/flop_kernel.h"

FLOP_KERNEL(run, , double, 1)

static const struct flop_kernel ops = {.run = run, .lanes = 1};

const struct assay_subject assay_subject_memory_flops_scalar = {
	.interface = MEMORY_FLOP_KERNEL,
	.brief = "one double at a time, by the baseline of this architecture",
	.ops = &ops,
};
