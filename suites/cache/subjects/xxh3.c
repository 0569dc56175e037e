/* SPDX-License-Identifier: MIT */
/* xxh3: XXH3 of 64 bits, libxxhash. */
#include "suites/cache/parts.h"
#include "suites/cache/peer.h"

static uint64_t (*xxh3_64)(const void *bytes, size_t n);

static enum assay_code probe(struct assay_err *err)
{
	const struct peer_symbol symbols[] = {{"XXH3_64bits", &xxh3_64}, {NULL, NULL}};
	return peer_open("libxxhash.so.0", "libxxhash0", symbols, err);
}

static uint64_t sum(const void *bytes, size_t n)
{
	return xxh3_64(bytes, n);
}

static const struct checksum_ops ops = {sum};

const struct assay_subject assay_subject_cache_xxh3 = {
	.interface = CHECKSUM_INTERFACE,
	.brief = "XXH3 of 64 bits, libxxhash",
	.ops = &ops,
	.probe = probe,
};
