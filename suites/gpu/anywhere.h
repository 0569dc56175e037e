/* SPDX-License-Identifier: MIT */
/*
 * anywhere: rows of a shared workload on a device, and on this CPU where the device cannot: it has no memory left, or
 * is lost. The caller gets the result either way, and is told where it comes from.
 */
#ifndef ASSAY_SUITES_GPU_ANYWHERE_H
#define ASSAY_SUITES_GPU_ANYWHERE_H

#include "suites/gpu/kernels.h"

/* All calls on one thread. */
struct gpu_anywhere {
	struct gpu_session session;
	const struct gpu_row_kernel *row;
	struct gpu_kernel *kernel;
	bool lost;            /* the device is not asked again */
	struct assay_err why; /* the last failure */
};

/* Open the device; one that does not open is as good as lost, and why is kept. */
void gpu_anywhere_open(struct gpu_anywhere *a, const struct gpu_ops *ops,
		       const struct gpu_row_kernel *row);
void gpu_anywhere_close(struct gpu_anywhere *a);
/*
 * Compute out[rows] of in[rows] and shared, as in kernels.h, with `more_bytes` of the device's memory besides. True:
 * on the device. False: by the CPU's code for vectors, and a->why says why.
 */
bool gpu_anywhere_rows(struct gpu_anywhere *a, const float *shared, const float *in, float *out,
		       size_t rows, size_t more_bytes);

#endif
