/* SPDX-License-Identifier: MIT */
/* pool: a stack of idle connections under a mutex; opening and closing happen outside of it. */
#include "suites/cache/pool.h"

#include <pthread.h>
#include <stdlib.h>

struct pool {
	const struct pool_kind *kind;
	void *context;
	pthread_mutex_t lock;
	unsigned n, most;
	uint64_t acquired, reused;
	void *idle[];
};

enum assay_code pool_new(const struct pool_kind *kind, void *context, unsigned most,
			 struct pool **ret, struct assay_err *err)
{
	struct pool *pool = calloc(1, sizeof(*pool) + most * sizeof(void *));
	if (!pool)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for a pool");
	pool->kind = kind;
	pool->context = context;
	pool->most = most;
	pthread_mutex_init(&pool->lock, NULL);
	*ret = pool;
	return ASSAY_OK;
}

void pool_free(struct pool *pool)
{
	if (!pool)
		return;
	while (pool->n)
		pool->kind->close(pool->idle[--pool->n]);
	pthread_mutex_destroy(&pool->lock);
	free(pool);
}

static void *take(struct pool *pool)
{
	void *connection = NULL;
	pthread_mutex_lock(&pool->lock);
	if (pool->n)
		connection = pool->idle[--pool->n];
	pthread_mutex_unlock(&pool->lock);
	return connection;
}

enum assay_code pool_acquire(struct pool *pool, void **ret, struct assay_err *err)
{
	void *connection = take(pool);
	while (connection && !pool->kind->healthy(connection)) {
		pool->kind->close(connection);
		connection = take(pool);
	}
	pthread_mutex_lock(&pool->lock);
	pool->acquired++;
	pool->reused += connection != NULL;
	pthread_mutex_unlock(&pool->lock);
	*ret = connection;
	return connection ? ASSAY_OK : pool->kind->open(pool->context, ret, err);
}

void pool_release(struct pool *pool, void *connection, bool broken)
{
	pthread_mutex_lock(&pool->lock);
	bool keep = !broken && pool->n < pool->most;
	if (keep)
		pool->idle[pool->n++] = connection;
	pthread_mutex_unlock(&pool->lock);
	if (!keep)
		pool->kind->close(connection);
}

void pool_counts(struct pool *pool, uint64_t *ret_acquired, uint64_t *ret_reused)
{
	pthread_mutex_lock(&pool->lock);
	*ret_acquired = pool->acquired;
	*ret_reused = pool->reused;
	pthread_mutex_unlock(&pool->lock);
}
