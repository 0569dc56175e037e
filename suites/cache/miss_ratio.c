/* SPDX-License-Identifier: MIT */
/*
 * miss_ratio: a trace replayed through a simulated cache; one operation is one request.
 *
 * What counts is not the time but the misses: the same on every machine, so they are among the counters
 * as whole numbers. The time says how large a trace can be. Before it is taken, each policy is held
 * against a plain list with the same rule on a short random trace.
 */
#include <stdlib.h>

#include "suites/cache/replay.h"
#include "suites/cache/sim.h"
#include "suites/cache/sim_plain.h"

struct replay {
	struct trace trace;
	struct sim sim;
	const struct sim_policy *policy;
	uint64_t misses; /* of the first pass */
};

static void setup(struct assay_run *run)
{
	struct replay *r = calloc(1, sizeof(*r));
	if (!assay_check(run, r, "out of memory"))
		return;
	assay_set_state(run, r);
	r->policy = sim_policy(assay_axis_text(run, "policy"));
	struct assay_err err = {0};
	uint64_t capacity;
	bool by_bytes;
	enum assay_code rc = sim_plain_check(r->policy, assay_seed(run), &err);
	if (rc == ASSAY_OK)
		rc = replay_load(run, &r->trace, &err);
	if (rc == ASSAY_OK)
		rc = replay_capacity(assay_axis_text(run, "capacity"), &r->trace, &capacity,
				     &by_bytes, &err);
	if (rc == ASSAY_OK)
		rc = sim_init(&r->sim, r->policy, &r->trace, capacity, by_bytes, &err);
	if (!assay_check(run, rc == ASSAY_OK, "%s", err.text))
		return;
	r->misses = r->policy->run(&r->sim);
	assay_set_ops_per_iteration(run, r->trace.n);
}

static void teardown(struct assay_run *run)
{
	struct replay *r = assay_state(run);
	if (!r)
		return;
	sim_done(&r->sim);
	trace_done(&r->trace);
	free(r);
}

static void body(struct assay_run *run)
{
	const struct replay *r = assay_state(run);
	const struct sim *sim = &r->sim;
	uint64_t (*run_policy)(const struct sim *) = r->policy->run;
	uint64_t misses = r->misses, differing = 0;

	ASSAY_LOOP (run)
		differing |= run_policy(sim) ^ misses;
	assay_check(run, differing == 0, "two passes over the same trace had different misses");
	assay_metric(run, "miss_ratio", "ratio", ASSAY_LOWER, (double)misses / r->trace.n);
	assay_counter(run, "misses", misses);
	assay_counter(run, "requests", r->trace.n);
	assay_counter(run, "objects", r->trace.n_objects);
	assay_counter(run, "capacity", sim->capacity);
}

const struct assay_bench assay_bench_cache_miss_ratio = {
	.brief = "a trace replayed through a simulated cache: misses of nine policies, exactly",
	.source =
		"semantics and counts as in libCacheSim [Yang et al., github.com/1a1a11a/libCacheSim]; "
		"each policy's paper is named in its file",
	.claim = "S2.l1",
	.body = body,
	.setup = setup,
	.teardown = teardown,
	.subjects = ASSAY_NO_SUBJECT,
	.axes = ASSAY_AXES({"policy", "name", SIM_POLICY_NAMES, "null,LRU,S3-FIFO,Belady"},
			   {"trace", "text", TRACE_SYNTHETIC_NAMES, "zipf"},
			   {"capacity", "text", "0.01,0.1", "0.1"}),
	.unit = "op/s",
};
