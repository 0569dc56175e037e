/* SPDX-License-Identifier: MIT */
/* zstd_library: Zstandard, opened at run time; a thread's contexts are used again, as its manual advises. */
#ifndef ASSAY_SUITES_KERNELS_ZSTD_LIBRARY_H
#define ASSAY_SUITES_KERNELS_ZSTD_LIBRARY_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#include "harness/base/err.h"

/* Zero-initialised: not open. */
struct zstd_library {
	size_t (*bound)(size_t n);
	void *(*compressor_new)(void);
	size_t (*compressor_free)(void *context);
	size_t (*compress)(void *context, void *to, size_t capacity, const void *from, size_t n,
			   int level);
	void *(*expander_new)(void);
	size_t (*expander_free)(void *context);
	size_t (*expand)(void *context, void *to, size_t capacity, const void *from, size_t bytes);
	unsigned (*is_error)(size_t code);
	pthread_key_t contexts; /* of each thread, until it ends */
};

/* ASSAY_SKIP with the reason when it is not there. It stays open until the process ends; once is enough. */
enum assay_code zstd_open(struct zstd_library *ret, struct assay_err *err);
/* Bytes written to to[capacity]; 0 when they do not fit, or without memory. Any thread. */
size_t zstd_compress(const struct zstd_library *zstd, void *to, size_t capacity, const void *from,
		     size_t n, int level);
/* Exactly n bytes to to[n]; false when from[bytes] is not what gives n bytes. Any thread. */
bool zstd_expand(const struct zstd_library *zstd, void *to, size_t n, const void *from,
		 size_t bytes);

#endif
