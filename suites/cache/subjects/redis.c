/* SPDX-License-Identifier: MIT */
/* redis: Redis on a private unix socket, a connection per thread, one command at a time. */
#include <stdio.h>

#include "suites/cache/remote.h"
#include "suites/remote/server.h"

/* What an empty server has in use already; the budget is for entries and their metadata. */
#define EMPTY_BYTES ((size_t)2 << 20)

static void command(size_t budget_bytes, char text[64], const char *argv[24])
{
	static const char *const words[] = {"redis-server", "--port",      "0",
					    "--unixsocket", SERVER_SOCKET, "--dir",
					    SERVER_FOLDER,  "--save",      "",
					    "--appendonly", "no",          "--maxmemory-policy",
					    "allkeys-lru",  "--maxmemory"};
	for (size_t i = 0; i < ASSAY_COUNT_OF(words); i++)
		argv[i] = words[i];
	snprintf(text, 64, "%zu", budget_bytes + EMPTY_BYTES);
	argv[ASSAY_COUNT_OF(words)] = text;
}

static const struct remote_kind kind = {"redis-server", "redis-server", command, wire_redis_get,
					wire_redis_set};

static enum assay_code probe(struct assay_err *err)
{
	enum assay_code rc = wire_redis_probe(err);
	return rc == ASSAY_OK ? server_probe(kind.program, kind.package, err) : rc;
}

static enum assay_code redis_create(const struct cache_config *config, struct cache **ret,
				    struct assay_err *err)
{
	return remote_create(&kind, config, ret, err);
}

static const struct cache_ops ops = {.create = redis_create, REMOTE_OPS};

const struct assay_subject assay_subject_cache_redis = {
	.brief = "Redis on a private unix socket, one command at a time, LRU by sampling",
	.ops = &ops,
	.probe = probe,
};
