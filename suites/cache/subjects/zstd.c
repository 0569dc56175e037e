/* SPDX-License-Identifier: MIT */
/* zstd: Zstandard at level 1. */
#include "suites/cache/parts.h"
#include "suites/cache/peer.h"

static size_t (*zstd_bound)(size_t n);
static size_t (*zstd_compress)(void *to, size_t capacity, const void *from, size_t n, int level);
static size_t (*zstd_decompress)(void *to, size_t capacity, const void *from, size_t n);
static unsigned (*zstd_is_error)(size_t code);

static enum assay_code probe(struct assay_err *err)
{
	const struct peer_symbol symbols[] = {
		{"ZSTD_compressBound", &zstd_bound},
		{"ZSTD_compress", &zstd_compress},
		{"ZSTD_decompress", &zstd_decompress},
		{"ZSTD_isError", &zstd_is_error},
		{NULL, NULL},
	};
	return peer_open("libzstd.so.1", "libzstd1", symbols, err);
}

static size_t bound(size_t n)
{
	return zstd_bound(n);
}

static size_t compress(const void *from, size_t n, void *to, size_t capacity)
{
	size_t written = zstd_compress(to, capacity, from, n, 1);
	return zstd_is_error(written) ? 0 : written;
}

static bool decompress(const void *from, size_t n_from, void *to, size_t n)
{
	return zstd_decompress(to, n, from, n_from) == n;
}

static const struct codec_ops ops = {bound, compress, decompress};

const struct assay_subject assay_subject_cache_zstd = {
	.interface = CODEC_INTERFACE,
	.brief = "Zstandard at level 1",
	.ops = &ops,
	.probe = probe,
};
