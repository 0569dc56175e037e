/* SPDX-License-Identifier: MIT */
/*
 * server_degradation: throughput as clients become many, each with one request at a time (closed loop).
 * One operation is one answer; each iteration sends so many requests for each client and waits for all
 * answers, so that nothing is under way when the clock stops.
 */
#include "suites/concurrency/server_load.h"

enum { REQUESTS_EACH = 20 };

static void setup(struct assay_run *run)
{
	struct load_config config = {.connections = (unsigned)assay_axis(run, "clients")};
	server_load_setup(run, config, false);
	if (config.connections)
		assay_set_ops_per_iteration(run, REQUESTS_EACH * config.connections);
}

static void body(struct assay_run *run)
{
	struct load *load = server_load(run);
	struct assay_err err = {0};
	enum assay_code rc = ASSAY_OK;
	uint64_t requests = REQUESTS_EACH * (uint64_t)assay_axis(run, "clients"), intended_ns;

	ASSAY_LOOP (run) {
		load_begin(load, requests);
		for (uint64_t i = 0; i < requests && rc == ASSAY_OK; i++)
			rc = load_next(load, &intended_ns, &err);
	}
	server_load_end(run, rc, &err);
}

const struct assay_bench assay_bench_concurrency_server_degradation = {
	.brief = "throughput of an HTTP server with 1 to 400 clients, one request at a time each",
	.source = "closed loop as in wrk",
	.claim = "S0.scalability",
	.body = body,
	.setup = setup,
	.teardown = server_load_teardown,
	.subjects = WEB_SERVER_INTERFACE,
	.axes = ASSAY_AXES({"clients", "count", "1,10,50,100,200,400", "1,200"}),
	.unit = "op/s",
};
