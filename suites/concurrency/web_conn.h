/* SPDX-License-Identifier: MIT */
/* web_conn: the connections of one worker of a server; see web.h. All on the worker's thread. */
#ifndef ASSAY_SUITES_CONCURRENCY_WEB_CONN_H
#define ASSAY_SUITES_CONCURRENCY_WEB_CONN_H

#include <stdatomic.h>

#include "suites/concurrency/web.h"

enum { WEB_OUT_MAX = 4 * WEB_BODY_MAX };

struct web_conn {
	int fd;
	bool writing; /* waits until the client takes what is in out[]; reads nothing meanwhile */
	bool last;    /* close when out[] is gone */
	uint64_t since_ns;              /* accepted, or last request answered */
	struct web_conn *before, *next; /* by since_ns, oldest first */
	size_t in_size, out_size, out_at;
	char in[HTTP_REQUEST_MAX], out[WEB_OUT_MAX];
};

struct web_worker {
	unsigned number;
	int epoll, listener;
	int reserve; /* given up when descriptors run out; see turn_away() */
	const struct web_route *routes;
	unsigned connections_most;
	uint64_t idle_ns, now_ns;
	struct web_conn *oldest, *newest;
	/* written by this worker, read by web_stats() */
	_Atomic uint64_t requests, accepted, connections, refused, malformed, timed_out;
};

static inline void web_count(_Atomic uint64_t *counter)
{
	/* one writer: no need for a locked addition */
	atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + 1,
			      memory_order_relaxed);
}

/* Take over the descriptor of a new connection, or refuse and close it. */
void web_conn_add(struct web_worker *w, int fd);
/* There is something to read, room to write, or an end. May close it. */
void web_conn_ready(struct web_worker *w, struct web_conn *c);
/* Close those that have been silent for too long. */
void web_conn_sweep(struct web_worker *w);
void web_conn_close(struct web_worker *w, struct web_conn *c);

#endif
