/* SPDX-License-Identifier: MIT */
/* web_server: requests of the routes, and the oracle. */
#include "suites/concurrency/web_server.h"

#include "suites/concurrency/load.h"

enum { ANSWERS = 50, CONNECTIONS = 4, ROUNDS = 2 };

const char web_request_static[] = "GET /static HTTP/1.1\r\nHost: localhost\r\n\r\n";
const char web_request_predict[] =
	"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: 95\r\n\r\n"
	".5 .5 .5 .5 .5 .5 .5 .5 .5 .5 .5 .5 .5 .5 .5 .5 "
	".1 .1 .1 .1 .1 .1 .1 .1 .1 .1 .1 .1 .1 .1 .1 .1";

static enum assay_code ask(uint16_t port, const char *request, struct assay_err *err)
{
	struct load_config config = {.port = port, .connections = CONNECTIONS, .request = request};
	struct load_report report;
	struct load *load = NULL;
	uint64_t intended_ns;
	enum assay_code rc = load_new(&config, &load, err);
	if (rc != ASSAY_OK)
		return rc;
	load_begin(load, 0);
	for (int i = 0; i < ANSWERS && rc == ASSAY_OK; i++)
		rc = load_next(load, &intended_ns, err);
	if (rc == ASSAY_OK)
		rc = load_end(load, &report, err);
	load_free(load);
	return rc;
}

enum assay_code web_server_check(const struct web_server_ops *ops, struct assay_err *err)
{
	enum assay_code rc = ASSAY_OK;
	for (int round = 0; round < ROUNDS && rc == ASSAY_OK; round++) {
		struct web_server *server = NULL;
		uint16_t port = 0;
		rc = ops->start(1, CONNECTIONS, &server, &port, err);
		if (rc != ASSAY_OK)
			return rc;
		rc = ask(port, web_request_static, err);
		if (rc == ASSAY_OK && ops->predicts)
			rc = ask(port, web_request_predict, err);
		ops->stop(server);
	}
	return rc;
}
