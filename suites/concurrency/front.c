/* SPDX-License-Identifier: MIT */
/* front: the oracle. In turns, each backend gets its share; one that is gone is noticed by nobody. */
#include "suites/concurrency/front.h"

#include "suites/concurrency/backends.h"
#include "suites/concurrency/load.h"
#include "suites/concurrency/web_server.h"

enum { BACKENDS = 3, CONNECTIONS = 4, REQUESTS = 60 };

static enum assay_code ask(uint16_t port, struct assay_err *err)
{
	struct load_config config = {
		.port = port, .connections = CONNECTIONS, .request = web_request_static};
	struct load_report report;
	struct load *load = NULL;
	uint64_t intended_ns;
	enum assay_code rc = load_new(&config, &load, err);
	if (rc != ASSAY_OK)
		return rc;
	load_begin(load, REQUESTS);
	for (int i = 0; i < REQUESTS && rc == ASSAY_OK; i++)
		rc = load_next(load, &intended_ns, err);
	if (rc == ASSAY_OK)
		rc = load_end(load, &report, err);
	load_free(load);
	return rc;
}

static enum assay_code ask_and_kill(struct backends *backends, uint16_t port, struct assay_err *err)
{
	enum assay_code rc = ask(port, err);
	for (unsigned i = 0; i < BACKENDS && rc == ASSAY_OK; i++) {
		uint64_t served = backends_served(backends, i);
		if (served < REQUESTS / BACKENDS - CONNECTIONS ||
		    served > REQUESTS / BACKENDS + CONNECTIONS)
			rc = assay_fail(err, ASSAY_ECHECK,
					"in turns, backend %u of %d served %llu of %d", i, BACKENDS,
					(unsigned long long)served, REQUESTS);
	}
	if (rc != ASSAY_OK)
		return rc;
	backends_kill(backends, 1);
	rc = ask(port, err);
	return rc == ASSAY_OK ? rc : assay_context(err, rc, "when one backend is gone");
}

enum assay_code front_check(const struct front_ops *ops, struct assay_err *err)
{
	static const double mean_ns[BACKENDS];
	static const unsigned weights[BACKENDS] = {1, 1, 1};
	struct backends *backends = NULL;
	struct front *front = NULL;
	uint16_t port = 0;
	enum assay_code rc = backends_start(mean_ns, BACKENDS, CONNECTIONS + 2, 1, &backends, err);
	if (rc != ASSAY_OK)
		return rc;
	struct front_config config = {.policy = FRONT_ROUND_ROBIN,
				      .ports = backends_ports(backends),
				      .weights = weights,
				      .backends = BACKENDS,
				      .connections = CONNECTIONS + 2,
				      .seed = 1};
	rc = ops->start(&config, &front, &port, err);
	if (rc == ASSAY_OK) {
		rc = ask_and_kill(backends, port, err);
		ops->stop(front);
	}
	backends_stop(backends);
	return rc;
}
