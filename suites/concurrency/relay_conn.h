/* SPDX-License-Identifier: MIT */
/* relay_conn: the connections of a relay, to callers and to backends; all on its thread. */
#ifndef ASSAY_SUITES_CONCURRENCY_RELAY_CONN_H
#define ASSAY_SUITES_CONCURRENCY_RELAY_CONN_H

#include <stdatomic.h>

#include "suites/concurrency/http.h"
#include "suites/concurrency/relay.h"

enum { RELAY_ANSWER_MAX = 16384 };
enum relay_side { RELAY_CALLER, RELAY_BACKEND, RELAY_OTHER };

/* What epoll hands back; the first member of whatever waits on it. */
struct relay_end {
	enum relay_side side;
	int fd; /* -1: closed in this round of events, freed after it */
	uint32_t events;
	struct relay_end *next, **link; /* in a list of the relay */
};

struct relay_caller {
	struct relay_end end;
	struct relay_link *link; /* the backend that works for it, or NULL */
	uint64_t since_ns;       /* connected, or last answered; while busy: request read */
	unsigned tries;
	bool last;  /* close when out[] is gone */
	bool ended; /* it sends no more, but may still read */
	struct http_request request;
	size_t in_size, out_size, out_at;
	char in[HTTP_REQUEST_MAX], out[RELAY_ANSWER_MAX];
};

/* A connection to a backend: busy for a caller, or kept for the next. */
struct relay_link {
	struct relay_end end;
	unsigned backend;
	bool connecting, used; /* used: it has served before, and may have been closed since */
	struct relay_caller *caller;
	struct relay_link *next_idle;
	uint64_t sent_ns;
	size_t in_size;
	char in[RELAY_ANSWER_MAX];
};

struct relay {
	struct relay_config config;
	uint16_t ports[RELAY_BACKENDS_MAX];
	struct balancer *balancer;
	struct relay_end listener, stop;
	int epoll, reserve;
	uint64_t now_ns;
	unsigned callers;
	struct relay_end *ends,
		*gone; /* of connections; closed ones until the events are through */
	struct relay_link *idle[RELAY_BACKENDS_MAX];
	/* written by its thread, read by relay_stats() */
	_Atomic uint64_t requests, answered, retried, failed, refused;
};

/* Take over the descriptor of a new caller, or refuse and close it. */
void relay_caller_add(struct relay *r, int fd);
void relay_caller_ready(struct relay *r, struct relay_caller *c, uint32_t events);
void relay_link_ready(struct relay *r, struct relay_link *l, uint32_t events);
/* Callers and backends that have been silent for too long; O(connections), now and then. */
void relay_sweep(struct relay *r);
/* Free what was closed; no event of an earlier wait may be looked at afterwards. */
void relay_bury(struct relay *r);
void relay_end_close(struct relay *r, struct relay_end *end);

#endif
