/* SPDX-License-Identifier: MIT */
/* lru: what the subjects lru_mutex and lru_sharded are made of; functions as in struct cache_ops. */
#ifndef ASSAY_SUITES_CACHE_LRU_H
#define ASSAY_SUITES_CACHE_LRU_H

#include "suites/cache/cache.h"

/* Divided into at most `most_parts`, each with a lock, a table and a list of its own. */
enum assay_code cache_lru_create(const struct cache_config *config, unsigned most_parts,
				 struct cache **ret, struct assay_err *err);
bool cache_lru_get(struct cache *cache, uint64_t key, uint64_t *value);
void cache_lru_put(struct cache *cache, uint64_t key, const uint64_t *value);
size_t cache_lru_capacity(const struct cache *cache);
size_t cache_lru_footprint_bytes(const struct cache *cache);
void cache_lru_destroy(struct cache *cache);

#endif
