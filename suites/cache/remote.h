/* SPDX-License-Identifier: MIT */
/* remote: what the subjects redis and memcached share: a server and a connection per thread. */
#ifndef ASSAY_SUITES_CACHE_REMOTE_H
#define ASSAY_SUITES_CACHE_REMOTE_H

#include "suites/cache/cache.h"
#include "suites/remote/wire.h"

/* How one server is started and spoken to. */
struct remote_kind {
	const char *program, *package;
	/* Its command for a budget of bytes, NULL-terminated; `text` is room for numbers in it. */
	void (*command)(size_t budget_bytes, char text[64], const char *argv[24]);
	bool (*get)(struct wire *wire, uint64_t key, void *value, size_t size);
	bool (*set)(struct wire *wire, uint64_t key, const void *value, size_t size);
};

/* Functions as in struct cache_ops. */
enum assay_code remote_create(const struct remote_kind *kind, const struct cache_config *config,
			      struct cache **ret, struct assay_err *err);
bool remote_get(struct cache *cache, uint64_t key, uint64_t *value);
void remote_put(struct cache *cache, uint64_t key, const uint64_t *value);
size_t remote_capacity(const struct cache *cache);
size_t remote_footprint_bytes(const struct cache *cache);
const char *remote_error(const struct cache *cache);
void remote_destroy(struct cache *cache);

/* All of struct cache_ops but `create`. */
#define REMOTE_OPS                                                         \
	.get = remote_get, .put = remote_put, .capacity = remote_capacity, \
	.footprint_bytes = remote_footprint_bytes, .error = remote_error,  \
	.destroy = remote_destroy

#endif
