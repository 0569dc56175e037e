/* SPDX-License-Identifier: MIT */
/* pool: connections that are kept open between uses. Any number of threads. */
#ifndef ASSAY_SUITES_CACHE_POOL_H
#define ASSAY_SUITES_CACHE_POOL_H

#include <stdbool.h>
#include <stdint.h>

#include "harness/base/err.h"

/* How connections of one kind are made, looked at and closed. `context` is the pool's. */
struct pool_kind {
	enum assay_code (*open)(void *context, void **ret, struct assay_err *err);
	bool (*healthy)(void *connection); /* cheap: no round trip */
	void (*close)(void *connection);
};

struct pool;

/* At most `most` idle connections are kept; the one used last is given out first, for it is warm. */
enum assay_code pool_new(const struct pool_kind *kind, void *context, unsigned most,
			 struct pool **ret, struct assay_err *err);
void pool_free(struct pool *pool); /* all connections must be back */

/* An idle connection that is healthy, or a new one. Errors are those of open. */
enum assay_code pool_acquire(struct pool *pool, void **ret, struct assay_err *err);
/* Back into the pool; closed when it is broken or the pool has enough. */
void pool_release(struct pool *pool, void *connection, bool broken);

void pool_counts(struct pool *pool, uint64_t *ret_acquired, uint64_t *ret_reused);

#endif
