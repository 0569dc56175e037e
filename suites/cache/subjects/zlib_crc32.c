/* SPDX-License-Identifier: MIT */
/* zlib_crc32: CRC32 of zlib. */
#include "suites/cache/parts.h"
#include "suites/cache/peer.h"

static unsigned long (*zlib_crc)(unsigned long crc, const unsigned char *bytes, unsigned n);

static enum assay_code probe(struct assay_err *err)
{
	const struct peer_symbol symbols[] = {{"crc32", &zlib_crc}, {NULL, NULL}};
	return peer_open("libz.so.1", "zlib1g", symbols, err);
}

static uint64_t sum(const void *bytes, size_t n)
{
	return zlib_crc(0, bytes, (unsigned)n);
}

static const struct checksum_ops ops = {sum};

const struct assay_subject assay_subject_cache_zlib_crc32 = {
	.interface = CHECKSUM_INTERFACE,
	.brief = "CRC32 of zlib",
	.ops = &ops,
	.probe = probe,
};
