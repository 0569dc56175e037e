/* SPDX-License-Identifier: MIT */
/* zstd: Zstandard at level 1, opened at run time. */
#include <dlfcn.h>

#include "suites/memory/memory.h"

enum { LEVEL = 1 };

/* Filled once by probe(), before any thread starts. */
static struct {
	size_t (*compress)(void *to, size_t capacity, const void *from, size_t n, int level);
	size_t (*expand)(void *to, size_t capacity, const void *from, size_t bytes);
	unsigned (*is_error)(size_t code);
} zstd;

static enum assay_code probe(struct assay_err *err)
{
	void *library = dlopen("libzstd.so.1", RTLD_NOW | RTLD_LOCAL);

	if (!library) {
		const char *why = dlerror();
		return assay_fail(err, ASSAY_SKIP, "%s (Debian package libzstd1)",
				  why ? why : "libzstd.so.1");
	}
	void *compress = dlsym(library, "ZSTD_compress");
	void *expand = dlsym(library, "ZSTD_decompress");
	void *is_error = dlsym(library, "ZSTD_isError");
	if (!compress || !expand || !is_error) {
		dlclose(library);
		return assay_fail(err, ASSAY_SKIP, "libzstd.so.1 has no ZSTD_compress");
	}
	memcpy(&zstd.compress, &compress, sizeof(compress));
	memcpy(&zstd.expand, &expand, sizeof(expand));
	memcpy(&zstd.is_error, &is_error, sizeof(is_error));
	return ASSAY_OK;
}

static size_t compress_block(void *to, size_t capacity, const void *from, size_t n)
{
	size_t bytes = zstd.compress(to, capacity, from, n, LEVEL);

	return zstd.is_error(bytes) ? 0 : bytes;
}

static bool expand_block(void *to, size_t n, const void *from, size_t bytes)
{
	return zstd.expand(to, n, from, bytes) == n;
}

static const struct codec ops = {compress_block, expand_block};

const struct assay_subject assay_subject_memory_zstd = {
	.interface = MEMORY_CODEC,
	.brief = "Zstandard at level 1",
	.ops = &ops,
	.probe = probe,
};
