/* SPDX-License-Identifier: MIT */
/* flops_avx2: 256-bit fused multiply-add. */
#define FLOP_REGISTER(v) "+x"(v)
#include "suites/memory/flop_kernel.h"

FLOP_KERNEL(run, __attribute__((target("avx2,fma"))), FLOP_VECTOR(4), 4)

static const struct flop_kernel ops = {.run = run, .lanes = 4};

static enum assay_code probe(struct assay_err *err)
{
	__builtin_cpu_init();
	if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
		return ASSAY_OK;
	return assay_fail(err, ASSAY_SKIP, "this processor has no AVX2 with FMA");
}

const struct assay_subject assay_subject_memory_flops_avx2 = {
	.interface = MEMORY_FLOP_KERNEL,
	.brief = "256-bit fused multiply-add",
	.ops = &ops,
	.probe = probe,
};
