/* SPDX-License-Identifier: MIT */
/*
 * fleet: a simulated fleet of nodes behind a dispatcher, with failures. One operation is one event of the
 * simulation. What the metrics say is said of the model, not of this machine.
 */
#include <stdlib.h>

#include "suites/scaling/fleet_sim.h"
#include "suites/scaling/queue_theory.h"
#include "suites/scaling/scaling.h"

enum { JOBS = 500000 };

/* Work of a job takes 1: a node fails once in 10,000 jobs or so, and is back after 100. */
#define MTBF 10000.0
#define MTTR 100.0

static struct fleet_config configure(struct assay_run *run)
{
	double mtbf = assay_axis(run, "failures") == 0 ? 0 : MTBF;
	return (struct fleet_config){
		.nodes = (size_t)assay_axis(run, "nodes"),
		.load = assay_axis(run, "load"),
		.routing = assay_axis(run, "routing") == 0 ? FLEET_RANDOM : FLEET_TWO,
		.mtbf = mtbf,
		.mttr = MTTR,
		.jobs = JOBS,
	};
}

static void setup(struct assay_run *run)
{
	struct fleet_config config = configure(run);
	struct assay_err err = {0};
	if (!(config.load > 0 && config.load <= 0.98) || config.nodes < 1 ||
	    config.nodes > 1000000) {
		assay_skip(run,
			   "nodes must be 1 to 1000000 and load above 0, at most 0.98: beyond, "
			   "queues take too long to fill");
		return;
	}
	enum assay_code code = queue_theory_holds(QUEUE_THEORY_JOBS, 0, &err);
	assay_check(run, code == ASSAY_OK, "%s", err.text);
	/* An arrival and an end for each; failures are too few to count. */
	assay_set_ops_per_iteration(run, 2 * (JOBS + fleet_warmup_jobs(&config)));
}

static void body(struct assay_run *run)
{
	struct fleet_config config = configure(run);
	struct fleet_result result = {0};
	struct assay_err err = {0};
	uint64_t seed = assay_seed(run), failed = 0;

	ASSAY_LOOP (run) {
		config.seed = assay_splitmix(&seed);
		failed += fleet_sim(&config, &result, &err) != ASSAY_OK;
	}
	if (!assay_check(run, failed == 0, "%s", err.text))
		return;
	assay_metric(run, "sojourn", "work", ASSAY_LOWER, result.mean_sojourn);
	assay_metric(run, "sojourn_p99", "work", ASSAY_LOWER, result.p99_sojourn);
	/* Of simulated nodes; that of cores is what strong and weak measure. */
	assay_metric(run, "simulated_efficiency", "ratio", ASSAY_HIGHER, result.efficiency);
	assay_metric(run, "available", "ratio", ASSAY_HIGHER, result.available);
	assay_metric(run, "lost", "ratio", ASSAY_LOWER, result.lost);
}

const struct assay_bench assay_bench_scaling_fleet = {
	.brief =
		"simulated: nodes with queues that fail, behind a dispatcher; one event of the simulation",
	.source =
		"calendar queue [Brown, CACM 31(10), 1988]; two choices [Mitzenmacher, IEEE TPDS 2001]",
	.claim = "S2.linear",
	.body = body,
	.setup = setup,
	.subjects = ASSAY_NO_SUBJECT,
	.axes = ASSAY_AXES({"nodes", "count", "10,100,1000,10000,100000", "100,10000"},
			   {"load", "share", "0.7", NULL},
			   {"routing", "name", "random,two", "random"},
			   {"failures", "name", "no,yes", "no"}),
	.unit = "op/s",
	.thorough = true,
};
