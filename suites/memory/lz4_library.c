/* SPDX-License-Identifier: MIT */
/* lz4_library: LZ4_compress_default and LZ4_decompress_safe. */
#include "suites/memory/lz4_library.h"

#include <dlfcn.h>
#include <limits.h>

enum assay_code lz4_open(struct lz4_library *ret, struct assay_err *err)
{
	void *library = dlopen("liblz4.so.1", RTLD_NOW | RTLD_LOCAL);

	if (!library) {
		const char *why = dlerror();
		return assay_fail(err, ASSAY_SKIP, "%s (Debian package liblz4-1)",
				  why ? why : "liblz4.so.1");
	}
	void *compress = dlsym(library, "LZ4_compress_default");
	void *expand = dlsym(library, "LZ4_decompress_safe");
	if (!compress || !expand) {
		dlclose(library);
		return assay_fail(err, ASSAY_SKIP,
				  "liblz4.so.1 has no LZ4_compress_default or "
				  "LZ4_decompress_safe");
	}
	memcpy(&ret->compress, &compress, sizeof(compress));
	memcpy(&ret->expand, &expand, sizeof(expand));
	return ASSAY_OK;
}

size_t lz4_compress(const struct lz4_library *lz4, void *to, size_t capacity, const void *from,
		    size_t n)
{
	if (n > INT_MAX || capacity > INT_MAX)
		return 0;
	int bytes = lz4->compress(from, to, (int)n, (int)capacity);
	return bytes > 0 ? (size_t)bytes : 0;
}

bool lz4_expand(const struct lz4_library *lz4, void *to, size_t n, const void *from, size_t bytes)
{
	return n <= INT_MAX && bytes <= INT_MAX &&
	       lz4->expand(from, to, (int)bytes, (int)n) == (int)n;
}
