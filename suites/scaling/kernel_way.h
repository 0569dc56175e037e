/* SPDX-License-Identifier: MIT */
/* kernel_way: the interface "kernel": one way of computing the kernels that suites share. */
#ifndef ASSAY_SUITES_SCALING_KERNEL_WAY_H
#define ASSAY_SUITES_SCALING_KERNEL_WAY_H

#include "harness/bench.h"
#include "suites/kernels/kernel.h"

#define SCALING_KERNEL "kernel"

struct kernel_way {
	const struct kernel_code *(*code)(void);
	bool is_null; /* computes nothing */
};

#endif
