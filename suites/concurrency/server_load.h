/* SPDX-License-Identifier: MIT */
/* server_load: what benchmarks of servers share: the server of the subject, and the load on it. */
#ifndef ASSAY_SUITES_CONCURRENCY_SERVER_LOAD_H
#define ASSAY_SUITES_CONCURRENCY_SERVER_LOAD_H

#include "suites/concurrency/load.h"
#include "suites/concurrency/web_server.h"

/* For setup(): start and connect; the state of the run. For teardown(). */
void server_load_setup(struct assay_run *run, struct load_config config, bool predict);
void server_load_teardown(struct assay_run *run);
struct load *server_load(struct assay_run *run); /* NULL: setup has failed */
/* What one stretch of requests met with. */
struct server_stretch {
	double achieved_hz, p50_ns, p99_ns, worst_ns;
};

enum { STRETCH_MOST = 20000 };

/*
 * So many requests, at most STRETCH_MOST, at that rate in open loop at random, or in closed loop (0), until
 * all are answered. Quantiles are exact, of all of them.
 */
enum assay_code server_stretch(struct load *load, double rate_hz, uint64_t requests,
			       struct server_stretch *ret, struct assay_err *err);
/* After the loop: end the load, state its figures. */
void server_load_end(struct assay_run *run, enum assay_code rc, struct assay_err *err);

#endif
