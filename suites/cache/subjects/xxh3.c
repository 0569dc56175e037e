/* SPDX-License-Identifier: MIT */
/* xxh3: XXH3 of 64 bits, libxxhash. */
#include "suites/cache/parts.h"
#include "suites/cache/peer.h"

static uint64_t (*xxh3_64)(const void *bytes, size_t n);

/* The one that looks at the processor where the library was built with it: the other is for the oldest. */
static enum assay_code probe(struct assay_err *err)
{
	static const char library[] = "libxxhash.so.0", package[] = "libxxhash0";
	const struct peer_symbol chooses[] = {{"XXH3_64bits_dispatch", &xxh3_64}, {NULL, NULL}};
	const struct peer_symbol plain[] = {{"XXH3_64bits", &xxh3_64}, {NULL, NULL}};
	struct assay_err ignored = {0};
	return peer_open(library, package, chooses, &ignored) == ASSAY_OK
		       ? ASSAY_OK
		       : peer_open(library, package, plain, err);
}

static uint64_t sum(const void *bytes, size_t n)
{
	return xxh3_64(bytes, n);
}

static const struct checksum_ops ops = {sum};

const struct assay_subject assay_subject_cache_xxh3 = {
	.interface = CHECKSUM_INTERFACE,
	.brief = "XXH3 of 64 bits, libxxhash, for this processor",
	.ops = &ops,
	.probe = probe,
};
