/* SPDX-License-Identifier: MIT */
/* sum_null: reads every word and sums nothing of use. */
#include "suites/cache/parts.h"

static uint64_t sum(const void *bytes, size_t n)
{
	uint64_t all = 0, word;
	for (size_t i = 0; i + sizeof(word) <= n; i += sizeof(word)) {
		memcpy(&word, (const char *)bytes + i, sizeof(word));
		all |= word;
	}
	return all;
}

static const struct checksum_ops ops = {sum};

const struct assay_subject assay_subject_cache_sum_null = {
	.interface = CHECKSUM_INTERFACE,
	.brief = "reads every word and sums nothing of use",
	.ops = &ops,
	.is_null = true,
};
