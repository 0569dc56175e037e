/* SPDX-License-Identifier: MIT */
/* kernels_gemm: products of matrices, straight from memory and by tiles, and how they are checked. */
#include <math.h>

#include "harness/base/rng.h"
#include "suites/gpu/kernels.h"

static void gemm_host(const union gpu_host_arg *args, size_t items)
{
	const float *a = args[0].memory, *b = args[1].memory;
	float *restrict c = args[2].memory;
	size_t n = args[3].u;
	(void)items;
	memset(c, 0, n * n * sizeof(*c));
	/* The inner loop runs along rows, as anybody would write it who has met a cache. */
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < n; k++) {
			float x = a[i * n + k];
			for (size_t j = 0; j < n; j++)
				c[i * n + j] += x * b[k * n + j];
		}
}

const struct gpu_kernel_source gpu_kernel_gemm_naive = {
	"gemm_naive",
	"GPU_KERNEL void gemm_naive(GPU_GLOBAL const float *a, GPU_GLOBAL const float *b,\n"
	"\tGPU_GLOBAL float *c, unsigned n)\n"
	"{\n"
	"\tunsigned column = GPU_ID, row = GPU_ID_Y;\n"
	"\tfloat sum = 0.0f;\n"
	"\tif (row >= n || column >= n)\n"
	"\t\treturn;\n"
	"\tfor (unsigned k = 0; k < n; k++)\n"
	"\t\tsum += a[row * n + k] * b[k * n + column];\n"
	"\tc[row * n + column] = sum;\n"
	"}\n",
	"bbbu", gemm_host};

const struct gpu_kernel_source gpu_kernel_gemm_tiled = {
	"gemm_tiled",
	"GPU_KERNEL void gemm_tiled(GPU_GLOBAL const float *a, GPU_GLOBAL const float *b,\n"
	"\tGPU_GLOBAL float *c, unsigned n)\n"
	"{\n"
	"\tGPU_LOCAL float left[16][16];\n"
	"\tGPU_LOCAL float right[16][16];\n"
	"\tunsigned x = GPU_ITEM, y = GPU_ITEM_Y;\n"
	"\tunsigned column = GPU_ID, row = GPU_ID_Y;\n"
	"\tfloat sum = 0.0f;\n"
	"\tfor (unsigned tile = 0; tile < n; tile += 16) {\n"
	"\t\tleft[y][x] = a[row * n + tile + x];\n"
	"\t\tright[y][x] = b[(tile + y) * n + column];\n"
	"\t\tGPU_BARRIER();\n"
	"\t\tfor (unsigned k = 0; k < 16; k++)\n"
	"\t\t\tsum += left[y][k] * right[k][x];\n"
	"\t\tGPU_BARRIER();\n"
	"\t}\n"
	"\tc[row * n + column] = sum;\n"
	"}\n",
	"bbbu", gemm_host};

enum assay_code gpu_gemm_check(const float *a, const float *b, const float *c, size_t n,
			       size_t samples, uint64_t seed, double *ret_error,
			       struct assay_err *err)
{
	struct assay_rng rng;
	double off = 0, size = 0;
	assay_rng_init(&rng, seed);
	for (size_t s = 0; s < samples; s++) {
		size_t row = (size_t)assay_rng_below(&rng, n);
		size_t column = (size_t)assay_rng_below(&rng, n);
		double want = 0, got = c[row * n + column];
		for (size_t k = 0; k < n; k++)
			want += (double)a[row * n + k] * b[k * n + column];
		off += (got - want) * (got - want);
		size += want * want;
	}
	*ret_error = sqrt(off / size);
	if (!(*ret_error <= 1e-6 * sqrt((double)n)))
		return assay_fail(err, ASSAY_ECHECK,
				  "product of %zu x %zu is off by %.3g of its size, at %zu places",
				  n, n, *ret_error, samples);
	return ASSAY_OK;
}
