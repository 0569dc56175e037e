/* SPDX-License-Identifier: MIT */
/* lz4: LZ4, its default. */
#include "suites/cache/parts.h"
#include "suites/cache/peer.h"

static int (*lz4_compress)(const char *from, char *to, int n, int capacity);
static int (*lz4_decompress)(const char *from, char *to, int n_from, int capacity);

static enum assay_code probe(struct assay_err *err)
{
	const struct peer_symbol symbols[] = {
		{"LZ4_compress_default", &lz4_compress},
		{"LZ4_decompress_safe", &lz4_decompress},
		{NULL, NULL},
	};
	return peer_open("liblz4.so.1", "liblz4-1", symbols, err);
}

static size_t bound(size_t n)
{
	return n + n / 255 + 16; /* LZ4_COMPRESSBOUND */
}

static size_t compress(const void *from, size_t n, void *to, size_t capacity)
{
	int written = lz4_compress(from, to, (int)n, (int)capacity);
	return written > 0 ? (size_t)written : 0;
}

static bool decompress(const void *from, size_t n_from, void *to, size_t n)
{
	return lz4_decompress(from, to, (int)n_from, (int)n) == (int)n;
}

static const struct codec_ops ops = {bound, compress, decompress};

const struct assay_subject assay_subject_cache_lz4 = {
	.interface = CODEC_INTERFACE,
	.brief = "LZ4, its default",
	.ops = &ops,
	.probe = probe,
};
