/* SPDX-License-Identifier: MIT */
/* crc32c: CRC32C by the instruction of the processor. */
#include "suites/cache/parts.h"
#include "suites/cache/sum.h"

static uint64_t sum(const void *bytes, size_t n)
{
	return sum_crc32c(bytes, n);
}

static const struct checksum_ops ops = {sum};

const struct assay_subject assay_subject_cache_crc32c = {
	.interface = CHECKSUM_INTERFACE,
	.brief = "CRC32C by the instruction of the processor",
	.ops = &ops,

};
