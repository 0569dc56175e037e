/* SPDX-License-Identifier: MIT */
/* s3_fifo: look-ups without a lock, hits counted to 3, S3-FIFO in 16 parts. */
#include "suites/cache/fifo.h"

static enum assay_code s3_fifo_create(const struct cache_config *config, struct cache **ret,
				      struct assay_err *err)
{
	return cache_fifo_create(config, CACHE_S3_FIFO, ret, err);
}

static const struct cache_ops ops = {
	.create = s3_fifo_create,
	.get = cache_fifo_get,
	.put = cache_fifo_put,
	.capacity = cache_fifo_capacity,
	.footprint_bytes = cache_fifo_footprint_bytes,
	.destroy = cache_fifo_destroy,
};

const struct assay_subject assay_subject_cache_s3_fifo = {
	.brief = "look-ups without a lock, hits counted to 3, S3-FIFO in 16 parts",
	.ops = &ops,
};
