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
/* After the loop: end the load, state its figures. */
void server_load_end(struct assay_run *run, enum assay_code rc, struct assay_err *err);

#endif
