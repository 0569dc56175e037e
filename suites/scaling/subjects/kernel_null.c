/* SPDX-License-Identifier: MIT */
/* kernel_null: computes nothing: the cost of the harness and of one call. */
#include "suites/scaling/kernel_way.h"

static void nothing(const float *shared, const float *in, float *out, size_t rows)
{
	(void)shared, (void)in, (void)out, (void)rows;
}

static const struct kernel_code null_code = {"null",
					     {nothing, nothing, nothing, nothing, nothing, nothing,
					      nothing, nothing, nothing, nothing, nothing}};

static const struct kernel_code *code(void)
{
	return &null_code;
}

const struct assay_subject assay_subject_scaling_kernel_null = {
	.interface = SCALING_KERNEL,
	.brief = "computes nothing: the cost of the harness",
	.ops = &(const struct kernel_way){.code = code, .is_null = true},
	.is_null = true,
};
