/* SPDX-License-Identifier: MIT */
/* kernels_tensor: products of matrices on the matrix units of NVIDIA devices, with the instructions that they take. */
#include "suites/gpu/kernels.h"
#include "suites/gpu/tensor_text.h"

#define TEXT(...)  TEXT_(__VA_ARGS__)
#define TEXT_(...) #__VA_ARGS__

/* Without the toolkit's headers: instructions by their names. */
#define HELPERS                                                                                  \
	"#ifndef TENSOR_HELPERS\n"                                                               \
	"#define TENSOR_HELPERS\n"                                                               \
	"#define GPU_UNROLL _Pragma(\"unroll\")\n"                                               \
	"#define GPU_ALIGNED __align__(16)\n"                                                    \
	"GPU_DEVICE void tensor_fetch(unsigned *to, const unsigned *from)\n"                     \
	"{\n"                                                                                    \
	"\tunsigned long long shared;\n"                                                         \
	"\tasm(\"cvta.to.shared.u64 %0, %1;\" : \"=l\"(shared) : \"l\"(to));\n"                  \
	"\tasm volatile(\"cp.async.cg.shared.global [%0], [%1], 16;\"\n"                         \
	"\t\t: : \"r\"((unsigned)shared), \"l\"(from) : \"memory\");\n"                          \
	"}\n"                                                                                    \
	"GPU_DEVICE void tensor_sent()\n"                                                        \
	"{\n"                                                                                    \
	"\tasm volatile(\"cp.async.commit_group;\" : : : \"memory\");\n"                         \
	"}\n"                                                                                    \
	"GPU_DEVICE void tensor_arrived()\n"                                                     \
	"{\n"                                                                                    \
	"\tasm volatile(\"cp.async.wait_group 0;\" : : : \"memory\");\n"                         \
	"}\n" MULTIPLY("tensor_tf32_step", "float", "f", "m16n8k8.row.col.f32.tf32.tf32.f32")    \
		MULTIPLY("tensor_bf16_step", "float", "f", "m16n8k16.row.col.f32.bf16.bf16.f32") \
			MULTIPLY("tensor_fp16_step", "float", "f",                               \
				 "m16n8k16.row.col.f32.f16.f16.f32")                             \
				MULTIPLY("tensor_int8_step", "int", "r",                         \
					 "m16n8k32.row.col.s32.s8.s8.s32") "#endif\n"
#define MULTIPLY(name, sum, letter, shape)                                                       \
	"GPU_DEVICE void " name "(" sum                                                          \
	" *d, const unsigned *a, const unsigned *b)\n"                                           \
	"{\n"                                                                                    \
	"\tasm(\"mma.sync.aligned." shape                                                        \
	" {%0, %1, %2, %3}, {%4, %5, %6, %7}, \"\n"                                              \
	"\t\t\"{%8, %9}, {%0, %1, %2, %3};\"\n"                                                  \
	"\t\t: \"+" letter "\"(d[0]), \"+" letter "\"(d[1]), \"+" letter "\"(d[2]), \"+" letter  \
	"\"(d[3])\n"                                                                             \
	"\t\t: \"r\"(a[0]), \"r\"(a[1]), \"r\"(a[2]), \"r\"(a[3]), \"r\"(b[0]), \"r\"(b[1]));\n" \
	"}\n"

static void integers_host(const union gpu_host_arg *args)
{
	const int8_t *a = args[0].memory, *b = args[1].memory;
	const size_t n = args[3].u;
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < n; j++) {
			int32_t sum = 0;
			for (size_t k = 0; k < n; k++)
				sum += a[i * n + k] * b[j * n + k];
			((int32_t *)args[2].memory)[i * n + j] = sum;
		}
}

#define KERNEL(type, number, sum, per_word)                                               \
	static void type##_host(const union gpu_host_arg *args, size_t items)             \
	{                                                                                 \
		(void)items;                                                              \
		if ((number) == GPU_INT8)                                                 \
			integers_host(args);                                              \
		else                                                                      \
			gpu_product_as_floats(number, true, args);                        \
	}                                                                                 \
	const struct gpu_kernel_source gpu_kernel_tensor_##type = {                       \
		.name = "tensor_" #type,                                                  \
		.text = HELPERS TEXT(                                                     \
			TENSOR_CODE(tensor_##type, sum, tensor_##type##_step, per_word)), \
		.params = "bbbu",                                                         \
		.host = type##_host,                                                      \
		.min_arch = TENSOR_ARCH,                                                  \
	};

KERNEL(tf32, GPU_TF32, float, 1)
KERNEL(bf16, GPU_BF16, float, 2)
KERNEL(fp16, GPU_FP16, float, 2)
KERNEL(int8, GPU_INT8, int, 4)
