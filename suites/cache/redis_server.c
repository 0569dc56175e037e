/* SPDX-License-Identifier: MIT */
/* redis_server: start and fill. */
#include "suites/cache/redis_server.h"

#include <stdlib.h>

#include "harness/base/rng.h"
#include "suites/cache/cache.h"

enum assay_code redis_server_start(struct server **ret, struct assay_err *err)
{
	static const char *const argv[] = {
		"redis-server", "--port", "0", "--unixsocket", SERVER_SOCKET, "--dir",
		SERVER_FOLDER,  "--save", "",  "--appendonly", "no",          NULL};
	enum assay_code rc = wire_redis_probe(err);
	if (rc == ASSAY_OK)
		rc = server_probe(argv[0], "redis-server", err);
	return rc == ASSAY_OK ? server_start(argv, ret, err) : rc;
}

uint64_t redis_server_key(uint64_t i)
{
	return assay_splitmix(&i);
}

enum assay_code redis_server_fill(struct server *server, size_t n, size_t words,
				  struct assay_err *err)
{
	struct wire *wire;
	enum assay_code rc = wire_open(server_socket(server), WIRE_DEADLINE_MS, &wire, err);
	if (rc != ASSAY_OK)
		return rc;
	uint64_t *keys = malloc(n * sizeof(*keys)), *values = malloc(n * words * sizeof(*values));
	if (!keys || !values)
		rc = assay_fail(err, ASSAY_ENOMEM, "no memory for %zu values", n);
	for (size_t i = 0; rc == ASSAY_OK && i < n; i++) {
		keys[i] = redis_server_key(i);
		cache_value_fill(values + i * words, words, cache_value_base(keys[i], 0));
	}
	if (rc == ASSAY_OK && !wire_redis_fill(wire, keys, n, values, words * sizeof(*values)))
		rc = assay_fail(err, ASSAY_EIO, "redis: %s", wire_error(wire));
	free(keys);
	free(values);
	wire_close(wire);
	return rc;
}
