/* SPDX-License-Identifier: MIT */
/*
 * dialect: what lets one text be a kernel of OpenCL C 1.2 and of CUDA C alike. Kernels use these names, plain C
 * with float, int and unsigned, and nothing that only one of the two has.
 */
#ifndef ASSAY_SUITES_GPU_DIALECT_H
#define ASSAY_SUITES_GPU_DIALECT_H

/*
 * GPU_KERNEL          what makes a function a kernel
 * GPU_GLOBAL          address space of buffers; GPU_LOCAL of arrays that a group shares
 * GPU_DEVICE          what makes a function one that kernels call
 * GPU_ID, GPU_ID_Y    number of this work item in the whole launch; GPU_TOTAL of work items in it
 * GPU_ITEM, _ITEM_Y   number within its group; GPU_SIZE of work items in a group
 * GPU_GROUP, _GROUP_Y number of the group
 * GPU_AT(from, i)     number i of an array; GPU_AT_BF16, GPU_AT_FP16 the float that its 16 bits are
 * GPU_PUT(to, i, x)   store a float as number i of an array; GPU_PUT_BF16, GPU_PUT_FP16 as 16 bits, rounded
 * GPU_FMA_2FP16(x, y, z)  x y + z on words of two 16-bit floats
 * GPU_DOT4(x, y, z)   sum of z and the products of four signed bytes each, by one instruction where CUDA has it
 * GPU_BARRIER()       all work items of the group have come here, and see what the others stored
 */
#define GPU_DIALECT_OPENCL                                                                     \
	"#define GPU_KERNEL __kernel\n"                                                        \
	"#define GPU_DEVICE inline\n"                                                          \
	"#define GPU_GLOBAL __global\n"                                                        \
	"#define GPU_LOCAL __local\n"                                                          \
	"#define GPU_ID ((unsigned)get_global_id(0))\n"                                        \
	"#define GPU_ID_Y ((unsigned)get_global_id(1))\n"                                      \
	"#define GPU_TOTAL ((unsigned)get_global_size(0))\n"                                   \
	"#define GPU_ITEM ((unsigned)get_local_id(0))\n"                                       \
	"#define GPU_ITEM_Y ((unsigned)get_local_id(1))\n"                                     \
	"#define GPU_SIZE ((unsigned)get_local_size(0))\n"                                     \
	"#define GPU_GROUP ((unsigned)get_group_id(0))\n"                                      \
	"#define GPU_GROUP_Y ((unsigned)get_group_id(1))\n"                                    \
	"#define GPU_BARRIER() barrier(CLK_LOCAL_MEM_FENCE)\n"                                 \
	"#define GPU_AT(from, i) ((from)[i])\n"                                                \
	"#define GPU_AT_BF16(from, i) as_float((uint)(from)[i] << 16)\n"                       \
	"#define GPU_AT_FP16(from, i) vload_half(i, (GPU_GLOBAL const half *)(from))\n"        \
	"#define GPU_PUT(to, i, x) ((to)[i] = (x))\n"                                          \
	"#define GPU_PUT_BF16(to, i, x) ((to)[i] = gpu_bf16(x))\n"                             \
	"#define GPU_PUT_FP16(to, i, x) vstore_half_rte(x, i, (GPU_GLOBAL half *)(to))\n"      \
	"#define GPU_SQRT(x) sqrt(x)\n"                                                        \
	"#define GPU_TANH(x) tanh(x)\n"                                                        \
	"#define GPU_FMA(x, y, z) fma(x, y, z)\n"                                              \
	"#define GPU_FMA_2FP16(x, y, z) as_uint(fma(as_half2(x), as_half2(y), as_half2(z)))\n" \
	"#define GPU_DOT4(x, y, z) gpu_dot4(x, y, z)\n"                                        \
	"unsigned gpu_dot4(unsigned x, unsigned y, unsigned sum)\n"                            \
	"{\n"                                                                                  \
	"\tchar4 a = as_char4(x), b = as_char4(y);\n"                                          \
	"\treturn sum + (unsigned)(a.x * b.x + a.y * b.y + a.z * b.z + a.w * b.w);\n"          \
	"}\n"                                                                                  \
	"unsigned short gpu_bf16(float x)\n"                                                   \
	"{\n"                                                                                  \
	"\tunsigned bits = as_uint(x);\n"                                                      \
	"\treturn (unsigned short)((bits + 0x7fffu + (bits >> 16 & 1u)) >> 16);\n"             \
	"}\n"

#define GPU_DIALECT_CUDA                                                                        \
	"#define GPU_KERNEL extern \"C\" __global__\n"                                          \
	"#define GPU_DEVICE static __device__ __forceinline__\n"                                \
	"#define GPU_GLOBAL\n"                                                                  \
	"#define GPU_LOCAL __shared__\n"                                                        \
	"#define GPU_ID (blockIdx.x * blockDim.x + threadIdx.x)\n"                              \
	"#define GPU_ID_Y (blockIdx.y * blockDim.y + threadIdx.y)\n"                            \
	"#define GPU_TOTAL (gridDim.x * blockDim.x)\n"                                          \
	"#define GPU_ITEM threadIdx.x\n"                                                        \
	"#define GPU_ITEM_Y threadIdx.y\n"                                                      \
	"#define GPU_SIZE blockDim.x\n"                                                         \
	"#define GPU_GROUP blockIdx.x\n"                                                        \
	"#define GPU_GROUP_Y blockIdx.y\n"                                                      \
	"#define GPU_BARRIER() __syncthreads()\n"                                               \
	"#define GPU_AT(from, i) ((from)[i])\n"                                                 \
	"#define GPU_AT_BF16(from, i) __uint_as_float((unsigned)(from)[i] << 16)\n"             \
	"#define GPU_AT_FP16(from, i) gpu_half((from)[i])\n"                                    \
	"#define GPU_PUT(to, i, x) ((to)[i] = (x))\n"                                           \
	"#define GPU_PUT_BF16(to, i, x) ((to)[i] = gpu_bf16(x))\n"                              \
	"#define GPU_PUT_FP16(to, i, x) ((to)[i] = gpu_fp16(x))\n"                              \
	"#define GPU_SQRT(x) sqrtf(x)\n"                                                        \
	"#define GPU_TANH(x) tanhf(x)\n"                                                        \
	"#define GPU_FMA(x, y, z) fmaf(x, y, z)\n"                                              \
	"#define GPU_FMA_2FP16(x, y, z) gpu_fma_2fp16(x, y, z)\n"                               \
	"#define GPU_DOT4(x, y, z) gpu_dot4(x, y, z)\n"                                         \
	"GPU_DEVICE unsigned gpu_fma_2fp16(unsigned x, unsigned y, unsigned z)\n"               \
	"{\n"                                                                                   \
	"\tasm(\"fma.rn.f16x2 %0, %1, %2, %3;\" : \"=r\"(x) : \"r\"(x), \"r\"(y), \"r\"(z));\n" \
	"\treturn x;\n"                                                                         \
	"}\n"                                                                                   \
	"GPU_DEVICE unsigned gpu_dot4(unsigned x, unsigned y, unsigned z)\n"                    \
	"{\n"                                                                                   \
	"\tasm(\"dp4a.s32.s32 %0, %1, %2, %3;\" : \"=r\"(x) : \"r\"(x), \"r\"(y), \"r\"(z));\n" \
	"\treturn x;\n"                                                                         \
	"}\n"                                                                                   \
	"GPU_DEVICE float gpu_half(unsigned short bits)\n"                                      \
	"{\n"                                                                                   \
	"\tfloat x;\n"                                                                          \
	"\tasm(\"cvt.f32.f16 %0, %1;\" : \"=f\"(x) : \"h\"(bits));\n"                           \
	"\treturn x;\n"                                                                         \
	"}\n"                                                                                   \
	"GPU_DEVICE unsigned short gpu_bf16(float x)\n"                                         \
	"{\n"                                                                                   \
	"\tunsigned bits = __float_as_uint(x);\n"                                               \
	"\treturn (unsigned short)((bits + 0x7fffu + (bits >> 16 & 1u)) >> 16);\n"              \
	"}\n"                                                                                   \
	"GPU_DEVICE unsigned short gpu_fp16(float x)\n"                                         \
	"{\n"                                                                                   \
	"\tunsigned short bits;\n"                                                              \
	"\tasm(\"cvt.rn.f16.f32 %0, %1;\" : \"=h\"(bits) : \"f\"(x));\n"                        \
	"\treturn bits;\n"                                                                      \
	"}\n"

#endif
