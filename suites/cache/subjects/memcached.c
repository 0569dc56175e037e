/* SPDX-License-Identifier: MIT */
/* memcached: on a private unix socket, with its own number of threads, a connection per thread, one command at a time. */
#include <stdio.h>
#include <unistd.h>

#include "suites/cache/remote.h"
#include "suites/remote/server.h"

/* -m is in MiB, and below 8 its slabs leave some sizes without any memory. */
enum { LEAST_MIB = 8 };

static void command(size_t budget_bytes, char text[64], const char *argv[24])
{
	size_t mib = (budget_bytes + (1u << 20) - 1) >> 20;
	snprintf(text, 64, "%zu", mib < LEAST_MIB ? (size_t)LEAST_MIB : mib);
	const char *const words[] = {"memcached", "-s", SERVER_SOCKET, "-m", text};
	size_t n = 0;
	for (; n < ASSAY_COUNT_OF(words); n++)
		argv[n] = words[n];
	if (geteuid() == 0) { /* it refuses to be root without a name to change to */
		argv[n++] = "-u";
		argv[n++] = "root";
	}
}

static const struct remote_kind kind = {"memcached", "memcached", command, wire_memcached_get,
					wire_memcached_set};

static enum assay_code probe(struct assay_err *err)
{
	return server_probe(kind.program, kind.package, err);
}

static enum assay_code memcached_create(const struct cache_config *config, struct cache **ret,
					struct assay_err *err)
{
	return remote_create(&kind, config, ret, err);
}

static const struct cache_ops ops = {.create = memcached_create, REMOTE_OPS};

const struct assay_subject assay_subject_cache_memcached = {
	.brief = "memcached on a private unix socket, one command at a time, at least 8 MiB",
	.ops = &ops,
	.probe = probe,
};
