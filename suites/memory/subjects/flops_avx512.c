/* SPDX-License-Identifier: MIT */
/* flops_avx512: 512-bit fused multiply-add. */
#define FLOP_REGISTER(v) "+v"(v)
#include "suites/memory/flop_kernel.h"

FLOP_KERNEL(run, __attribute__((target("avx512f"))), FLOP_VECTOR(8), 8)

static const struct flop_kernel ops = {.run = run, .lanes = 8};

static enum assay_code probe(struct assay_err *err)
{
	__builtin_cpu_init();
	if (__builtin_cpu_supports("avx512f"))
		return ASSAY_OK;
	return assay_fail(err, ASSAY_SKIP, "this processor has no AVX-512");
}

const struct assay_subject assay_subject_memory_flops_avx512 = {
	.interface = MEMORY_FLOP_KERNEL,
	.brief = "512-bit fused multiply-add",
	.ops = &ops,
	.probe = probe,
};
