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
 * c = a b on square matrices of n rows, row after row. Parameters a, b, c, n. The plain ones take n that is a multiple of
 * GPU_TILE, in groups of GPU_TILE x GPU_TILE work items, one a result; the tiled ones keep tiles in memory that the
 * group shares. Those for matrix units take b column after column; tensor_text.h has their shape.
 */
enum { GPU_TILE = 16 };
extern const struct gpu_kernel_source gpu_kernel_naive_fp32, gpu_kernel_naive_bf16,
	gpu_kernel_naive_fp16, gpu_kernel_naive_int8, gpu_kernel_tiled_fp32, gpu_kernel_tiled_bf16,
	gpu_kernel_tiled_fp16, gpu_kernel_tiled_int8, gpu_kernel_tensor_tf32,
	gpu_kernel_tensor_bf16, gpu_kernel_tensor_fp16, gpu_kernel_tensor_int8;

/* What those for matrix units and for 16 bits compute, on one core: the numbers of a and b, by columns or rows, become
 * floats first. Arguments as of the kernels; not for int8. */
void gpu_product_as_floats(enum gpu_type type, bool columns, const union gpu_host_arg *args);

/* to[n] = s from[n], rounded to the type. Parameters to, from, s, n. */
extern const struct gpu_kernel_source gpu_kernel_narrow_fp32, gpu_kernel_narrow_bf16,
	gpu_kernel_narrow_fp16;

/* Two square matrices of n rows: as floats, and as they are multiplied. */
struct gpu_operands {
	enum gpu_type type;
	size_t n;
	bool columns;    /* packed[1] lies column after column */
	float *exact[2]; /* row after row */
	void *packed[2];
};
/*
 * Is c the product of the packed numbers? `samples` of its elements, drawn by `seed`, are computed in double. Each may be
 * off by 8 sqrt(n) 2^-24 of the sum of |a b|, which sums of n floats with rounding errors of either sign keep to [Higham &
 * Mary, SIAM J. Sci. Comput. 41(5), 2019], of int8 by nothing; tf32 by 2^-9 more, because matrix units cut its
 * numbers. *ret_error gets how far c is from the product of the exact floats, as a norm and as a part of it:
 * what the type costs. ASSAY_ECHECK names an element that is off.
 */
enum assay_code gpu_gemm_check(const struct gpu_operands *operands, const void *c, size_t samples,
			       uint64_t seed, double *ret_error, struct assay_err *err);

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

/* a[n] = b[n], by however many work items there are. Parameters a, b, n. */
extern const struct gpu_kernel_source gpu_kernel_strided;

/* One work item follows next[], unsigned each, for so many steps from out[0] and leaves there where it is. Parameters
 * next, out, steps. */
extern const struct gpu_kernel_source gpu_kernel_chase;

/*
 * a = b after so many rounds of a multiplication and an addition, by one chain a work item. Floats go x * 3/4 + 1/8; int32
 * x * factor + addend modulo 2^32; int8 takes x and factor as four bytes each: the sum of their products and addend.
 * factor and addend are kept from the compiler, which would make one round of many. Parameters a, b, rounds, n, factor,
 * addend; n words.
 */
#define GPU_ROOF_WORDS "fp32,fp64,fp16,int32,int8"
enum { GPU_ROOF_FP32, GPU_ROOF_FP64, GPU_ROOF_FP16, GPU_ROOF_INT32, GPU_ROOF_INT8, GPU_ROOFS };
extern const struct gpu_kernel_source gpu_kernel_arithmetic, gpu_kernel_arithmetic_fp64,
	gpu_kernel_arithmetic_fp16, gpu_kernel_arithmetic_int32, gpu_kernel_arithmetic_int8;
extern const struct gpu_roof {
	const struct gpu_kernel_source *source;
	unsigned bytes; /* of a word */
	unsigned ops;   /* of a word and a round */
	bool floats;
	enum gpu_feature needs; /* GPU_FEATURES: nothing */
	uint32_t factor, addend;
} gpu_roofs[GPU_ROOFS];
/* Random words of the type; those of int8 come again after GPU_ROOF_PERIOD, so that all of their answers can be checked. */
enum { GPU_ROOF_PERIOD = 4096 };
void gpu_roof_fill(unsigned type, void *to, size_t n, uint64_t seed);
/*
 * Is a[n] what b[n], of gpu_roof_fill(), becomes? Floats by their closed form in double, off by the rounding of their
 * rounds at most, integers exactly. ASSAY_ECHECK names the first word that is not.
 */
enum assay_code gpu_roof_check(unsigned type, const void *a, const void *b, uint32_t rounds,
			       size_t n, struct assay_err *err);

#endif
