/* SPDX-License-Identifier: MIT */
/* codec_null: bytes are copied: what moving them costs. */
#include "suites/memory/memory.h"

static size_t compress(void *to, size_t capacity, const void *from, size_t n)
{
	if (capacity < n)
		return 0;
	memcpy(to, from, n);
	return n;
}

static bool expand(void *to, size_t n, const void *from, size_t bytes)
{
	if (bytes != n)
		return false;
	memcpy(to, from, n);
	return true;
}

static const struct codec ops = {compress, expand};

const struct assay_subject assay_subject_memory_codec_null = {
	.interface = MEMORY_CODEC,
	.brief = "bytes are copied: the cost of moving them",
	.ops = &ops,
	.is_null = true,
};
