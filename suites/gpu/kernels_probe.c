/* SPDX-License-Identifier: MIT */
/* kernels_probe: kernels whose time is that of one thing alone: a copy by few, a dependent load, arithmetic. */
#include <math.h>

#include "suites/gpu/kernels.h"

static void strided_host(const union gpu_host_arg *args, size_t items)
{
	(void)items;
	memcpy(args[0].memory, args[1].memory, args[2].u * sizeof(float));
}

const struct gpu_kernel_source gpu_kernel_strided = {
	"strided",
	"GPU_KERNEL void strided(GPU_GLOBAL float *a, GPU_GLOBAL const float *b, unsigned n)\n"
	"{\n"
	"\tfor (unsigned i = GPU_ID; i < n; i += GPU_TOTAL)\n"
	"\t\ta[i] = b[i];\n"
	"}\n",
	"bbu", strided_host, 0};

static void chase_host(const union gpu_host_arg *args, size_t items)
{
	const uint32_t *next = args[0].memory;
	uint32_t *out = args[1].memory, at = 0;
	(void)items;
	for (uint32_t i = 0; i < args[2].u; i++)
		at = next[at];
	out[0] = at;
}

const struct gpu_kernel_source gpu_kernel_chase = {
	"chase",
	"GPU_KERNEL void chase(GPU_GLOBAL const unsigned *next, GPU_GLOBAL unsigned *out,\n"
	"\tunsigned steps)\n"
	"{\n"
	"\tunsigned at = 0;\n"
	"\tif (GPU_ID != 0)\n"
	"\t\treturn;\n"
	"\tfor (unsigned i = 0; i < steps; i++)\n"
	"\t\tat = next[at];\n"
	"\tout[0] = at;\n"
	"}\n",
	"bbu", chase_host, 0};

static void arithmetic_host(const union gpu_host_arg *args, size_t items)
{
	float *restrict a = args[0].memory;
	const float *restrict b = args[1].memory;
	size_t n = args[3].u < items ? args[3].u : items;
	for (size_t i = 0; i < n; i++) {
		float x = b[i];
		for (uint32_t r = 0; r < args[2].u; r++)
			x = x * 0.75f + 0.125f;
		a[i] = x;
	}
}

const struct gpu_kernel_source gpu_kernel_arithmetic = {
	"arithmetic",
	"GPU_KERNEL void arithmetic(GPU_GLOBAL float *a, GPU_GLOBAL const float *b,\n"
	"\tunsigned rounds, unsigned n)\n"
	"{\n"
	"\tunsigned i = GPU_ID;\n"
	"\tif (i >= n)\n"
	"\t\treturn;\n"
	"\tfloat x = b[i];\n"
	"#pragma unroll 16\n"
	"\tfor (unsigned r = 0; r < rounds; r++)\n"
	"\t\tx = x * 0.75f + 0.125f;\n"
	"\ta[i] = x;\n"
	"}\n",
	"bbuu", arithmetic_host, 0};

enum assay_code gpu_arithmetic_check(const float *a, const float *b, uint32_t rounds, size_t n,
				     struct assay_err *err)
{
	/* Closed form of x -> x 3/4 + 1/8, whose fixed point is 1/2: errors of steps shrink as it is approached. */
	double shrunk = pow(0.75, rounds);
	for (size_t i = 0; i < n; i++) {
		double want = 0.5 + (b[i] - 0.5) * shrunk;
		if (!(fabs(a[i] - want) <= 1e-6 * (fabs((double)b[i]) + 1)))
			return assay_fail(
				err, ASSAY_ECHECK,
				"%u rounds on element %zu of %zu gave %.9g, expected %.9g", rounds,
				i, n, (double)a[i], want);
	}
	return ASSAY_OK;
}
