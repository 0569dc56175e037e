/* SPDX-License-Identifier: MIT */
/* clock: look-ups without a lock, a bit per hit, CLOCK in 16 parts. */
#include "suites/cache/fifo.h"

static enum assay_code clock_create(const struct cache_config *config, struct cache **ret,
				    struct assay_err *err)
{
	return cache_fifo_create(config, CACHE_CLOCK, ret, err);
}

static const struct cache_ops ops = {
	.create = clock_create,
	.get = cache_fifo_get,
	.put = cache_fifo_put,
	.capacity = cache_fifo_capacity,
	.footprint_bytes = cache_fifo_footprint_bytes,
	.destroy = cache_fifo_destroy,
};

const struct assay_subject assay_subject_cache_clock = {
	.brief = "look-ups without a lock, a bit per hit, CLOCK in 16 parts",
	.ops = &ops,
};
