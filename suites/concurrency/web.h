/* SPDX-License-Identifier: MIT */
/*
 * web: a small HTTP/1.1 server on loopback: threads that each wait on an epoll of their own and share
 * one listening socket. Memory per connection is bounded; no client can make it wait.
 *
 * A client that has not sent a whole request within `idle_ms`, however it spaces the bytes, gets 408.
 * Malformed and oversized requests get their status and the connection is closed. Too many connections get
 * 503; when descriptors run out, new connections are closed at once instead of left to hang.
 */
#ifndef ASSAY_SUITES_CONCURRENCY_WEB_H
#define ASSAY_SUITES_CONCURRENCY_WEB_H

#include <stdint.h>

#include "harness/base/err.h"
#include "suites/concurrency/http.h"

enum { WEB_BODY_MAX = 4096, WEB_WORKERS_MAX = 64 };

/* Write the body, return its size, at most WEB_BODY_MAX, and set *status when it is not 200: from 200 to 599,
 * 500 for an error of its own. What breaks these rules becomes a 500 without a body. Called on worker
 * thread `worker`, on several at a time. */
struct web_route {
	const char *path;
	size_t (*answer)(void *context, unsigned worker, const struct http_request *request,
			 char *body, unsigned *status);
	void *context;
};

struct web_config {
	uint16_t port; /* 0: any that is free */
	unsigned workers;
	unsigned connections; /* at a time, for each worker */
	unsigned idle_ms;
	const struct web_route *routes; /* ends with {0}; must outlive the server */
};

/* Since the start, all workers together. */
struct web_stats {
	uint64_t requests, accepted, open, refused, malformed, timed_out;
};

struct web;

/* ASSAY_EIO says what failed, such as a port that is in use. Workers run on all processors, also when the
 * caller is pinned. */
enum assay_code web_start(const struct web_config *config, struct web **ret, struct assay_err *err);
uint16_t web_port(const struct web *web);
void web_stats(const struct web *web, struct web_stats *ret);
/* All threads are gone afterwards and all connections closed. NULL is fine. */
void web_stop(struct web *web);

#endif
