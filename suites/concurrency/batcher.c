/* SPDX-License-Identifier: MIT */
/*
 * batcher: requests collected into batches of 16 to 512 for a server to which a batch costs something once:
 * large ones waste less, and let the first request wait for the last. In simulated time, so that all but the
 * time per request is exact. One operation is one request.
 */
#include "harness/bench.h"
#include "suites/concurrency/batch_sim.h"

enum { REQUESTS = 50000, LEAST = 16, MOST = 512, ROOM = 8192 };

#define BATCH_NS    200e3
#define ITEM_NS     5e3
#define DEADLINE_NS 20000000
#define TURN_NS     50e6
#define GROWTH      1.2

enum rule { FIXED_16, FIXED_512, GROWTH_RULE, AIMD, GREEDY };

static struct batcher_config config_of(enum rule rule)
{
	static const enum batcher_rule rules[] = {BATCHER_FIXED, BATCHER_FIXED, BATCHER_GROWTH,
						  BATCHER_AIMD, BATCHER_GREEDY};
	return (struct batcher_config){.rule = rules[rule],
				       .least = rule == FIXED_512 ? MOST : LEAST,
				       .most = rule == FIXED_16 ? LEAST : MOST,
				       .growth = GROWTH,
				       .deadline_ns = DEADLINE_NS,
				       .room = ROOM};
}

static void setup(struct assay_run *run)
{
	if (!(assay_axis(run, "load") > 0))
		assay_skip(run, "a load above 0");
	assay_set_ops_per_iteration(run, REQUESTS);
}

static void body(struct assay_run *run)
{
	/* what the server can do in batches of 512 */
	double most_hz = MOST * 1e9 / (BATCH_NS + MOST * ITEM_NS);
	double load = assay_axis(run, "load");
	bool bursts = assay_axis(run, "arrivals") == 1;
	struct batch_sim_config config = {.batcher = config_of((enum rule)assay_axis(run, "rule")),
					  .batch_ns = BATCH_NS,
					  .item_ns = ITEM_NS,
					  .rate_hz = most_hz * (bursts ? load / 4 : load),
					  .high_hz = most_hz * load,
					  .turn_ns = TURN_NS,
					  .requests = REQUESTS,
					  .seed = 1};
	struct batch_sim_result r = {0};
	struct assay_err err = {0};
	enum assay_code rc = ASSAY_OK;

	ASSAY_LOOP (run)
		if (rc == ASSAY_OK)
			rc = batch_sim(&config, &r, &err);
	if (!assay_check(run, rc == ASSAY_OK, "%s", err.text) ||
	    !assay_check(run, r.answered + r.refused == REQUESTS, "requests were lost"))
		return;
	assay_metric(run, "latency_p50", "ns", ASSAY_LOWER, r.p50_ns);
	assay_metric(run, "latency_p99", "ns", ASSAY_LOWER, r.p99_ns);
	assay_metric(run, "throughput", "op/s", ASSAY_HIGHER, 1e9 * r.answered / r.span_ns);
	assay_metric(run, "busy", "ratio", ASSAY_LOWER, r.busy_ns / r.span_ns);
	assay_metric(run, "batch", "op", ASSAY_HIGHER, (double)r.answered / r.batches);
	assay_metric(run, "late", "ratio", ASSAY_LOWER, (double)r.late / REQUESTS);
	assay_metric(run, "refused", "ratio", ASSAY_LOWER, (double)r.refused / REQUESTS);
}

const struct assay_bench assay_bench_concurrency_batcher = {
	.brief = "requests in batches of 16 to 512: throughput, latency and deadlines by rule",
	.source =
		"growth by 1.2 as the claim has it; AIMD of Clipper [Crankshaw et al., NSDI 2017]",
	.claim = "S0.batch",
	.body = body,
	.setup = setup,
	.subjects = ASSAY_NO_SUBJECT,
	.axes = ASSAY_AXES({"rule", "name", "fixed16,fixed512,growth,aimd,greedy"},
			   {"load", "share", "0.1,0.8", "0.1,0.8"},
			   {"arrivals", "name", "steady,bursts", "steady"}),
	.thorough = true,
};
