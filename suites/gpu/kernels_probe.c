/* SPDX-License-Identifier: MIT */
/* kernels_probe: kernels whose time is that of one thing alone: a copy by few, a dependent load. */
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
	uint32_t *out = args[1].memory, at = out[0];
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
	"\tif (GPU_ID != 0)\n"
	"\t\treturn;\n"
	"\tunsigned at = out[0];\n"
	"\tfor (unsigned i = 0; i < steps; i++)\n"
	"\t\tat = next[at];\n"
	"\tout[0] = at;\n"
	"}\n",
	"bbu", chase_host, 0};
