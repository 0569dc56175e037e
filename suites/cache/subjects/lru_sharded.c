/* SPDX-License-Identifier: MIT */
/* lru_sharded: sixteen hash tables and LRU lists, chosen by hash, a mutex each. */
#include "suites/cache/lru.h"

static enum assay_code lru_sharded_create(const struct cache_config *config, struct cache **ret,
					  struct assay_err *err)
{
	return cache_lru_create(config, 16, ret, err);
}

static const struct cache_ops ops = {
	.create = lru_sharded_create,
	.get = cache_lru_get,
	.put = cache_lru_put,
	.capacity = cache_lru_capacity,
	.footprint_bytes = cache_lru_footprint_bytes,
	.destroy = cache_lru_destroy,
};

const struct assay_subject assay_subject_cache_lru_sharded = {
	.brief = "16 hash tables and LRU lists, a pthread mutex each",
	.ops = &ops,
};
