/* SPDX-License-Identifier: MIT */
/*
 * cublaslt: the part of NVIDIA's library for products of matrices that we call, declared by hand and opened at run
 * time. Compared with the toolkit's header in tests/suites/gpu/cuda_abi.c, where there is one.
 */
#ifndef ASSAY_SUITES_GPU_CUBLASLT_H
#define ASSAY_SUITES_GPU_CUBLASLT_H

#include <stddef.h>
#include <stdint.h>

#include "harness/base/err.h"

struct CUstream_st;
struct cublasLtContext;

enum {
	CUBLASLT_OK = 0,
	CUBLASLT_NO_MEMORY = 3,
	CUBLASLT_UNSUPPORTED = 15,
	CUBLASLT_FP32 = 0, /* types of numbers */
	CUBLASLT_FP16 = 2,
	CUBLASLT_INT8 = 3,
	CUBLASLT_INT32 = 10,
	CUBLASLT_BF16 = 14,
	CUBLASLT_IN_FP32 = 68, /* what sums are in */
	CUBLASLT_IN_INT32 = 72,
	CUBLASLT_IN_TF32 = 77,
	CUBLASLT_DESC_TRANSA = 3,
	CUBLASLT_TRANSPOSED = 1,
	CUBLASLT_PREF_WORKSPACE_BYTES = 1,
};

struct cublaslt_algo {
	uint64_t data[8];
};

/* One way of doing it that the library proposes. */
struct cublaslt_proposal {
	struct cublaslt_algo algo;
	size_t workspace_bytes;
	unsigned state;
	float waves;
	int reserved[4];
};

/* Every function: X(field, symbol, parameters); types of the header's handles and structs are given, so that the test
 * can name the toolkit's own. All return a status. */
#define CUBLASLT_CALLS(X, DESC, LAYOUT, PREF, TYPE, COMPUTE, ATTR, PREF_ATTR, ALGO, PROPOSAL)      \
	X(create, cublasLtCreate, (struct cublasLtContext **))                                     \
	X(destroy, cublasLtDestroy, (struct cublasLtContext *))                                    \
	X(desc_create, cublasLtMatmulDescCreate, (DESC *, COMPUTE, TYPE))                          \
	X(desc_destroy, cublasLtMatmulDescDestroy, (DESC))                                         \
	X(desc_set, cublasLtMatmulDescSetAttribute, (DESC, ATTR, const void *, size_t))            \
	X(layout_create, cublasLtMatrixLayoutCreate,                                               \
	  (LAYOUT *, TYPE, uint64_t, uint64_t, int64_t))                                           \
	X(layout_destroy, cublasLtMatrixLayoutDestroy, (LAYOUT))                                   \
	X(pref_create, cublasLtMatmulPreferenceCreate, (PREF *))                                   \
	X(pref_destroy, cublasLtMatmulPreferenceDestroy, (PREF))                                   \
	X(pref_set, cublasLtMatmulPreferenceSetAttribute, (PREF, PREF_ATTR, const void *, size_t)) \
	X(propose, cublasLtMatmulAlgoGetHeuristic,                                                 \
	  (struct cublasLtContext *, DESC, LAYOUT, LAYOUT, LAYOUT, LAYOUT, PREF, int, PROPOSAL *,  \
	   int *))                                                                                 \
	X(multiply, cublasLtMatmul,                                                                \
	  (struct cublasLtContext *, DESC, const void *, const void *, LAYOUT, const void *,       \
	   LAYOUT, const void *, const void *, LAYOUT, void *, LAYOUT, const ALGO *, void *,       \
	   size_t, struct CUstream_st *))

#define CUBLASLT_FIELD(field, symbol, parameters) unsigned(*field) parameters;
struct cublaslt {
	void *library;
	CUBLASLT_CALLS(CUBLASLT_FIELD, void *, void *, void *, unsigned, unsigned, unsigned,
		       unsigned, struct cublaslt_algo, struct cublaslt_proposal)
};

/*
 * Open the newest cuBLASLt that a driver of this version can use (12040 is 12.4): of the toolkit's folders (toolkit.h),
 * or where the dynamic linker looks. It is large, so only when it is needed. ASSAY_SKIP says what was looked for. The
 * library stays mapped for good.
 */
enum assay_code cublaslt_load(int driver_version, struct cublaslt *ret, struct assay_err *err);
/* A status that is not success as a message: ASSAY_SKIP where the library has not what is asked for. */
enum assay_code cublaslt_failed(const char *call, unsigned status, struct assay_err *err);

#endif
