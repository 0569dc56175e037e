/* SPDX-License-Identifier: MIT */
/*
 * balance_queues: what a policy does to waiting: a simulated system of servers with queues. One operation is
 * one request. What counts are the metrics, which depend on the seed and not on the machine.
 */
#include <stdlib.h>

#include "suites/concurrency/queue_sim.h"

enum { REQUESTS = 100000, WARMUP = 20000 };

struct system {
	struct queue_sim_config config;
	double *speeds;
};

static void setup(struct assay_run *run)
{
	struct system *s = calloc(1, sizeof(*s));
	size_t n = (size_t)assay_axis(run, "servers");
	if (!assay_check(run, s, "out of memory"))
		return;
	assay_set_state(run, s);
	s->speeds = calloc(n ? n : 1, sizeof(*s->speeds));
	if (!assay_check(run, s->speeds, "out of memory"))
		return;
	bool equal = assay_axis(run, "speeds") == 0;
	for (size_t i = 0; i < n; i++)
		s->speeds[i] = equal ? 1 : 1 << i % 3;
	s->config = (struct queue_sim_config){.policy = assay_subject(run),
					      .speeds = s->speeds,
					      .servers = n,
					      .load = assay_axis(run, "load"),
					      .requests = REQUESTS,
					      .warmup = WARMUP};
	if (!(s->config.load > 0 && s->config.load < 1))
		assay_skip(run, "load must be between 0 and 1: beyond, queues grow without end");
	assay_set_ops_per_iteration(run, REQUESTS + WARMUP);
}

static void teardown(struct assay_run *run)
{
	struct system *s = assay_state(run);
	if (s)
		free(s->speeds);
	free(s);
}

static void body(struct assay_run *run)
{
	const struct system *s = assay_state(run);
	struct queue_sim_config config = s->config;
	struct queue_sim_result result = {0};
	struct assay_err err = {0};
	uint64_t seed = assay_seed(run), failed = 0;

	ASSAY_LOOP (run) {
		config.seed = assay_splitmix(&seed);
		failed += queue_sim(&config, &result, &err) != ASSAY_OK;
	}
	if (!assay_check(run, failed == 0, "%s", err.text))
		return;
	assay_metric(run, "sojourn", "work", ASSAY_LOWER, result.mean_sojourn);
	assay_metric(run, "sojourn_p99", "work", ASSAY_LOWER, result.p99_sojourn);
	assay_metric(run, "busy_least", "ratio", ASSAY_HIGHER, result.utilisation_least);
	assay_metric(run, "busy_most", "ratio", ASSAY_LOWER, result.utilisation_most);
}

const struct assay_bench assay_bench_concurrency_balance_queues = {
	.brief = "waiting and utilisation in a simulated system of queues behind a balancer",
	.source =
		"event simulation, held against M/M/1 and M/M/c [Kleinrock, Queueing Systems, 1975]",
	.claim = "S2.balance",
	.body = body,
	.setup = setup,
	.teardown = teardown,
	.subjects = BALANCER_INTERFACE,
	.axes = ASSAY_AXES({"servers", "count", "10,100", "10"},
			   {"load", "share", "0.5,0.9", "0.9"},
			   {"speeds", "name", "equal,mixed", "mixed"}),
	.unit = "op/s",
	.thorough = true,
};
