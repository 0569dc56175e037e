/* SPDX-License-Identifier: MIT */
/* web_server: the interface of servers that benchmarks ask for /static: ours and others'. */
#ifndef ASSAY_SUITES_CONCURRENCY_WEB_SERVER_H
#define ASSAY_SUITES_CONCURRENCY_WEB_SERVER_H

#include "harness/bench.h"

#define WEB_SERVER_INTERFACE "web_server"

struct web_server; /* each subject has its own */

struct web_server_ops {
	/* A server on a free port of loopback, ready for that many connections. */
	enum assay_code (*start)(unsigned workers, unsigned connections, struct web_server **ret,
				 uint16_t *ret_port, struct assay_err *err);
	void (*stop)(struct web_server *server);
	bool predicts; /* it has /predict too */
};

/* A request of each route, for a generator of load; see site.h for what is answered. */
extern const char web_request_static[], web_request_predict[];

/* Oracle of the interface: it answers, again after a stop, and more than one at a time. */
enum assay_code web_server_check(const struct web_server_ops *ops, struct assay_err *err);

#endif
