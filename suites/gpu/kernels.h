/* SPDX-License-Identifier: MIT */
/* kernels: what devices compute in this suite, and how answers are compared with those in double. */
#ifndef ASSAY_SUITES_GPU_KERNELS_H
#define ASSAY_SUITES_GPU_KERNELS_H

#include "suites/gpu/gpu.h"

/*
 * Kernels that stream through arrays of n floats: a = b, a = s b, a = b + c, a = b + s c, and the dot product of b and
 * c, of which each group leaves its part in a[group]. Parameters of all of them: a, b, c, s, n.
 */
extern const struct gpu_kernel_source gpu_kernel_copy, gpu_kernel_scale, gpu_kernel_add,
	gpu_kernel_triad, gpu_kernel_dot;

#define GPU_STREAM_WORDS "copy,scale,add,triad,dot"
enum { GPU_STREAM_COPY = 0, GPU_STREAM_DOT = 4, GPU_STREAM_KERNELS = 5, GPU_DOT_GROUPS = 1024 };
extern const struct gpu_stream_kernel {
	const struct gpu_kernel_source *source;
	unsigned arrays; /* that are read or written */
	unsigned flops;  /* of an element */
} gpu_stream_kernels[GPU_STREAM_KERNELS];

/*
 * Is a[n], or a[groups] of the dot product, what `source` makes of b, c and s? A device may fuse the multiplication
 * and the addition, so each element may be off by the rounding of the steps, not more. ASSAY_ECHECK names the
 * first that is.
 */
enum assay_code gpu_stream_check(const struct gpu_kernel_source *source, const float *a,
				 const float *b, const float *c, float s, size_t n, size_t groups,
				 struct assay_err *err);

/* a[0] += 1, once a launch. Parameter a. */
extern const struct gpu_kernel_source gpu_kernel_count;

/*
 * c = a b on square matrices of n rows, row after row; n is a multiple of GPU_TILE. Parameters a, b, c, n; groups of
 * GPU_TILE x GPU_TILE work items, one a result. The second keeps tiles in memory that the group shares.
 */
enum { GPU_TILE = 16 };
extern const struct gpu_kernel_source gpu_kernel_gemm_naive, gpu_kernel_gemm_tiled;
/*
 * Is c the product? `samples` of its elements, drawn by `seed`, are computed in double; their differences must be at
 * most 1e-6 sqrt(n) of their size, as a norm over all of them. *ret_error gets what it is. ASSAY_ECHECK.
 */
enum assay_code gpu_gemm_check(const float *a, const float *b, const float *c, size_t n,
			       size_t samples, uint64_t seed, double *ret_error,
			       struct assay_err *err);

/* Workloads of suites/kernels, a work item a row. Parameters: shared, in, out, rows. */
extern const struct gpu_kernel_source gpu_kernel_kmeans, gpu_kernel_distance, gpu_kernel_reservoir,
	gpu_kernel_spiking;
#define GPU_ROW_WORDS "kmeans,distance,reservoir,spiking"
enum { GPU_ROW_KERNELS = 4 };
extern const struct gpu_row_kernel {
	const struct gpu_kernel_source *source;
	unsigned number; /* of it in kernels[] */
} gpu_row_kernels[GPU_ROW_KERNELS];
/*
 * Is got what the plain code's `want` is, row for row? A point between two centroids may be either's, and a neuron
 * at its threshold may fire or not, where the rounding of floats decides. ASSAY_ECHECK names the first row that differs.
 */
enum assay_code gpu_rows_check(const struct gpu_row_kernel *row, const float *shared,
			       const float *in, const float *got, const float *want, size_t rows,
			       struct assay_err *err);

/* One work item follows next[], unsigned each, for so many steps from 0 and leaves in out[0] where it is. Parameters
 * next, out, steps. */
extern const struct gpu_kernel_source gpu_kernel_chase;

/* a = b after so many rounds of x * 3/4 + 1/8. Parameters a, b, rounds, n. */
extern const struct gpu_kernel_source gpu_kernel_arithmetic;
/* Is it? By the closed form in double. ASSAY_ECHECK names the first element that is not. */
enum assay_code gpu_arithmetic_check(const float *a, const float *b, uint32_t rounds, size_t n,
				     struct assay_err *err);

#endif
