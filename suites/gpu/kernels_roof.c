/* SPDX-License-Identifier: MIT */
/* kernels_roof: multiplications and additions in each type, as many on a word as one likes. */
#include <math.h>

#include "harness/base/rng.h"
#include "suites/gpu/kernels.h"

/* Two 16-bit floats in a word. */
#define FP16_3_4 0x3a003a00u
#define FP16_1_8 0x30003000u
/* A full period [Knuth, TAOCP 2, 3.2.1]; bytes of either sign. */
#define LCG_FACTOR 1664525u
#define LCG_ADDEND 1013904223u
#define DOT_FACTOR 0x5b93f17du
#define DOT_ADDEND 0x0b2c9e4fu

/* What OpenCL wants to be told before such floats are used. */
#define USING(extension)                      \
	"#ifdef __OPENCL_VERSION__\n"         \
	"#pragma OPENCL EXTENSION " extension \
	" : enable\n"                         \
	"#endif\n"

/* The loop of each: `step` makes the next x, a word of `type`. */
#define ROOF_TEXT(name, type, before, step)                                              \
	before "GPU_KERNEL void " name "(GPU_GLOBAL " type " *a, GPU_GLOBAL const " type \
	       " *b,\n"                                                                  \
	       "\tunsigned rounds, unsigned n, unsigned factor, unsigned addend)\n"      \
	       "{\n"                                                                     \
	       "\tunsigned i = GPU_ID;\n"                                                \
	       "\tif (i >= n)\n"                                                         \
	       "\t\treturn;\n"                                                           \
	       "\t" type                                                                 \
	       " x = b[i];\n"                                                            \
	       "#pragma unroll 16\n"                                                     \
	       "\tfor (unsigned r = 0; r < rounds; r++)\n"                               \
	       "\t\tx = " step                                                           \
	       ";\n"                                                                     \
	       "\ta[i] = x;\n"                                                           \
	       "}\n"
#define ROOF_HOST(function, type, step)                                    \
	static void function(const union gpu_host_arg *args, size_t items) \
	{                                                                  \
		type *restrict a = args[0].memory;                         \
		const type *restrict b = args[1].memory;                   \
		const uint32_t factor = args[4].u, addend = args[5].u;     \
		size_t n = args[3].u < items ? args[3].u : items;          \
		(void)factor, (void)addend;                                \
		for (size_t i = 0; i < n; i++) {                           \
			type x = b[i];                                     \
			for (uint32_t r = 0; r < args[2].u; r++)           \
				x = step;                                  \
			a[i] = x;                                          \
		}                                                          \
	}

/* To the nearest half, ties to even; of what is neither subnormal nor too large for one. */
static float round_to_fp16(float x)
{
	union {
		float value;
		uint32_t bits;
	} word = {x};
	word.bits = (word.bits + 0xfff + (word.bits >> 13 & 1)) & ~0x1fffu;
	return word.value;
}

/*
 * Blocks of halves as floats, and all rounds over a block, so that a compiler makes vectors of it: half by half a launch
 * takes seconds. The product of two halves is exact in a float, and what its sum loses is less than a half's rounding.
 */
static void fp16_host(const union gpu_host_arg *args, size_t items)
{
	enum { BLOCK = 512 };
	uint16_t *restrict a = args[0].memory;
	const uint16_t *restrict b = args[1].memory;
	const float factor = gpu_from_fp16((uint16_t)args[4].u);
	const float addend = gpu_from_fp16((uint16_t)args[5].u);
	const size_t n = 2 * (args[3].u < items ? args[3].u : items);
	for (size_t begin = 0; begin < n; begin += BLOCK) {
		const size_t block = n - begin < BLOCK ? n - begin : BLOCK;
		float x[BLOCK] = {0};
		for (size_t i = 0; i < block; i++)
			x[i] = gpu_from_fp16(b[begin + i]);
		for (uint32_t r = 0; r < args[2].u; r++)
			for (size_t i = 0; i < BLOCK; i++)
				x[i] = round_to_fp16(x[i] * factor + addend);
		gpu_type_pack(GPU_FP16, x, a + begin, block);
	}
}

static uint32_t dot4(uint32_t x, uint32_t y, uint32_t sum)
{
	for (unsigned i = 0; i < 32; i += 8)
		sum += (uint32_t)((int8_t)(x >> i) * (int8_t)(y >> i));
	return sum;
}

ROOF_HOST(fp32_host, float, x * 0.75f + 0.125f)
ROOF_HOST(fp64_host, double, x * 0.75 + 0.125)
ROOF_HOST(int32_host, uint32_t, x *factor + addend)
ROOF_HOST(int8_host, uint32_t, dot4(x, factor, addend))

const struct gpu_kernel_source gpu_kernel_arithmetic = {
	"arithmetic", ROOF_TEXT("arithmetic", "float", "", "x * 0.75f + 0.125f"), "bbuuuu",
	fp32_host, 0};
const struct gpu_kernel_source gpu_kernel_arithmetic_fp64 = {
	"arithmetic_fp64",
	ROOF_TEXT("arithmetic_fp64", "double", USING("cl_khr_fp64"), "x * 0.75 + 0.125"), "bbuuuu",
	fp64_host, 0};
const struct gpu_kernel_source gpu_kernel_arithmetic_fp16 = {
	"arithmetic_fp16",
	ROOF_TEXT("arithmetic_fp16", "unsigned", USING("cl_khr_fp16"),
		  "GPU_FMA_2FP16(x, factor, addend)"),
	"bbuuuu", fp16_host, 0};
const struct gpu_kernel_source gpu_kernel_arithmetic_int32 = {
	"arithmetic_int32", ROOF_TEXT("arithmetic_int32", "unsigned", "", "x * factor + addend"),
	"bbuuuu", int32_host, 0};
const struct gpu_kernel_source gpu_kernel_arithmetic_int8 = {
	"arithmetic_int8",
	ROOF_TEXT("arithmetic_int8", "unsigned", "", "GPU_DOT4(x, factor, addend)"), "bbuuuu",
	int8_host, 0};

const struct gpu_roof gpu_roofs[GPU_ROOFS] = {
	[GPU_ROOF_FP32] = {&gpu_kernel_arithmetic, 4, 2, true, GPU_FEATURES, 0, 0},
	[GPU_ROOF_FP64] = {&gpu_kernel_arithmetic_fp64, 8, 2, true, GPU_HAS_DOUBLE, 0, 0},
	[GPU_ROOF_FP16] = {&gpu_kernel_arithmetic_fp16, 4, 4, true, GPU_HAS_HALF, FP16_3_4,
			   FP16_1_8},
	[GPU_ROOF_INT32] = {&gpu_kernel_arithmetic_int32, 4, 2, false, GPU_FEATURES, LCG_FACTOR,
			    LCG_ADDEND},
	[GPU_ROOF_INT8] = {&gpu_kernel_arithmetic_int8, 4, 8, false, GPU_FEATURES, DOT_FACTOR,
			   DOT_ADDEND},
};

void gpu_roof_fill(unsigned type, void *to, size_t n, uint64_t seed)
{
	struct assay_rng rng;
	assay_rng_init(&rng, seed);
	if (type == GPU_ROOF_FP32)
		gpu_fill(to, n, seed);
	for (size_t i = 0; i < n && type != GPU_ROOF_FP32; i++) {
		uint64_t bits = assay_rng_next(&rng);
		float halves[2] = {(float)((double)(bits & 0xffff) / 4096 - 8),
				   (float)((double)(bits >> 16 & 0xffff) / 4096 - 8)};
		if (type == GPU_ROOF_FP64)
			((double *)to)[i] = (double)(bits >> 11) * 0x1p-49 - 8;
		else if (type == GPU_ROOF_FP16)
			gpu_type_pack(GPU_FP16, halves, (uint32_t *)to + i, 2);
		else if (type == GPU_ROOF_INT8 && i >= GPU_ROOF_PERIOD)
			((uint32_t *)to)[i] = ((uint32_t *)to)[i % GPU_ROOF_PERIOD];
		else
			((uint32_t *)to)[i] = (uint32_t)bits;
	}
}

static enum assay_code wrong(uint32_t rounds, size_t i, size_t n, double got, double want,
			     struct assay_err *err)
{
	return assay_fail(err, ASSAY_ECHECK,
			  "%u rounds on element %zu of %zu gave %.17g, expected %.17g", rounds, i,
			  n, got, want);
}

static double float_at(unsigned type, const void *from, size_t i)
{
	if (type == GPU_ROOF_FP16)
		return gpu_from_fp16(((const uint16_t *)from)[i]);
	return type == GPU_ROOF_FP64 ? ((const double *)from)[i] : ((const float *)from)[i];
}

/*
 * Closed form of x -> x 3/4 + 1/8, whose fixed point is 1/2: after r rounds the distance d is d (3/4)^r. A round's
 * error, at most `unit` of |x| for each of its roundings, shrinks by 3/4 with each that follows; the rest is for `want`.
 */
static enum assay_code check_floats(unsigned type, const void *a, const void *b, uint32_t rounds,
				    size_t n, struct assay_err *err)
{
	static const double units[GPU_ROOFS] = {0x1p-24, 0x1p-53, 0x1p-11};
	const double shrunk = pow(0.75, rounds);
	for (size_t i = 0; i < n; i++) {
		double d = float_at(type, b, i) - 0.5, got = float_at(type, a, i);
		double want = 0.5 + d * shrunk;
		double bound = 4 * units[type] * (2 + (rounds + 1) * fabs(d) * shrunk * 4 / 3);
		if (!(fabs(got - want) <= bound))
			return wrong(rounds, i, n, got, want, err);
	}
	return ASSAY_OK;
}

static enum assay_code check_int32(const uint32_t *a, const uint32_t *b, uint32_t rounds, size_t n,
				   struct assay_err *err)
{
	/* Rounds of x f + c are one of x F + C. */
	uint32_t factor = 1, addend = 0;
	for (uint32_t r = 0; r < rounds; r++) {
		factor *= LCG_FACTOR;
		addend = addend * LCG_FACTOR + LCG_ADDEND;
	}
	for (size_t i = 0; i < n; i++)
		if (a[i] != b[i] * factor + addend)
			return wrong(rounds, i, n, a[i], b[i] * factor + addend, err);
	return ASSAY_OK;
}

static enum assay_code check_int8(const uint32_t *a, const uint32_t *b, uint32_t rounds, size_t n,
				  struct assay_err *err)
{
	for (size_t i = 0; i < n && i < GPU_ROOF_PERIOD; i++) {
		uint32_t want = b[i];
		for (uint32_t r = 0; r < rounds; r++)
			want = dot4(want, DOT_FACTOR, DOT_ADDEND);
		for (size_t k = i; k < n; k += GPU_ROOF_PERIOD)
			if (a[k] != want)
				return wrong(rounds, k, n, a[k], want, err);
	}
	return ASSAY_OK;
}

enum assay_code gpu_roof_check(unsigned type, const void *a, const void *b, uint32_t rounds,
			       size_t n, struct assay_err *err)
{
	if (type == GPU_ROOF_INT32)
		return check_int32(a, b, rounds, n, err);
	if (type == GPU_ROOF_INT8)
		return check_int8(a, b, rounds, n, err);
	return check_floats(type, a, b, rounds, type == GPU_ROOF_FP16 ? 2 * n : n, err);
}
