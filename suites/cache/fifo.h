/* SPDX-License-Identifier: MIT */
/* fifo: what the subjects clock and s3_fifo are made of; functions as in struct cache_ops. */
#ifndef ASSAY_SUITES_CACHE_FIFO_H
#define ASSAY_SUITES_CACHE_FIFO_H

#include "suites/cache/cache.h"

enum cache_fifo_policy { CACHE_CLOCK, CACHE_S3_FIFO };

enum assay_code cache_fifo_create(const struct cache_config *config, enum cache_fifo_policy policy,
				  struct cache **ret, struct assay_err *err);
bool cache_fifo_get(struct cache *cache, uint64_t key, uint64_t *value);
void cache_fifo_put(struct cache *cache, uint64_t key, const uint64_t *value);
size_t cache_fifo_capacity(const struct cache *cache);
size_t cache_fifo_footprint_bytes(const struct cache *cache);
void cache_fifo_destroy(struct cache *cache);

#endif
