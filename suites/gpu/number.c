/* SPDX-License-Identifier: MIT */
/* number: floats to fewer bits and back, as IEEE 754 rounds them. */
#include "suites/gpu/number.h"

#include <math.h>
#include <string.h>

static uint32_t bits_of(float x)
{
	uint32_t bits;
	memcpy(&bits, &x, sizeof(bits));
	return bits;
}

static float float_of(uint32_t bits)
{
	float x;
	memcpy(&x, &bits, sizeof(x));
	return x;
}

const char *gpu_type_name(enum gpu_type type)
{
	static const char *const names[GPU_TYPES] = {"fp32", "tf32", "bf16", "fp16", "int8"};
	return names[type];
}

size_t gpu_type_bytes(enum gpu_type type)
{
	static const uint8_t bytes[GPU_TYPES] = {4, 4, 2, 2, 1};
	return bytes[type];
}

double gpu_type_scale(enum gpu_type type)
{
	return type == GPU_INT8 ? GPU_INT8_STEP * GPU_INT8_STEP : 1;
}

double gpu_type_cut(enum gpu_type type)
{
	/* Some cut the last 13 bits off, some round. */
	return type == GPU_TF32 ? 0x1p-10 : 0;
}

float gpu_from_bf16(uint16_t bits)
{
	return float_of((uint32_t)bits << 16);
}

float gpu_from_fp16(uint16_t bits)
{
	/* With the exponent in its new place it is too small by 2^112; one multiplication puts that right, for
	 * subnormal numbers too. */
	float magnitude = float_of((uint32_t)(bits & 0x7fff) << 13) * 0x1p112f;
	uint32_t special = (bits & 0x7c00) == 0x7c00 ? 0x7f800000u : 0;
	return float_of(bits_of(magnitude) | special | (uint32_t)(bits & 0x8000) << 16);
}

static uint16_t to_bf16(float x)
{
	uint32_t bits = bits_of(x);
	if (isnan(x))
		return 0x7fc0;
	return (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

static uint16_t to_fp16(float x)
{
	uint32_t sign = bits_of(x) >> 16 & 0x8000;
	float size = fabsf(x);
	uint32_t bits = bits_of(size);
	if (isnan(x))
		return 0x7e00;
	if (size >= 65520) /* half a step above the largest */
		return (uint16_t)(sign | 0x7c00);
	/* The last bit of 0.5 is that of a subnormal result: the addition rounds. */
	if (size < 0x1p-14f)
		return (uint16_t)(sign | (bits_of(size + 0.5f) - bits_of(0.5f)));
	return (uint16_t)(sign | ((bits + 0xfff + (bits >> 13 & 1) - 0x38000000u) >> 13));
}

static int8_t to_int8(float x)
{
	double steps = nearbyint((double)x / GPU_INT8_STEP);
	/* What is no number is the smallest, which no number is otherwise. */
	if (!(fabs(steps) <= 127))
		return (int8_t)(isnan(steps) ? -128 : steps > 0 ? 127 : -127);
	return (int8_t)steps;
}

void gpu_type_pack(enum gpu_type type, const float *x, void *to, size_t n)
{
	uint16_t *half = to;
	int8_t *small = to;
	switch (type) {
	case GPU_BF16:
		for (size_t i = 0; i < n; i++)
			half[i] = to_bf16(x[i]);
		break;
	case GPU_FP16:
		for (size_t i = 0; i < n; i++)
			half[i] = to_fp16(x[i]);
		break;
	case GPU_INT8:
		for (size_t i = 0; i < n; i++)
			small[i] = to_int8(x[i]);
		break;
	default:
		memcpy(to, x, n * sizeof(*x));
	}
}

double gpu_type_at(enum gpu_type type, const void *from, size_t i)
{
	switch (type) {
	case GPU_BF16:
		return gpu_from_bf16(((const uint16_t *)from)[i]);
	case GPU_FP16:
		return gpu_from_fp16(((const uint16_t *)from)[i]);
	case GPU_INT8:
		return ((const int8_t *)from)[i];
	default:
		return ((const float *)from)[i];
	}
}
