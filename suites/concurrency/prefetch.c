/* SPDX-License-Identifier: MIT */
/*
 * prefetch: values fetched before they are asked for, by a guess at what comes next: how many are there in
 * time, how many for nothing, how long the reader waits. In simulated time, so that all but the time per
 * request is exact. One operation is one request.
 */
#include "harness/bench.h"
#include "suites/concurrency/fetch_sim.h"

enum { REQUESTS = 40000, SLOTS = 8, ROOM = 64, FETCH_NS = 200000 };
#define THINK_NS 100e3

static void setup(struct assay_run *run)
{
	assay_set_ops_per_iteration(run, REQUESTS);
}

static void body(struct assay_run *run)
{
	struct fetch_sim_config config = {.rule = (enum guess_rule)assay_axis(run, "guess"),
					  .pattern = (enum fetch_pattern)assay_axis(run, "keys"),
					  .strays = assay_axis(run, "strays"),
					  .ahead = (unsigned)assay_axis(run, "ahead"),
					  .slots = SLOTS,
					  .room = ROOM,
					  .fetch_ns = FETCH_NS,
					  .think_ns = THINK_NS,
					  .requests = REQUESTS,
					  .seed = 1};
	struct fetch_sim_result r = {0};
	struct assay_err err = {0};
	enum assay_code rc = ASSAY_OK;

	ASSAY_LOOP (run)
		if (rc == ASSAY_OK)
			rc = fetch_sim(&config, &r, &err);
	if (!assay_check(run, rc == ASSAY_OK, "%s", err.text) ||
	    !assay_check(run, r.hits + r.late + r.misses == REQUESTS && r.wasted <= r.ahead,
			 "requests or fetches were lost"))
		return;
	assay_metric(run, "latency", "ns", ASSAY_LOWER, r.waited_ns / REQUESTS);
	assay_metric(run, "hit_share", "ratio", ASSAY_HIGHER, (double)r.hits / REQUESTS);
	assay_metric(run, "late_share", "ratio", ASSAY_LOWER, (double)r.late / REQUESTS);
	assay_metric(run, "fetches", "per op", ASSAY_LOWER,
		     (double)(r.misses + r.ahead) / REQUESTS);
	if (r.ahead)
		assay_metric(run, "wasted", "ratio", ASSAY_LOWER, (double)r.wasted / r.ahead);
}

const struct assay_bench assay_bench_concurrency_prefetch = {
	.brief = "values fetched ahead by guesses: in time, late, for nothing",
	.source = "strides [Chen & Baer, 1995]; Markov [Joseph & Grunwald, ISCA 1997]",
	.body = body,
	.setup = setup,
	.subjects = ASSAY_NO_SUBJECT,
	.axes = ASSAY_AXES({"guess", "name", "none,next,stride,markov"},
			   {"keys", "name", "sequential,strided,chain,random"},
			   {"ahead", "count", "4"}, {"strays", "share", "0.05"}),
	.thorough = true,
};
