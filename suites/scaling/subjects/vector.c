/* SPDX-License-Identifier: MIT */
/* vector: eight numbers at a time, in the widest instruction set that is here. */
#include "suites/scaling/kernel_way.h"

const struct assay_subject assay_subject_scaling_vector = {
	.interface = SCALING_KERNEL,
	.brief = "eight numbers at a time, in AVX2 where the processor has it",
	.ops = &(const struct kernel_way){.code = kernel_vector},
};
