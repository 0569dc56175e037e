/* SPDX-License-Identifier: MIT */
/* zlib: zlib at level 1. */
#include "suites/cache/parts.h"
#include "suites/cache/peer.h"

static unsigned long (*zlib_bound)(unsigned long n);
static int (*zlib_compress)(unsigned char *to, unsigned long *to_n, const unsigned char *from,
			    unsigned long n, int level);
static int (*zlib_uncompress)(unsigned char *to, unsigned long *to_n, const unsigned char *from,
			      unsigned long n);

static enum assay_code probe(struct assay_err *err)
{
	const struct peer_symbol symbols[] = {
		{"compressBound", &zlib_bound},
		{"compress2", &zlib_compress},
		{"uncompress", &zlib_uncompress},
		{NULL, NULL},
	};
	return peer_open("libz.so.1", "zlib1g", symbols, err);
}

static size_t bound(size_t n)
{
	return zlib_bound(n);
}

static size_t compress(const void *from, size_t n, void *to, size_t capacity)
{
	unsigned long written = capacity;
	return zlib_compress(to, &written, from, n, 1) == 0 ? written : 0;
}

static bool decompress(const void *from, size_t n_from, void *to, size_t n)
{
	unsigned long written = n;
	return zlib_uncompress(to, &written, from, n_from) == 0 && written == n;
}

static const struct codec_ops ops = {bound, compress, decompress};

const struct assay_subject assay_subject_cache_zlib = {
	.interface = CODEC_INTERFACE,
	.brief = "zlib at level 1",
	.ops = &ops,
	.probe = probe,
};
