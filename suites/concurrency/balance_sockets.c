/* SPDX-License-Identifier: MIT */
/*
 * balance_sockets: requests at a given rate through a balancer to HTTP servers of which the last is slower.
 * One operation is a stretch of requests, until all are answered; the time is the 99th percentile of their
 * latencies, from when each should have started.
 */
#include <stdlib.h>

#include "harness/base/clock.h"
#include "suites/concurrency/backends.h"
#include "suites/concurrency/front.h"
#include "suites/concurrency/server_load.h"

enum { REQUESTS = 2000 };
#define MEAN_NS 1e6

struct scene {
	const struct front_ops *ops;
	struct backends *backends;
	struct front *front;
	struct load *load;
	double rate_hz;
	unsigned n;
};

/* The rate at which all are busy for the share `load` of their time; false: senseless. */
static bool set_rate(struct assay_run *run, struct scene *s, double *mean_ns, unsigned *weights)
{
	double slow = assay_axis(run, "slow"), share = assay_axis(run, "load");
	unsigned n = s->n;
	if (n < 2 || n > BACKENDS_MAX || !(slow >= 1 && slow <= 100) || !(share > 0)) {
		assay_skip(run, "2 to %d backends, slower by 1 to 100, a load above 0",
			   BACKENDS_MAX);
		return false;
	}
	for (unsigned i = 0; i < n; i++) {
		mean_ns[i] = i + 1 < n ? MEAN_NS : slow * MEAN_NS;
		weights[i] = i + 1 < n ? (unsigned)slow : 1;
		s->rate_hz += share * 1e9 / mean_ns[i];
	}
	return true;
}

static void setup(struct assay_run *run)
{
	struct load_config load = {.connections = (unsigned)assay_axis(run, "connections"),
				   .request = web_request_static,
				   .poisson = true,
				   .seed = assay_seed(run)};
	struct scene *s = calloc(1, sizeof(*s));
	struct assay_err err = {0};
	double mean_ns[BACKENDS_MAX];
	unsigned weights[BACKENDS_MAX];
	if (!assay_check(run, s, "out of memory"))
		return;
	assay_set_state(run, s);
	s->ops = assay_subject(run);
	s->n = (unsigned)assay_axis(run, "backends");
	if (!set_rate(run, s, mean_ns, weights))
		return;
	enum assay_code rc =
		backends_start(mean_ns, s->n, 2 * load.connections, load.seed, &s->backends, &err);
	if (rc == ASSAY_OK) {
		struct front_config config = {.policy =
						      (enum front_policy)assay_axis(run, "policy"),
					      .ports = backends_ports(s->backends),
					      .weights = weights,
					      .backends = s->n,
					      .connections = load.connections,
					      .seed = load.seed};
		rc = s->ops->start(&config, &s->front, &load.port, &err);
	}
	if (rc == ASSAY_OK)
		rc = load_new(&load, &s->load, &err);
	if (rc == ASSAY_SKIP)
		assay_skip(run, "%s", err.text);
	else
		assay_check(run, rc == ASSAY_OK, "%s", err.text);
}

static void teardown(struct assay_run *run)
{
	struct scene *s = assay_state(run);
	if (!s)
		return;
	load_free(s->load);
	if (s->front)
		s->ops->stop(s->front);
	backends_stop(s->backends);
	free(s);
}

static void body(struct assay_run *run)
{
	struct scene *s = assay_state(run);
	struct assay_err err = {0};
	struct server_stretch stretch = {0};
	enum assay_code rc = ASSAY_OK;
	uint64_t busy_ns[BACKENDS_MAX], began_ns = 0;
	double least = 1, most = 0;

	ASSAY_LOOP (run) {
		for (unsigned i = 0; i < s->n; i++)
			busy_ns[i] = backends_busy_ns(s->backends, i);
		began_ns = assay_now_ns();
		if (rc == ASSAY_OK)
			rc = server_stretch(s->load, s->rate_hz, REQUESTS, &stretch, &err);
	}
	double span_ns = (double)(assay_now_ns() - began_ns);
	for (unsigned i = 0; i < s->n; i++) {
		double busy = (double)(backends_busy_ns(s->backends, i) - busy_ns[i]) / span_ns;
		least = busy < least ? busy : least;
		most = busy > most ? busy : most;
	}
	if (!assay_check(run, rc == ASSAY_OK, "%s", err.text))
		return;
	assay_set_elapsed_ns(run, stretch.p99_ns);
	assay_metric(run, "p50", "ns", ASSAY_LOWER, stretch.p50_ns);
	assay_metric(run, "kept_up", "ratio", ASSAY_HIGHER, stretch.achieved_hz / s->rate_hz);
	assay_metric(run, "busy_least", "ratio", ASSAY_HIGHER, least);
	assay_metric(run, "busy_most", "ratio", ASSAY_LOWER, most);
}

const struct assay_bench assay_bench_concurrency_balance_sockets = {
	.brief = "99th percentile and utilisation of HTTP servers, one slow, behind a balancer",
	.source = "open loop as in wrk2 [Tene]; each policy's source is named in its file",
	.claim = "S2.balance",
	.body = body,
	.setup = setup,
	.teardown = teardown,
	.subjects = FRONT_INTERFACE,
	.axes = ASSAY_AXES({"policy", "name", FRONT_POLICIES}, {"backends", "count", "4"},
			   {"slow", "times", "1,4", "4"}, {"load", "share", "0.5,0.8", "0.5"},
			   {"connections", "count", "64"}),
	.mode = ASSAY_ONCE,
	.thorough = true,
};
