/* SPDX-License-Identifier: MIT */
/* nccl: opens NVIDIA's library for collectives, and the driver's. */
#include "suites/scaling/nccl.h"

#include <dlfcn.h>
#include <string.h>

struct symbol {
	const char *name;
	size_t offset;
};

static enum assay_code find(void *library, const char *path, const struct symbol *symbols, size_t n,
			    struct nccl *ret, struct assay_err *err)
{
	for (size_t i = 0; i < n; i++) {
		void *function = dlsym(library, symbols[i].name);
		if (!function)
			return assay_fail(err, ASSAY_SKIP, "%s has no %s: update it", path,
					  symbols[i].name);
		memcpy((char *)ret + symbols[i].offset, &function, sizeof(function));
	}
	return ASSAY_OK;
}

enum assay_code nccl_load(struct nccl *ret, struct assay_err *err)
{
	static const struct symbol driver_symbols[] = {
#define DRIVER_SYMBOL(field, symbol, parameters) {#symbol, offsetof(struct nccl, driver.field)},
		NCCL_DRIVER_CALLS(DRIVER_SYMBOL)};
	static const struct symbol symbols[] = {
#define SYMBOL(field, symbol, parameters) {#symbol, offsetof(struct nccl, field)},
		NCCL_CALLS(SYMBOL){"ncclGetErrorString", offsetof(struct nccl, error_text)}};
	*ret = (struct nccl){0};
	void *driver = dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL);
	if (!driver)
		return assay_fail(err, ASSAY_SKIP,
				  "no CUDA driver (%s): install the driver of an NVIDIA device",
				  dlerror());
	void *library = dlopen("libnccl.so.2", RTLD_NOW | RTLD_LOCAL);
	if (!library)
		return assay_fail(err, ASSAY_SKIP, "no NCCL (%s): install NVIDIA's libnccl2",
				  dlerror());
	enum assay_code code = find(driver, "libcuda.so.1", driver_symbols,
				    ASSAY_COUNT_OF(driver_symbols), ret, err);
	return code == ASSAY_OK
		       ? find(library, "libnccl.so.2", symbols, ASSAY_COUNT_OF(symbols), ret, err)
		       : code;
}
