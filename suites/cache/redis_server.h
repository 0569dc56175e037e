/* SPDX-License-Identifier: MIT */
/* redis_server: a Redis without limits or persistence, with values in it, for benchmarks that need one. */
#ifndef ASSAY_SUITES_CACHE_REDIS_SERVER_H
#define ASSAY_SUITES_CACHE_REDIS_SERVER_H

#include <stddef.h>

#include "suites/remote/server.h"
#include "suites/remote/wire.h"

/* ASSAY_SKIP when there is none, with the package. Stop it with server_stop(). */
enum assay_code redis_server_start(struct server **ret, struct assay_err *err);

/* Key i of n, and its value: the words of cache_value_fill() for version 0. */
uint64_t redis_server_key(uint64_t i);
/* Put n keys with values of `words` words. ASSAY_EIO. */
enum assay_code redis_server_fill(struct server *server, size_t n, size_t words,
				  struct assay_err *err);

#endif
