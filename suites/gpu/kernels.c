/* SPDX-License-Identifier: MIT */
/* kernels: the kernels of suites/gpu, for devices and for the host, and what right answers are. */
#include <float.h>
#include <math.h>

#include "harness/base/rng.h"
#include "suites/gpu/gpu.h"

static void triad_host(const union gpu_host_arg *args, size_t items)
{
	float *restrict a = args[0].memory;
	const float *restrict b = args[1].memory, *restrict c = args[2].memory;
	float s = args[3].f;
	size_t n = args[4].u;
	for (size_t i = 0; i < items && i < n; i++)
		a[i] = b[i] + s * c[i];
}

const struct gpu_kernel_source gpu_kernel_triad = {
	.name = "triad",
	.text = "GPU_KERNEL void triad(GPU_GLOBAL float *a, GPU_GLOBAL const float *b,\n"
		"\tGPU_GLOBAL const float *c, float s, unsigned n)\n"
		"{\n"
		"\tunsigned i = GPU_ID;\n"
		"\tif (i < n)\n"
		"\t\ta[i] = b[i] + s * c[i];\n"
		"}\n",
	.params = "bbbfu",
	.host = triad_host,
};

const struct gpu_kernel_source *const gpu_kernels[] = {&gpu_kernel_triad, NULL};

const struct gpu_kernel_source *gpu_kernel_find(const char *name)
{
	for (size_t i = 0; gpu_kernels[i]; i++)
		if (strcmp(gpu_kernels[i]->name, name) == 0)
			return gpu_kernels[i];
	return NULL;
}

enum assay_code gpu_triad_check(const float *a, const float *b, const float *c, float s, size_t n,
				struct assay_err *err)
{
	for (size_t i = 0; i < n; i++) {
		double product = (double)s * c[i], want = b[i] + product;
		double bound = FLT_EPSILON * (fabs(product) + fabs(want));
		if (!(fabs(a[i] - want) <= bound))
			return assay_fail(err, ASSAY_ECHECK,
					  "triad of %zu: element %zu is %.9g, expected %.9g", n, i,
					  (double)a[i], want);
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
