/* SPDX-License-Identifier: MIT */
/*
 * relay: a reverse proxy for HTTP/1.1 on loopback with a balancer of ours inside: one thread, one epoll. A
 * request is read whole, given to a backend over a connection that is kept, and its answer passed on whole.
 *
 * Memory is bounded: connections are, and each has room for one request and one answer. A backend that
 * cannot be reached, breaks off or answers with 5xx has failed; after two failures it gets nothing for
 * `away_ms`. Requests without effects (GET, HEAD) are tried on up to three backends. Callers get 502 when all
 * tries fail, 503 when no backend may be picked or there are too many callers, 504 when one does not answer
 * within `answer_ms`; who is silent for `idle_ms` is let go.
 */
#ifndef ASSAY_SUITES_CONCURRENCY_RELAY_H
#define ASSAY_SUITES_CONCURRENCY_RELAY_H

#include <stdint.h>

#include "suites/concurrency/balancer.h"

enum { RELAY_BACKENDS_MAX = 64, RELAY_TRIES = 3 };

struct relay_config {
	const struct balancer_policy *policy;
	const uint16_t *ports;
	const double *weights; /* NULL: all equal */
	unsigned backends;     /* 1 to RELAY_BACKENDS_MAX */
	unsigned connections;  /* callers at a time */
	unsigned answer_ms, idle_ms, away_ms;
	uint64_t seed;
};

/* Since the start. */
struct relay_stats {
	uint64_t requests, answered, retried, failed, refused;
};

struct relay;

/* ASSAY_EUSAGE, ASSAY_EIO, ASSAY_ENOMEM. The thread runs on all processors. */
enum assay_code relay_start(const struct relay_config *config, struct relay **ret,
			    struct assay_err *err);
uint16_t relay_port(const struct relay *relay);
void relay_stats(const struct relay *relay, struct relay_stats *ret);
/* The thread is gone afterwards and all connections closed. NULL is fine. */
void relay_stop(struct relay *relay);

#endif
