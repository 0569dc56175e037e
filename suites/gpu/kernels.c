/* SPDX-License-Identifier: MIT */
/* kernels: the list of all kernels, those that stream through memory, and what right answers are. */
#include "suites/gpu/kernels.h"

#include <float.h>
#include <math.h>

#include "harness/base/rng.h"

const struct gpu_kernel_source *const gpu_kernels[] = {
	&gpu_kernel_copy,
	&gpu_kernel_scale,
	&gpu_kernel_add,
	&gpu_kernel_triad,
	&gpu_kernel_dot,
	&gpu_kernel_count,
	&gpu_kernel_naive_fp32,
	&gpu_kernel_naive_bf16,
	&gpu_kernel_naive_fp16,
	&gpu_kernel_naive_int8,
	&gpu_kernel_tiled_fp32,
	&gpu_kernel_tiled_bf16,
	&gpu_kernel_tiled_fp16,
	&gpu_kernel_tiled_int8,
	&gpu_kernel_tensor_tf32,
	&gpu_kernel_tensor_bf16,
	&gpu_kernel_tensor_fp16,
	&gpu_kernel_tensor_int8,
	&gpu_kernel_narrow_fp32,
	&gpu_kernel_narrow_bf16,
	&gpu_kernel_narrow_fp16,
	&gpu_kernel_kmeans,
	&gpu_kernel_distance,
	&gpu_kernel_reservoir,
	&gpu_kernel_spiking,
	&gpu_kernel_strided,
	&gpu_kernel_chase,
	&gpu_kernel_arithmetic,
	&gpu_kernel_arithmetic_fp64,
	&gpu_kernel_arithmetic_fp16,
	&gpu_kernel_arithmetic_int32,
	&gpu_kernel_arithmetic_int8,
	&gpu_kernel_clocks,
	NULL,
};

const struct gpu_kernel_source *gpu_kernel_find(const char *name)
{
	for (size_t i = 0; gpu_kernels[i]; i++)
		if (strcmp(gpu_kernels[i]->name, name) == 0)
			return gpu_kernels[i];
	return NULL;
}

/* Five kernels with the same parameters: a, b, c, s, n; those that do not need all of them ignore the rest. */
#define STREAM_HEAD(name)                                    \
	"GPU_KERNEL void " name                              \
	"(GPU_GLOBAL float *a, GPU_GLOBAL const float *b,\n" \
	"\tGPU_GLOBAL const float *c, float s, unsigned n)\n"
#define STREAM_TEXT(name, statement) \
	STREAM_HEAD(name)            \
	"{\n"                        \
	"\tunsigned i = GPU_ID;\n"   \
	"\tif (i < n)\n"             \
	"\t\ta[i] = " statement      \
	";\n"                        \
	"}\n"
#define STREAM_HOST(function, expression)                                               \
	static void function(const union gpu_host_arg *args, size_t items)              \
	{                                                                               \
		float *restrict a = args[0].memory;                                     \
		const float *restrict b = args[1].memory, *restrict c = args[2].memory; \
		float s = args[3].f;                                                    \
		size_t n = args[4].u < items ? args[4].u : items;                       \
		(void)b, (void)c, (void)s;                                              \
		for (size_t i = 0; i < n; i++)                                          \
			a[i] = expression;                                              \
	}

STREAM_HOST(copy_host, b[i])
STREAM_HOST(scale_host, s *b[i])
STREAM_HOST(add_host, b[i] + c[i])
STREAM_HOST(triad_host, b[i] + s * c[i])

const struct gpu_kernel_source gpu_kernel_copy = {"copy", STREAM_TEXT("copy", "b[i]"), "bbbfu",
						  copy_host, 0};
const struct gpu_kernel_source gpu_kernel_scale = {"scale", STREAM_TEXT("scale", "s * b[i]"),
						   "bbbfu", scale_host, 0};
const struct gpu_kernel_source gpu_kernel_add = {"add", STREAM_TEXT("add", "b[i] + c[i]"), "bbbfu",
						 add_host, 0};
const struct gpu_kernel_source gpu_kernel_triad = {"triad", STREAM_TEXT("triad", "b[i] + s * c[i]"),
						   "bbbfu", triad_host, 0};

/* A group's sum of products goes to a[group]; each work item takes every GPU_TOTAL-th of them. */
static void dot_host(const union gpu_host_arg *args, size_t items)
{
	float *a = args[0].memory;
	const float *b = args[1].memory, *c = args[2].memory;
	size_t n = args[4].u;
	for (size_t group = 0; group < items / GPU_GROUP_ITEMS; group++) {
		float sum = 0;
		for (size_t item = 0; item < GPU_GROUP_ITEMS; item++)
			for (size_t i = group * GPU_GROUP_ITEMS + item; i < n; i += items)
				sum += b[i] * c[i];
		a[group] = sum;
	}
}

const struct gpu_kernel_source gpu_kernel_dot = {
	"dot_product", /* OpenCL has a function dot */

	STREAM_HEAD("dot_product")
	"{\n"
	"\tGPU_LOCAL float sums[256];\n"
	"\tunsigned item = GPU_ITEM;\n"
	"\tfloat sum = 0.0f;\n"
	"\tfor (unsigned i = GPU_ID; i < n; i += GPU_TOTAL)\n"
	"\t\tsum += b[i] * c[i];\n"
	"\tsums[item] = sum;\n"
	"\tGPU_BARRIER();\n"
	"\tfor (unsigned width = 128; width > 0; width /= 2) {\n"
	"\t\tif (item < width)\n"
	"\t\t\tsums[item] += sums[item + width];\n"
	"\t\tGPU_BARRIER();\n"
	"\t}\n"
	"\tif (item == 0)\n"
	"\t\ta[GPU_GROUP] = sums[0];\n"
	"}\n",
	"bbbfu", dot_host, 0};

/* Launches that follow each other leave behind how many they were. */
static void count_host(const union gpu_host_arg *args, size_t items)
{
	float *a = args[0].memory;
	(void)items;
	a[0] += 1;
}

const struct gpu_kernel_source gpu_kernel_count = {"count",
						   "GPU_KERNEL void count(GPU_GLOBAL float *a)\n"
						   "{\n"
						   "\tif (GPU_ID == 0)\n"
						   "\t\ta[0] += 1.0f;\n"
						   "}\n",
						   "b", count_host, 0};

const struct gpu_stream_kernel gpu_stream_kernels[GPU_STREAM_KERNELS] = {
	{&gpu_kernel_copy, 2, 0},  {&gpu_kernel_scale, 2, 1}, {&gpu_kernel_add, 3, 1},
	{&gpu_kernel_triad, 3, 2}, {&gpu_kernel_dot, 2, 2},
};

/* One element in double, and how far off one in float may be: by the rounding of its steps, fused or not. */
static double element(const struct gpu_kernel_source *source, double b, double c, double s,
		      double *bound)
{
	if (source == &gpu_kernel_copy) {
		*bound = 0;
		return b;
	}
	if (source == &gpu_kernel_scale) {
		*bound = FLT_EPSILON * fabs(s * b);
		return s * b;
	}
	double more = source == &gpu_kernel_add ? c : s * c;
	*bound = FLT_EPSILON * (fabs(more) + fabs(b + more));
	return b + more;
}

/*
 * Each group's part by itself. The sum of all of them is so much smaller than its terms that what bounds its rounding also
 * lets an answer through that nobody has written. A part of m products is off by 8 sqrt(m) 2^-24 of their size at most
 * [Higham & Mary, 2019, as in gpu_gemm_check()].
 */
static enum assay_code check_dot(const float *a, const float *b, const float *c, size_t n,
				 size_t groups, struct assay_err *err)
{
	for (size_t group = 0; group < groups; group++) {
		double want = 0, size = 0, terms = 0;
		for (size_t i = group * GPU_GROUP_ITEMS; i < n; i += groups * GPU_GROUP_ITEMS)
			for (size_t k = i; k < n && k < i + GPU_GROUP_ITEMS; k++, terms++) {
				want += (double)b[k] * c[k];
				size += fabs((double)b[k] * c[k]);
			}
		if (!(fabs(a[group] - want) <= 8 * 0x1p-24 * sqrt(terms) * size))
			return assay_fail(
				err, ASSAY_ECHECK,
				"dot of %zu: the part of group %zu is %.9g, expected %.9g", n,
				group, (double)a[group], want);
	}
	return ASSAY_OK;
}

enum assay_code gpu_stream_check(const struct gpu_kernel_source *source, const float *a,
				 const float *b, const float *c, float s, size_t n, size_t groups,
				 struct assay_err *err)
{
	if (source == &gpu_kernel_dot)
		return check_dot(a, b, c, n, groups, err);
	for (size_t i = 0; i < n; i++) {
		double bound, want = element(source, b[i], c[i], s, &bound);
		if (!(fabs(a[i] - want) <= bound))
			return assay_fail(err, ASSAY_ECHECK,
					  "%s of %zu: element %zu is %.9g, expected %.9g",
					  source->name, n, i, (double)a[i], want);
	}
	return ASSAY_OK;
}

void gpu_fill(float *x, size_t n, uint64_t seed)
{
	struct assay_rng rng;
	assay_rng_init(&rng, seed);
	for (size_t i = 0; i < n; i++) {
		uint64_t bits = assay_rng_next(&rng);
		float mantissa = 1.0f + (float)(bits >> 41) * 0x1p-23f;
		float magnitude = ldexpf(mantissa, (int)(bits & 7) - 4);
		x[i] = bits & 8 ? -magnitude : magnitude;
	}
}
