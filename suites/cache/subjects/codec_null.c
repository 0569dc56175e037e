/* SPDX-License-Identifier: MIT */
/* codec_null: copies, and nothing gets smaller. */
#include "suites/cache/parts.h"

static size_t bound(size_t n)
{
	return n;
}

static size_t copy(const void *from, size_t n, void *to, size_t capacity)
{
	memcpy(to, from, n);
	return n;
}

static bool copy_back(const void *from, size_t n_from, void *to, size_t n)
{
	memcpy(to, from, n_from < n ? n_from : n);
	return n_from == n;
}

static const struct codec_ops ops = {bound, copy, copy_back};

const struct assay_subject assay_subject_cache_codec_null = {
	.interface = CODEC_INTERFACE,
	.brief = "copies, and nothing gets smaller",
	.ops = &ops,
	.is_null = true,
};
