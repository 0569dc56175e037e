/* SPDX-License-Identifier: MIT */
/*
 * fakecublaslt: a stand-in for libcublasLt that has fakecuda run one of our own kernels of the same product, in the
 * stream it is told. It keeps to the real one's rules: layouts must fit, and integers want their left side transposed.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "suites/gpu/cublaslt.h"
#include "suites/gpu/cuda.h"
#include "suites/gpu/kernels.h"

#define FAKE __attribute__((visibility("default")))
enum { INVALID_VALUE = 7 };
static const uint64_t algo_mark = 0x616c676f72697468;

struct desc {
	unsigned compute, scale;
	bool transposed;
};
struct layout {
	unsigned type;
	uint64_t rows, columns;
	int64_t step;
};
struct preference {
	size_t workspace_bytes;
};
struct cublasLtContext {
	char nothing;
};

#define FAKE_CALL(field, symbol, parameters) FAKE unsigned symbol parameters;
CUBLASLT_CALLS(FAKE_CALL, void *, void *, void *, unsigned, unsigned, unsigned, unsigned,
	       struct cublaslt_algo, struct cublaslt_proposal)
CUDA_CALLS(FAKE_CALL)

FAKE unsigned cublasLtCreate(struct cublasLtContext **ret)
{
	*ret = malloc(sizeof(**ret));
	return *ret ? CUBLASLT_OK : CUBLASLT_NO_MEMORY;
}

FAKE unsigned cublasLtDestroy(struct cublasLtContext *context)
{
	free(context);
	return CUBLASLT_OK;
}

static unsigned kept(void **ret, const void *what, size_t size)
{
	*ret = malloc(size);
	if (!*ret)
		return CUBLASLT_NO_MEMORY;
	memcpy(*ret, what, size);
	return CUBLASLT_OK;
}

FAKE unsigned cublasLtMatmulDescCreate(void **ret, unsigned compute, unsigned scale)
{
	return kept(ret, &(struct desc){compute, scale, false}, sizeof(struct desc));
}

FAKE unsigned cublasLtMatmulDescDestroy(void *desc)
{
	free(desc);
	return CUBLASLT_OK;
}

FAKE unsigned cublasLtMatmulDescSetAttribute(void *desc, unsigned attribute, const void *value,
					     size_t size)
{
	int32_t number;
	if (attribute != CUBLASLT_DESC_TRANSA || size != sizeof(number))
		return INVALID_VALUE;
	memcpy(&number, value, size);
	((struct desc *)desc)->transposed = number == CUBLASLT_TRANSPOSED;
	return CUBLASLT_OK;
}

FAKE unsigned cublasLtMatrixLayoutCreate(void **ret, unsigned type, uint64_t rows, uint64_t columns,
					 int64_t step)
{
	return kept(ret, &(struct layout){type, rows, columns, step}, sizeof(struct layout));
}

FAKE unsigned cublasLtMatrixLayoutDestroy(void *layout)
{
	free(layout);
	return CUBLASLT_OK;
}

FAKE unsigned cublasLtMatmulPreferenceCreate(void **ret)
{
	return kept(ret, &(struct preference){0}, sizeof(struct preference));
}

FAKE unsigned cublasLtMatmulPreferenceDestroy(void *preference)
{
	free(preference);
	return CUBLASLT_OK;
}

FAKE unsigned cublasLtMatmulPreferenceSetAttribute(void *preference, unsigned attribute,
						   const void *value, size_t size)
{
	if (attribute != CUBLASLT_PREF_WORKSPACE_BYTES || size != sizeof(size_t))
		return INVALID_VALUE;
	memcpy(&((struct preference *)preference)->workspace_bytes, value, size);
	return CUBLASLT_OK;
}

/* Our kernel of this product; NULL: the library does not do it. */
static const char *kernel_of(const struct desc *desc, const struct layout *in,
			     const struct layout *out)
{
	static const struct {
		unsigned in, out, compute;
		bool transposed;
		const char *kernel;
	} known[] = {
		{CUBLASLT_FP32, CUBLASLT_FP32, CUBLASLT_IN_FP32, false, "naive_fp32"},
		{CUBLASLT_FP32, CUBLASLT_FP32, CUBLASLT_IN_TF32, false, "naive_fp32"},
		{CUBLASLT_BF16, CUBLASLT_FP32, CUBLASLT_IN_FP32, false, "naive_bf16"},
		{CUBLASLT_FP16, CUBLASLT_FP32, CUBLASLT_IN_FP32, false, "naive_fp16"},
		{CUBLASLT_INT8, CUBLASLT_INT32, CUBLASLT_IN_INT32, true, "tensor_int8"},
	};
	if (in->rows != in->columns || in->step != (int64_t)in->rows || out->rows != in->rows ||
	    out->step != in->step || desc->scale != out->type)
		return NULL;
	for (size_t i = 0; i < ASSAY_COUNT_OF(known); i++)
		if (known[i].in == in->type && known[i].out == out->type &&
		    known[i].compute == desc->compute && known[i].transposed == desc->transposed)
			return known[i].kernel;
	return NULL;
}

/* $FAKE_CUBLASLT: "none", it proposes nothing. */
FAKE unsigned cublasLtMatmulAlgoGetHeuristic(struct cublasLtContext *context, void *desc, void *a,
					     void *b, void *c, void *d, void *preference,
					     int wanted, struct cublaslt_proposal *ret, int *found)
{
	const char *setting = getenv("FAKE_CUBLASLT");
	*found = 0;
	if (a != b || c != d || wanted < 1)
		return INVALID_VALUE;
	if ((setting && strcmp(setting, "none") == 0) || !kernel_of(desc, a, c))
		return CUBLASLT_UNSUPPORTED;
	*ret = (struct cublaslt_proposal){.algo.data = {algo_mark}, .workspace_bytes = 4096};
	*found = ret->workspace_bytes <= ((struct preference *)preference)->workspace_bytes;
	return CUBLASLT_OK;
}

/* Columns of ours are rows of the caller: what is left here is right there. */
FAKE unsigned cublasLtMatmul(struct cublasLtContext *context, void *desc, const void *alpha,
			     const void *a, void *a_layout, const void *b, void *b_layout,
			     const void *beta, const void *c, void *c_layout, void *d,
			     void *d_layout, const struct cublaslt_algo *algo, void *workspace,
			     size_t workspace_bytes, struct CUstream_st *stream)
{
	static const float one = 1;
	static const int32_t whole = 1;
	const struct layout *in = a_layout;
	const struct gpu_kernel_source *source = NULL;
	const char *kernel = kernel_of(desc, in, d_layout);
	cuda_address left = (uintptr_t)b, right = (uintptr_t)a, out = (uintptr_t)d;
	uint32_t n = (uint32_t)in->rows;
	if (kernel)
		source = gpu_kernel_find(kernel);
	const void *expected = in->type == CUBLASLT_INT8 ? (const void *)&whole : &one;
	if (!source || algo->data[0] != algo_mark || !workspace || workspace_bytes != 4096 ||
	    memcmp(alpha, expected, 4) != 0)
		return INVALID_VALUE;
	void *params[] = {&left, &right, &out, &n};
	unsigned status = cuLaunchKernel((struct CUfunc_st *)source, n, n, 1, 1, 1, 1, 0, stream,
					 params, NULL);
	return status == CUDRV_SUCCESS ? CUBLASLT_OK : 13;
}
