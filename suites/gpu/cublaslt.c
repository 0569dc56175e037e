/* SPDX-License-Identifier: MIT */
/* cublaslt: opens NVIDIA's library for products of matrices. */
#include "suites/gpu/cublaslt.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

#include "harness/machine/toolkit.h"

/* The library of one version: in a toolkit's folder, or the linker's; NULL: there is none. */
static void *open_version(int major)
{
	char path[512];
	if (!assay_toolkit_find(ASSAY_TOOLKIT_ROOT, "libcublasLt", major, path, sizeof(path)))
		snprintf(path, sizeof(path), "libcublasLt.so.%d", major);
	return dlopen(path, RTLD_NOW | RTLD_LOCAL);
}

enum assay_code cublaslt_load(int driver_version, struct cublaslt *ret, struct assay_err *err)
{
	static const struct {
		const char *symbol;
		size_t offset;
	} calls[] = {
#define CUBLASLT_SYMBOL(field, symbol, parameters) {#symbol, offsetof(struct cublaslt, field)},
		CUBLASLT_CALLS(CUBLASLT_SYMBOL, , , , , , , , , )};
	*ret = (struct cublaslt){0};
	for (int major = driver_version / 1000; major >= ASSAY_TOOLKIT_OLDEST && !ret->library;
	     major--)
		ret->library = open_version(major);
	if (!ret->library)
		return assay_fail(err, ASSAY_SKIP,
				  "no libcublasLt.so.%d: install the toolkit's cuBLAS, or set "
				  "CUDA_HOME to the folder it is in",
				  driver_version / 1000);
	for (size_t i = 0; i < ASSAY_COUNT_OF(calls); i++) {
		void *function = dlsym(ret->library, calls[i].symbol);
		if (!function)
			return assay_fail(err, ASSAY_SKIP, "cuBLASLt has no %s", calls[i].symbol);
		memcpy((char *)ret + calls[i].offset, &function, sizeof(function));
	}
	return ASSAY_OK;
}

enum assay_code cublaslt_failed(const char *call, unsigned status, struct assay_err *err)
{
	if (status == CUBLASLT_UNSUPPORTED)
		return assay_fail(err, ASSAY_SKIP, "cuBLASLt does not do this on the device (%s)",
				  call);
	return assay_fail(err, status == CUBLASLT_NO_MEMORY ? ASSAY_ENOMEM : ASSAY_EIO,
			  "CUDA: %s gives %u", call, status);
}
