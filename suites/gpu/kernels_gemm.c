/* SPDX-License-Identifier: MIT */
/* kernels_gemm: products of matrices, straight from memory and by tiles, in each type that any device can load. */
#include <math.h>
#include <stdlib.h>

#include "harness/base/rng.h"
#include "suites/gpu/blocked.h"
#include "suites/gpu/kernels.h"

/* The inner loop runs along rows, as anybody would write it who has met a cache. */
static void fp32_host(const union gpu_host_arg *args, size_t items)
{
	const float *a = args[0].memory, *b = args[1].memory;
	float *restrict c = args[2].memory;
	size_t n = args[3].u;
	(void)items;
	memset(c, 0, n * n * sizeof(*c));
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < n; k++) {
			float x = a[i * n + k];
			for (size_t j = 0; j < n; j++)
				c[i * n + j] += x * b[k * n + j];
		}
}

static void int8_host(const union gpu_host_arg *args, size_t items)
{
	const int8_t *a = args[0].memory, *b = args[1].memory;
	int32_t *restrict c = args[2].memory;
	size_t n = args[3].u;
	(void)items;
	memset(c, 0, n * n * sizeof(*c));
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < n; k++) {
			int32_t x = a[i * n + k];
			for (size_t j = 0; j < n; j++)
				c[i * n + j] += x * b[k * n + j];
		}
}

void gpu_product_as_floats(enum gpu_type type, bool columns, const union gpu_host_arg *args)
{
	const size_t n = args[3].u;
	float *a = malloc(2 * n * n * sizeof(*a));
	/* Without memory the poison stays where the answer goes, and is found there. */
	if (!a)
		return;
	float *b = a + n * n;
	for (size_t row = 0; row < n; row++)
		for (size_t column = 0; column < n; column++) {
			size_t at = columns ? column * n + row : row * n + column;
			a[row * n + column] =
				(float)gpu_type_at(type, args[0].memory, row * n + column);
			b[row * n + column] = (float)gpu_type_at(type, args[1].memory, at);
		}
	const union gpu_host_arg floats[] = {{.memory = a}, {.memory = b}, args[2], args[3]};
	fp32_host(floats, n * n);
	free(a);
}

static void bf16_host(const union gpu_host_arg *args, size_t items)
{
	(void)items;
	gpu_product_as_floats(GPU_BF16, false, args);
}

static void fp16_host(const union gpu_host_arg *args, size_t items)
{
	(void)items;
	gpu_product_as_floats(GPU_FP16, false, args);
}

static void blocked_host(const union gpu_host_arg *args, size_t items)
{
	(void)items;
	gpu_blocked_product(args[0].memory, args[1].memory, args[2].memory, args[3].u, 0);
}

/* `in` as it lies in memory, `load` of the dialect, `sum` of products. */
#define NAIVE(type, in, sum, load)                            \
	"GPU_KERNEL void naive_" type "(GPU_GLOBAL const " in \
	" *a,\n"                                              \
	"\tGPU_GLOBAL const " in " *b, GPU_GLOBAL " sum       \
	" *c, unsigned n)\n"                                  \
	"{\n"                                                 \
	"\tunsigned column = GPU_ID, row = GPU_ID_Y;\n"       \
	"\t" sum                                              \
	" total = 0;\n"                                       \
	"\tif (row >= n || column >= n)\n"                    \
	"\t\treturn;\n"                                       \
	"\tfor (unsigned k = 0; k < n; k++)\n"                \
	"\t\ttotal += " load "(a, row * n + k) * " load       \
	"(b, k * n + column);\n"                              \
	"\tc[row * n + column] = total;\n"                    \
	"}\n"

#define TILED(type, in, sum, load)                            \
	"GPU_KERNEL void tiled_" type "(GPU_GLOBAL const " in \
	" *a,\n"                                              \
	"\tGPU_GLOBAL const " in " *b, GPU_GLOBAL " sum       \
	" *c, unsigned n)\n"                                  \
	"{\n"                                                 \
	"\tGPU_LOCAL " sum                                    \
	" left[16][16];\n"                                    \
	"\tGPU_LOCAL " sum                                    \
	" right[16][16];\n"                                   \
	"\tunsigned x = GPU_ITEM, y = GPU_ITEM_Y;\n"          \
	"\tunsigned column = GPU_ID, row = GPU_ID_Y;\n"       \
	"\t" sum                                              \
	" total = 0;\n"                                       \
	"\tfor (unsigned tile = 0; tile < n; tile += 16) {\n" \
	"\t\tleft[y][x] = " load                              \
	"(a, row * n + tile + x);\n"                          \
	"\t\tright[y][x] = " load                             \
	"(b, (tile + y) * n + column);\n"                     \
	"\t\tGPU_BARRIER();\n"                                \
	"\t\tfor (unsigned k = 0; k < 16; k++)\n"             \
	"\t\t\ttotal += left[y][k] * right[k][x];\n"          \
	"\t\tGPU_BARRIER();\n"                                \
	"\t}\n"                                               \
	"\tc[row * n + column] = total;\n"                    \
	"}\n"

#define KERNELS(type, in, sum, load, host_tiled)                                      \
	const struct gpu_kernel_source gpu_kernel_naive_##type = {                    \
		"naive_" #type, NAIVE(#type, in, sum, load), "bbbu", type##_host, 0}; \
	const struct gpu_kernel_source gpu_kernel_tiled_##type = {                    \
		"tiled_" #type, TILED(#type, in, sum, load), "bbbu", host_tiled, 0};

KERNELS(fp32, "float", "float", "GPU_AT", blocked_host)
KERNELS(bf16, "unsigned short", "float", "GPU_AT_BF16", bf16_host)
KERNELS(fp16, "unsigned short", "float", "GPU_AT_FP16", fp16_host)
KERNELS(int8, "signed char", "int", "GPU_AT", int8_host)

/* One result in double: of the numbers as they lie there, of their sizes, and of the floats they were. */
struct result {
	double value, size, exact;
};

static struct result result_at(const struct gpu_operands *o, size_t row, size_t column)
{
	struct result r = {0};
	for (size_t k = 0; k < o->n; k++) {
		size_t at = o->columns ? column * o->n + k : k * o->n + column;
		double x = gpu_type_at(o->type, o->packed[0], row * o->n + k) *
			   gpu_type_at(o->type, o->packed[1], at);
		r.value += x;
		r.size += fabs(x);
		r.exact += (double)o->exact[0][row * o->n + k] * o->exact[1][k * o->n + column];
	}
	return r;
}

enum assay_code gpu_gemm_check(const struct gpu_operands *o, const void *c, size_t samples,
			       uint64_t seed, double *ret_error, struct assay_err *err)
{
	struct assay_rng rng;
	double off = 0, size = 0;
	const double scale = gpu_type_scale(o->type);
	const double bound = 2 * gpu_type_cut(o->type) +
			     (o->type == GPU_INT8 ? 0 : 8 * 0x1p-24 * sqrt((double)o->n));
	assay_rng_init(&rng, seed);
	for (size_t s = 0; s < samples; s++) {
		size_t row = (size_t)assay_rng_below(&rng, o->n);
		size_t column = (size_t)assay_rng_below(&rng, o->n);
		struct result want = result_at(o, row, column);
		size_t at = row * o->n + column;
		double got = o->type == GPU_INT8 ? (double)((const int32_t *)c)[at]
						 : (double)((const float *)c)[at];
		if (!(fabs(got - want.value) <= bound * want.size))
			return assay_fail(err, ASSAY_ECHECK,
					  "%s product of %zu x %zu: row %zu, column %zu is %.9g, "
					  "expected %.9g within %.2g",
					  gpu_type_name(o->type), o->n, o->n, row, column, got,
					  want.value, bound * want.size);
		off += (got * scale - want.exact) * (got * scale - want.exact);
		size += want.exact * want.exact;
	}
	*ret_error = sqrt(off / size);
	return ASSAY_OK;
}
