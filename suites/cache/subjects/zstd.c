/* SPDX-License-Identifier: MIT */
/* zstd: Zstandard at level 1. */
#include "suites/cache/parts.h"
#include "suites/kernels/zstd_library.h"

enum { LEVEL = 1 };

/* Filled once by probe(), before any thread starts. */
static struct zstd_library zstd;

static enum assay_code probe(struct assay_err *err)
{
	return zstd_open(&zstd, err);
}

static size_t bound(size_t n)
{
	return zstd.bound(n);
}

static size_t compress(const void *from, size_t n, void *to, size_t capacity)
{
	return zstd_compress(&zstd, to, capacity, from, n, LEVEL);
}

static bool decompress(const void *from, size_t n_from, void *to, size_t n)
{
	return zstd_expand(&zstd, to, n, from, n_from);
}

static const struct codec_ops ops = {bound, compress, decompress};

const struct assay_subject assay_subject_cache_zstd = {
	.interface = CODEC_INTERFACE,
	.brief = "Zstandard at level 1",
	.ops = &ops,
	.probe = probe,
};
