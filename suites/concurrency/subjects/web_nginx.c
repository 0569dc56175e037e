/* SPDX-License-Identifier: MIT */
/* web_nginx: nginx with one process and the same static answer; it may use every processor, as ours may. */
#include <stdio.h>
#include <string.h>

#include "suites/concurrency/program.h"
#include "suites/concurrency/site.h"
#include "suites/concurrency/web_server.h"

static enum assay_code probe(struct assay_err *err)
{
	return program_probe("nginx", "nginx-light", err);
}

static enum assay_code start(unsigned workers, unsigned connections, struct web_server **ret,
			     uint16_t *ret_port, struct assay_err *err)
{
	static const char *const argv[] = {"nginx", "-p", ".", "-c", "conf", "-e", "log", NULL};
	char conf[PROGRAM_CONF_MAX], text[SITE_STATIC_BYTES + 1] = {0};
	struct program *program = NULL;
	memset(text, 'x', SITE_STATIC_BYTES);
	*ret_port = program_free_port();
	snprintf(
		conf, sizeof(conf),
		"daemon off; master_process off; pid pid; error_log log;\n"
		"events { worker_connections %u; }\n"
		"http { access_log off; keepalive_requests 1000000000; default_type text/plain;\n"
		"client_body_temp_path t1; proxy_temp_path t2; fastcgi_temp_path t3;\n"
		"uwsgi_temp_path t4; scgi_temp_path t5;\n"
		"server { listen 127.0.0.1:%u backlog=1024; location = /static { return 200 %s; } } }\n",
		connections + 32, *ret_port, text);
	enum assay_code rc = program_start(argv, conf, *ret_port, &program, err);
	if (rc == ASSAY_OK)
		*ret = (struct web_server *)program;
	return rc;
}

static void stop(struct web_server *server)
{
	program_stop((struct program *)server);
}

static const struct web_server_ops ops = {.start = start, .stop = stop};

const struct assay_subject assay_subject_concurrency_web_nginx = {
	.interface = WEB_SERVER_INTERFACE,
	.brief = "nginx, one process, the same static answer",
	.ops = &ops,
	.probe = probe,
};
