/* SPDX-License-Identifier: MIT */
/* host_product: products of matrices by the CPU's own library, OpenBLAS, opened at run time. */
#ifndef ASSAY_SUITES_GPU_HOST_PRODUCT_H
#define ASSAY_SUITES_GPU_HOST_PRODUCT_H

#include "suites/gpu/gpu.h"

struct host_blas {
	/* c = alpha a b + beta c, as in the reference BLAS for C. */
	void (*multiply)(int order, int transpose_a, int transpose_b, int m, int n, int k,
			 float alpha, const float *a, int a_step, const float *b, int b_step,
			 float beta, float *c, int c_step);
};

/* ASSAY_SKIP: it is not installed. Its threads get all CPUs of the process. */
enum assay_code host_blas_load(const char *library, struct host_blas *ret, struct assay_err *err);
/* c = a b, row after row, of n x n floats. */
void host_blas_product(const struct host_blas *blas, const float *a, const float *b, float *c,
		       size_t n);

#endif
