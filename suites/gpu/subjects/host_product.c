/* SPDX-License-Identifier: MIT */
/* host_product: OpenBLAS, opened at run time. */
#include "suites/gpu/subjects/host_product.h"

#include <dlfcn.h>
#include <string.h>

#include "suites/gpu/cpus.h"

enum { ROW_MAJOR = 101, AS_IT_IS = 111 };

enum assay_code host_blas_load(const char *library, struct host_blas *ret, struct assay_err *err)
{
	cpu_set_t saved;
	/* It starts a thread for each CPU that it is allowed now. */
	gpu_cpus_widen(&saved);
	void *handle = dlopen(library, RTLD_NOW | RTLD_LOCAL);
	gpu_cpus_restore(&saved);
	if (!handle)
		return assay_fail(err, ASSAY_SKIP, "no OpenBLAS (%s): install libopenblas0",
				  dlerror());
	void *function = dlsym(handle, "cblas_sgemm");
	if (!function)
		return assay_fail(err, ASSAY_SKIP, "%s has no cblas_sgemm", library);
	memcpy(&ret->multiply, &function, sizeof(function));
	return ASSAY_OK;
}

void host_blas_product(const struct host_blas *blas, const float *a, const float *b, float *c,
		       size_t n)
{
	int rows = (int)n;
	blas->multiply(ROW_MAJOR, AS_IT_IS, AS_IT_IS, rows, rows, rows, 1, a, rows, b, rows, 0, c,
		       rows);
}
