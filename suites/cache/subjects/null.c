/* SPDX-License-Identifier: MIT */
/* null: keeps nothing, so what it costs is the key stream, the calls and making the value. */
#include "suites/cache/cache.h"

struct cache {
	size_t value_words;
};

static enum assay_code null_create(const struct cache_config *config, struct cache **ret,
				   struct assay_err *err)
{
	static struct cache nothing; /* never written: there is no state to keep */
	*ret = &nothing;
	return ASSAY_OK;
}

static bool null_get(struct cache *cache, uint64_t key, uint64_t *value)
{
	return false;
}

static void null_put(struct cache *cache, uint64_t key, const uint64_t *value)
{
}

static size_t null_zero(const struct cache *cache)
{
	return 0;
}

static void null_destroy(struct cache *cache)
{
}

static const struct cache_ops ops = {
	.create = null_create,
	.get = null_get,
	.put = null_put,
	.capacity = null_zero,
	.footprint_bytes = null_zero,
	.destroy = null_destroy,
};

const struct assay_subject assay_subject_cache_null = {
	.brief = "keeps nothing: key stream, calls and making the value",
	.ops = &ops,
	.is_null = true,
};
