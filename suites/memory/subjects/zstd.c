/* SPDX-License-Identifier: MIT */
/* zstd: Zstandard at level 1, opened at run time. */
#include "suites/kernels/zstd_library.h"
#include "suites/memory/memory.h"

enum { LEVEL = 1 };

/* Filled once by probe(), before any thread starts. */
static struct zstd_library zstd;

static enum assay_code probe(struct assay_err *err)
{
	return zstd_open(&zstd, err);
}

static size_t compress_block(void *to, size_t capacity, const void *from, size_t n)
{
	return zstd_compress(&zstd, to, capacity, from, n, LEVEL);
}

static bool expand_block(void *to, size_t n, const void *from, size_t bytes)
{
	return zstd_expand(&zstd, to, n, from, bytes);
}

static const struct codec ops = {compress_block, expand_block};

const struct assay_subject assay_subject_memory_zstd = {
	.interface = MEMORY_CODEC,
	.brief = "Zstandard at level 1",
	.ops = &ops,
	.probe = probe,
};
