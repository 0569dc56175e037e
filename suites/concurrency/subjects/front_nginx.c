/* SPDX-License-Identifier: MIT */
/* front_nginx: nginx with one process as a reverse proxy, on a free port of loopback. */
#include <stdio.h>

#include "suites/concurrency/front.h"
#include "suites/concurrency/program.h"

static enum assay_code probe(struct assay_err *err)
{
	return program_probe("nginx", "nginx-light", err);
}

static size_t write_backends(const struct front_config *config, char *conf, size_t at)
{
	bool weighted = config->policy == FRONT_WEIGHTED;
	for (unsigned i = 0; i < config->backends; i++)
		at += (size_t)snprintf(conf + at, PROGRAM_CONF_MAX - at,
				       " server 127.0.0.1:%u weight=%u max_fails=2 "
				       "fail_timeout=1s;\n",
				       config->ports[i], weighted ? config->weights[i] : 1);
	return at;
}

static enum assay_code start(const struct front_config *config, struct front **ret,
			     uint16_t *ret_port, struct assay_err *err)
{
	static const char *const argv[] = {"nginx", "-p", ".", "-c", "conf", "-e", "log", NULL};
	static const char *const balance[FRONT_POLICIES_N] = {[FRONT_ROUND_ROBIN] = "",
							      [FRONT_WEIGHTED] = "",
							      [FRONT_LEAST] = "least_conn;",
							      [FRONT_TWO] =
								      "random two least_conn;"};
	char conf[PROGRAM_CONF_MAX];
	struct program *program = NULL;
	if (!balance[config->policy])
		return assay_fail(err, ASSAY_SKIP, "nginx does not have this policy");
	*ret_port = program_free_port();
	size_t at = (size_t)snprintf(
		conf, sizeof(conf),
		"daemon off; master_process off; pid pid; error_log log;\n"
		"events { worker_connections %u; }\n"
		"http { access_log off; keepalive_requests 1000000000;\n"
		"client_body_temp_path t1; proxy_temp_path t2; fastcgi_temp_path t3;\n"
		"uwsgi_temp_path t4; scgi_temp_path t5;\n"
		"upstream backends { %s\n",
		3 * config->connections + 64, balance[config->policy]);
	at = write_backends(config, conf, at);
	snprintf(conf + at, sizeof(conf) - at,
		 " keepalive %u; }\n"
		 "server { listen 127.0.0.1:%u backlog=1024; location / {\n"
		 "proxy_pass http://backends; proxy_http_version 1.1;\n"
		 "proxy_set_header Connection \"\"; proxy_next_upstream_tries 3; } } }\n",
		 config->connections, *ret_port);
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

const struct assay_subject assay_subject_concurrency_front_nginx = {
	.interface = FRONT_INTERFACE,
	.brief = "nginx as a reverse proxy, one process",
	.ops = &ops,
	.probe = probe,
};
