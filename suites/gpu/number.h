/* SPDX-License-Identifier: MIT */
/* number: the types that matrices are made of, and what is lost when floats become one of them. */
#ifndef ASSAY_SUITES_GPU_NUMBER_H
#define ASSAY_SUITES_GPU_NUMBER_H

#include <stddef.h>
#include <stdint.h>

/* tf32 lies in memory as a float; matrix units look at its first 19 bits. int8 is a multiple of GPU_INT8_STEP. */
enum gpu_type { GPU_FP32, GPU_TF32, GPU_BF16, GPU_FP16, GPU_INT8, GPU_TYPES };
#define GPU_TYPE_WORDS "fp32,tf32,bf16,fp16,int8"
#define GPU_INT8_STEP  0.126 /* 127 of them are 16, the most that gpu_fill() makes */

const char *gpu_type_name(enum gpu_type type);
/* Of one number. */
size_t gpu_type_bytes(enum gpu_type type);
/* x[n] in the type, to[n], rounded to the nearest, ties to even; what is too large for int8 becomes its largest. */
void gpu_type_pack(enum gpu_type type, const float *x, void *to, size_t n);
/* Number i of from[] as it lies there: of int8 how many steps, which is what devices multiply. */
double gpu_type_at(enum gpu_type type, const void *from, size_t i);
/* What one unit of a product of two such numbers is worth: 1, or the square of int8's step. */
double gpu_type_scale(enum gpu_type type);
/* The most by which matrix units change a number before they multiply, as a part of it: 0 but for tf32. */
double gpu_type_cut(enum gpu_type type);

/* The 16 bits of a number as a float. */
float gpu_from_bf16(uint16_t bits);
float gpu_from_fp16(uint16_t bits);

#endif
