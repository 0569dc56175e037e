/* SPDX-License-Identifier: MIT */
/* zstd_library: dlopen, and a pair of contexts to a thread. */
#include "suites/kernels/zstd_library.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

static const char library_name[] = "libzstd.so.1";

/* What a thread keeps; how to free it, for its end knows nothing else. */
struct contexts {
	const struct zstd_library *zstd;
	void *compressor, *expander;
};

static void free_contexts(void *value)
{
	struct contexts *c = value;

	c->zstd->compressor_free(c->compressor); /* both take NULL */
	c->zstd->expander_free(c->expander);
	free(c);
}

static enum assay_code find_all(struct zstd_library *ret, void *library, struct assay_err *err)
{
	const struct {
		const char *name;
		void *to;
	} symbols[] = {
		{"ZSTD_compressBound", &ret->bound},      {"ZSTD_createCCtx", &ret->compressor_new},
		{"ZSTD_freeCCtx", &ret->compressor_free}, {"ZSTD_compressCCtx", &ret->compress},
		{"ZSTD_createDCtx", &ret->expander_new},  {"ZSTD_freeDCtx", &ret->expander_free},
		{"ZSTD_decompressDCtx", &ret->expand},    {"ZSTD_isError", &ret->is_error},
	};

	for (size_t i = 0; i < ASSAY_COUNT_OF(symbols); i++) {
		void *found = dlsym(library, symbols[i].name);
		if (!found)
			return assay_fail(err, ASSAY_SKIP, "%s has no %s", library_name,
					  symbols[i].name);
		memcpy(symbols[i].to, &found, sizeof(found));
	}
	return ASSAY_OK;
}

enum assay_code zstd_open(struct zstd_library *ret, struct assay_err *err)
{
	if (ret->compress)
		return ASSAY_OK;
	void *library = dlopen(library_name, RTLD_NOW | RTLD_LOCAL);
	if (!library) {
		const char *why = dlerror();
		return assay_fail(err, ASSAY_SKIP, "%s (Debian package libzstd1)",
				  why ? why : library_name);
	}
	enum assay_code code = find_all(ret, library, err);
	if (code == ASSAY_OK && pthread_key_create(&ret->contexts, free_contexts) != 0)
		code = assay_fail(err, ASSAY_SKIP, "no more keys for the contexts of threads");
	if (code != ASSAY_OK) {
		dlclose(library);
		*ret = (struct zstd_library){0};
	}
	return code;
}

/* This thread's, made at its first call; NULL without memory. */
static const struct contexts *contexts_of(const struct zstd_library *zstd)
{
	struct contexts *c = pthread_getspecific(zstd->contexts);

	if (__builtin_expect(c != NULL, 1))
		return c;
	c = malloc(sizeof(*c));
	if (!c)
		return NULL;
	*c = (struct contexts){zstd, zstd->compressor_new(), zstd->expander_new()};
	if (c->compressor && c->expander && pthread_setspecific(zstd->contexts, c) == 0)
		return c;
	free_contexts(c);
	return NULL;
}

size_t zstd_compress(const struct zstd_library *zstd, void *to, size_t capacity, const void *from,
		     size_t n, int level)
{
	const struct contexts *c = contexts_of(zstd);
	size_t bytes = c ? zstd->compress(c->compressor, to, capacity, from, n, level) : 0;

	return zstd->is_error(bytes) ? 0 : bytes;
}

bool zstd_expand(const struct zstd_library *zstd, void *to, size_t n, const void *from,
		 size_t bytes)
{
	const struct contexts *c = contexts_of(zstd);

	return c && zstd->expand(c->expander, to, n, from, bytes) == n;
}
