/* SPDX-License-Identifier: MIT */
/* front_haproxy: HAProxy with one thread, on a free port of loopback. */
#include <stdio.h>

#include "suites/concurrency/front.h"
#include "suites/concurrency/program.h"

static enum assay_code probe(struct assay_err *err)
{
	return program_probe("haproxy", "haproxy", err);
}

static size_t write_backends(const struct front_config *config, char *conf, size_t at)
{
	bool weighted = config->policy == FRONT_WEIGHTED;
	for (unsigned i = 0; i < config->backends; i++)
		at += (size_t)snprintf(conf + at, PROGRAM_CONF_MAX - at,
				       " server b%u 127.0.0.1:%u weight %u\n", i, config->ports[i],
				       weighted ? config->weights[i] : 1);
	return at;
}

static enum assay_code start(const struct front_config *config, struct front **ret,
			     uint16_t *ret_port, struct assay_err *err)
{
	static const char *const argv[] = {"haproxy", "-db", "-q", "-f", "conf", NULL};
	static const char *const balance[FRONT_POLICIES_N] = {[FRONT_ROUND_ROBIN] = "roundrobin",
							      [FRONT_WEIGHTED] = "roundrobin",
							      [FRONT_LEAST] = "leastconn",
							      [FRONT_TWO] = "random(2)"};
	char conf[PROGRAM_CONF_MAX];
	struct program *program = NULL;
	if (!balance[config->policy])
		return assay_fail(err, ASSAY_SKIP, "HAProxy does not have this policy");
	*ret_port = program_free_port();
	size_t at = (size_t)snprintf(
		conf, sizeof(conf),
		"global\n nbthread 1\n maxconn %u\n"
		"defaults\n mode http\n timeout connect 2s\n timeout client 10s\n"
		" timeout server 5s\n http-reuse always\n retries 2\n option redispatch 1\n"
		"listen front\n bind 127.0.0.1:%u backlog 1024\n balance %s\n",
		config->connections + 32, *ret_port, balance[config->policy]);
	write_backends(config, conf, at);
	enum assay_code rc = program_start(argv, conf, *ret_port, &program, err);
	if (rc == ASSAY_OK)
		*ret = (struct front *)program;
	return rc;
}

static void stop(struct front *front)
{
	program_stop((struct program *)front);
}

static const struct front_ops ops = {.start = start, .stop = stop};

const struct assay_subject assay_subject_concurrency_front_haproxy = {
	.interface = FRONT_INTERFACE,
	.brief = "HAProxy, one thread",
	.ops = &ops,
	.probe = probe,
};
