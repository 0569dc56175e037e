/* SPDX-License-Identifier: MIT */
/*
 * codec_auto: ours: looks at a sample of the bytes and takes none, LZ4 or Zstandard. The entropy of single
 * bytes says what cannot be made smaller by coding them; where it is high but bytes repeat at a distance,
 * LZ4 would have found it, and does not get the chance. The choice is one byte before the data.
 */
#include <math.h>

#include "suites/cache/parts.h"

extern const struct assay_subject assay_subject_cache_lz4, assay_subject_cache_zstd;

enum { NONE, LZ4, ZSTD, SAMPLE = 1024, STRIDES = 4, LARGE = 16384 };
#define NOISE_BITS 7.2 /* per byte; 1,024 random bytes show about 7.8 */

static const struct codec_ops *codec(int choice)
{
	return choice == LZ4 ? assay_subject_cache_lz4.ops : assay_subject_cache_zstd.ops;
}

static enum assay_code probe(struct assay_err *err)
{
	enum assay_code rc = assay_subject_cache_lz4.probe(err);
	return rc == ASSAY_OK ? assay_subject_cache_zstd.probe(err) : rc;
}

/* Bits of entropy of a byte, over a few stretches of the data. */
static double entropy(const unsigned char *bytes, size_t n)
{
	unsigned count[256] = {0}, total = 0;
	size_t length = n / STRIDES < SAMPLE / STRIDES ? n / STRIDES : SAMPLE / STRIDES;
	for (size_t s = 0; s < STRIDES; s++)
		for (size_t i = 0; i < length; i++, total++)
			count[bytes[n / STRIDES * s + i]]++;
	double bits = 0;
	for (int value = 0; value < 256; value++)
		if (count[value])
			bits -= count[value] * log2((double)count[value] / total);
	return total ? bits / total : 8;
}

static size_t bound(size_t n)
{
	size_t lz4 = codec(LZ4)->bound(n), zstd = codec(ZSTD)->bound(n);
	return 1 + (lz4 > zstd ? lz4 : zstd);
}

static size_t store(const void *from, size_t n, unsigned char *to)
{
	to[0] = NONE;
	memcpy(to + 1, from, n);
	return n + 1;
}

static size_t compress(const void *from, size_t n, void *to, size_t capacity)
{
	unsigned char *bytes = to;
	double bits = entropy(from, n);
	/* a small sample of noise shows less than 8 bits: as much less as it is small */
	double noise = n < SAMPLE ? NOISE_BITS * log2((double)n + 1) / log2(SAMPLE) : NOISE_BITS;
	if (bits > noise)
		return store(from, n, bytes);
	int choice = n >= LARGE ? ZSTD : LZ4;
	size_t written = codec(choice)->compress(from, n, bytes + 1, capacity - 1);
	if (!written || written >= n)
		return store(from, n, bytes);
	bytes[0] = (unsigned char)choice;
	return written + 1;
}

static bool decompress(const void *from, size_t n_from, void *to, size_t n)
{
	const unsigned char *bytes = from;
	if (!n_from || bytes[0] > ZSTD)
		return false;
	if (bytes[0] != NONE)
		return codec(bytes[0])->decompress(bytes + 1, n_from - 1, to, n);
	if (n_from != n + 1)
		return false;
	memcpy(to, bytes + 1, n);
	return true;
}

static const struct codec_ops ops = {bound, compress, decompress};

const struct assay_subject assay_subject_cache_codec_auto = {
	.interface = CODEC_INTERFACE,
	.brief = "none, LZ4 or Zstandard by the entropy of a sample",
	.ops = &ops,
	.probe = probe,
};
