/* SPDX-License-Identifier: MIT */
/* lanes: CRC32C over four lanes, as our log uses it. */
#include "suites/cache/parts.h"
#include "suites/cache/sum.h"

static uint64_t sum(const void *bytes, size_t n)
{
	return sum_lanes(bytes, n);
}

static const struct checksum_ops ops = {sum};

const struct assay_subject assay_subject_cache_lanes = {
	.interface = CHECKSUM_INTERFACE,
	.brief = "CRC32C over four lanes, as our log uses it",
	.ops = &ops,

};
