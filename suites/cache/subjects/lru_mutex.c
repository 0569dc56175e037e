/* SPDX-License-Identifier: MIT */
/* lru_mutex: one hash table and one LRU list under one mutex: the yardstick. */
#include "suites/cache/lru.h"

static enum assay_code lru_mutex_create(const struct cache_config *config, struct cache **ret,
					struct assay_err *err)
{
	return cache_lru_create(config, 1, ret, err);
}

static const struct cache_ops ops = {
	.create = lru_mutex_create,
	.get = cache_lru_get,
	.put = cache_lru_put,
	.capacity = cache_lru_capacity,
	.footprint_bytes = cache_lru_footprint_bytes,
	.destroy = cache_lru_destroy,
};

const struct assay_subject assay_subject_cache_lru_mutex = {
	.brief = "chained hash table and LRU list under one pthread mutex",
	.ops = &ops,
};
