/* SPDX-License-Identifier: MIT */
/* kernels_narrow: floats, scaled, as numbers of fewer bits. */
#include "suites/gpu/kernels.h"

static void narrow(enum gpu_type type, const union gpu_host_arg *args, size_t items)
{
	const float *from = args[1].memory;
	const size_t bytes = gpu_type_bytes(type), n = args[3].u < items ? args[3].u : items;
	for (size_t i = 0; i < n; i++) {
		float x = args[2].f * from[i];
		gpu_type_pack(type, &x, (char *)args[0].memory + i * bytes, 1);
	}
}

#define NARROW(type, number, out, store)                                      \
	static void type##_host(const union gpu_host_arg *args, size_t items) \
	{                                                                     \
		narrow(number, args, items);                                  \
	}                                                                     \
	const struct gpu_kernel_source gpu_kernel_narrow_##type = {           \
		"narrow_" #type,                                              \
		"GPU_KERNEL void narrow_" #type "(GPU_GLOBAL " out            \
		" *to,\n"                                                     \
		"\tGPU_GLOBAL const float *from, float s, unsigned n)\n"      \
		"{\n"                                                         \
		"\tunsigned i = GPU_ID;\n"                                    \
		"\tif (i < n)\n"                                              \
		"\t\t" store                                                  \
		"(to, i, s * from[i]);\n"                                     \
		"}\n",                                                        \
		"bbfu", type##_host, 0};

NARROW(fp32, GPU_FP32, "float", "GPU_PUT")
NARROW(bf16, GPU_BF16, "unsigned short", "GPU_PUT_BF16")
NARROW(fp16, GPU_FP16, "unsigned short", "GPU_PUT_FP16")
