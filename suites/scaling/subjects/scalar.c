/* SPDX-License-Identifier: MIT */
/* scalar: plain code, one number at a time; the compiler is kept from making vectors of it. */
#include "suites/scaling/kernel_way.h"

static const struct kernel_code *code(void)
{
	return &kernel_scalar;
}

const struct assay_subject assay_subject_scaling_scalar = {
	.interface = SCALING_KERNEL,
	.brief = "plain code, one number at a time: the reference",
	.ops = &(const struct kernel_way){.code = code},
};
