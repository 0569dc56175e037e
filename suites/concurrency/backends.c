/* SPDX-License-Identifier: MIT */
/* backends: our server with one worker each, and a route that sleeps. */
#include "suites/concurrency/backends.h"

#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>

#include "harness/base/clock.h"
#include "harness/base/rng.h"
#include "suites/concurrency/site.h"

enum { IDLE_MS = 10000 };

struct one {
	struct web *web;
	struct web_route routes[2];
	double mean_ns;
	struct assay_rng rng; /* of its worker */
	_Atomic uint64_t busy_ns, served;
};

struct backends {
	struct one each[BACKENDS_MAX];
	uint16_t ports[BACKENDS_MAX];
	unsigned n;
};

static void sleep_ns(double ns)
{
	struct timespec wait = {(time_t)(ns / 1e9), (long)fmod(ns, 1e9)};
	prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0); /* else each takes up to 50 us longer */
	while (nanosleep(&wait, &wait) != 0)
		;
}

static size_t serve(void *context, unsigned worker, const struct http_request *request, char *body,
		    unsigned *status)
{
	struct one *one = context;
	uint64_t began_ns = assay_now_ns();
	if (one->mean_ns > 0)
		sleep_ns(-log(1 - assay_rng_unit(&one->rng)) * one->mean_ns);
	memset(body, 'x', SITE_STATIC_BYTES);
	atomic_fetch_add_explicit(&one->busy_ns, assay_now_ns() - began_ns, memory_order_relaxed);
	atomic_fetch_add_explicit(&one->served, 1, memory_order_relaxed);
	return SITE_STATIC_BYTES;
}

enum assay_code backends_start(const double *mean_ns, unsigned n, unsigned connections,
			       uint64_t seed, struct backends **ret, struct assay_err *err)
{
	if (n < 1 || n > BACKENDS_MAX)
		return assay_fail(err, ASSAY_EUSAGE, "%u backends: from 1 to %d", n, BACKENDS_MAX);
	struct backends *b = calloc(1, sizeof(*b));
	if (!b)
		return assay_fail(err, ASSAY_ENOMEM, "no memory for %u backends", n);
	enum assay_code rc = ASSAY_OK;
	for (; b->n < n && rc == ASSAY_OK; b->n++) {
		struct one *one = &b->each[b->n];
		one->mean_ns = mean_ns[b->n];
		one->routes[0] = (struct web_route){"/static", serve, one};
		assay_rng_init(&one->rng, seed + b->n);
		struct web_config config = {.workers = 1,
					    .connections = connections,
					    .idle_ms = IDLE_MS,
					    .routes = one->routes};
		rc = web_start(&config, &one->web, err);
		if (rc == ASSAY_OK)
			b->ports[b->n] = web_port(one->web);
	}
	if (rc != ASSAY_OK) {
		backends_stop(b);
		return rc;
	}
	*ret = b;
	return ASSAY_OK;
}

const uint16_t *backends_ports(const struct backends *b)
{
	return b->ports;
}

uint64_t backends_busy_ns(const struct backends *b, unsigned i)
{
	return atomic_load_explicit(&b->each[i].busy_ns, memory_order_relaxed);
}

uint64_t backends_served(const struct backends *b, unsigned i)
{
	return atomic_load_explicit(&b->each[i].served, memory_order_relaxed);
}

void backends_kill(struct backends *b, unsigned i)
{
	web_stop(b->each[i].web);
	b->each[i].web = NULL;
}

void backends_stop(struct backends *b)
{
	if (!b)
		return;
	for (unsigned i = 0; i < b->n; i++)
		web_stop(b->each[i].web);
	free(b);
}
