/* SPDX-License-Identifier: MIT */
/* web_epoll: our server, in threads of this process; see web.h and site.h. */
#include "suites/concurrency/site.h"
#include "suites/concurrency/web_server.h"

static enum assay_code start(unsigned workers, unsigned connections, struct web_server **ret,
			     uint16_t *ret_port, struct assay_err *err)
{
	struct site *site = NULL;
	enum assay_code rc = site_start(workers, connections, 0.1, &site, err);
	if (rc == ASSAY_OK) {
		*ret_port = web_port(site_web(site));
		*ret = (struct web_server *)site;
	}
	return rc;
}

static void stop(struct web_server *server)
{
	site_stop((struct site *)server);
}

static const struct web_server_ops ops = {.start = start, .stop = stop, .predicts = true};

const struct assay_subject assay_subject_concurrency_web_epoll = {
	.interface = WEB_SERVER_INTERFACE,
	.brief = "our server: epoll, a thread per worker, one listening socket",
	.ops = &ops,
};
