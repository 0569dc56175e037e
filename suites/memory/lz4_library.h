/* SPDX-License-Identifier: MIT */
/* lz4_library: LZ4, opened at run time. */
#ifndef ASSAY_SUITES_MEMORY_LZ4_LIBRARY_H
#define ASSAY_SUITES_MEMORY_LZ4_LIBRARY_H

#include "suites/memory/memory.h"

struct lz4_library {
	int (*compress)(const char *from, char *to, int n, int capacity);
	int (*expand)(const char *from, char *to, int bytes, int capacity);
};

/* ASSAY_SKIP with the reason when it is not there. It stays open until the process ends. */
enum assay_code lz4_open(struct lz4_library *ret, struct assay_err *err);
/* As struct codec has them. */
size_t lz4_compress(const struct lz4_library *lz4, void *to, size_t capacity, const void *from,
		    size_t n);
bool lz4_expand(const struct lz4_library *lz4, void *to, size_t n, const void *from, size_t bytes);

#endif
