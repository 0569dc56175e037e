/* SPDX-License-Identifier: MIT */
/*
 * autoscale_trace: what a scaling policy does to a simulated cluster over two seasons of load. The policy is an
 * axis and no subject, since speed is not what policies are compared by: the metrics are, and there are two that
 * pull against each other, what was not served and what it cost. They depend on the seed and not on the machine.
 */
#include <stdlib.h>

#include "harness/base/rng.h"
#include "suites/scaling/autoscale.h"
#include "suites/scaling/queue_theory.h"

static void setup(struct assay_run *run)
{
	struct assay_err err = {0};
	double interval_s = assay_axis(run, "interval"), delay_s = assay_axis(run, "delay");
	struct load_trace trace;
	struct cluster_config config = autoscale_cluster(interval_s, delay_s, &trace, 0);
	if (!(interval_s >= 1 && interval_s <= 600) || !(delay_s >= 0 && delay_s <= 3600)) {
		assay_skip(run, "interval must be 1 to 600 s and delay 0 to 3600 s");
		return;
	}
	enum assay_code code = queue_theory_holds(QUEUE_THEORY_JOBS, 0, &err);
	assay_check(run, code == ASSAY_OK, "%s", err.text);
	assay_set_ops_per_iteration(run,
				    (uint64_t)((config.warmup_s + config.length_s) / interval_s));
}

static void report(struct assay_run *run, const struct cluster_result *r, double delay_s)
{
	double second_ns = 1e9;
	assay_metric(run, "unserved", "ratio", ASSAY_LOWER, (double)r->lost / (double)r->arrived);
	assay_metric(run, "replica_hours", "h", ASSAY_LOWER, r->instance_s / 3600);
	assay_metric(run, "changes", "count", ASSAY_LOWER, r->changes);
	assay_metric(run, "sojourn", "ns", ASSAY_LOWER, r->mean_sojourn_s * second_ns);
	if (r->bursts)
		assay_metric(run, "noticed", "ratio", ASSAY_HIGHER, (double)r->noticed / r->bursts);
	if (r->noticed) {
		assay_metric(run, "detection", "ns", ASSAY_LOWER, r->notice_s * second_ns);
		assay_metric(run, "response", "ns", ASSAY_LOWER,
			     (r->notice_s + delay_s) * second_ns);
	}
}

static void body(struct assay_run *run)
{
	double delay_s = assay_axis(run, "delay"), interval_s = assay_axis(run, "interval");
	const struct scaler_ops *policy = scaler_policies[(size_t)assay_axis(run, "policy")].ops;
	uint64_t seed = assay_seed(run), failed = 0;
	struct cluster_result result = {0};
	struct assay_err err = {0};

	ASSAY_LOOP (run) {
		struct load_trace trace;
		struct cluster_config config =
			autoscale_cluster(interval_s, delay_s, &trace, assay_splitmix(&seed));
		config.policy = policy;
		failed += cluster_sim(&config, &result, &err) != ASSAY_OK;
	}
	if (assay_check(run, failed == 0 && result.arrived > 0, "%s", err.text))
		report(run, &result, delay_s);
}

const struct assay_bench assay_bench_scaling_autoscale_trace = {
	.brief =
		"a scaling policy over two seasons of load, simulated: unserved, replica hours, changes",
	.source =
		"event simulation, held against M/M/1, M/M/c and M/G/1 [Kleinrock, Queueing Systems, 1975]",
	.claim = "S0.scaler",
	.body = body,
	.setup = setup,
	.subjects = ASSAY_NO_SUBJECT,
	.axes = ASSAY_AXES(
		{"policy", "name", "hpa,holt_winters,hybrid,adaptive,thresholds,clairvoyant", NULL},
		{"delay", "s", "10,30,120,600", "30"}, {"interval", "s", "15", NULL}),
	.thorough = true,
};
