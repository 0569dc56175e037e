/* SPDX-License-Identifier: MIT */
/*
 * autoscale_decide: one decision of a scaling policy, on what it would see: measurements recorded beforehand in
 * the simulated cluster, one after the other.
 */
#include <stdlib.h>

#include "suites/scaling/autoscale.h"

enum { VIEWS = 512 };

struct recorded {
	const struct scaler_ops *ops;
	struct scaler *scaler;
	struct cluster_config config;
	struct load_trace trace;
	struct scaler_view *views;
	struct hpa_pod *pods;
	size_t n;
	double length_s; /* by which times go on when the record begins anew */
	double now_s;
	size_t next;
};

static enum assay_code record(struct recorded *r, uint64_t seed, struct assay_err *err)
{
	struct cluster_result result;
	r->views = calloc(VIEWS, sizeof(*r->views));
	r->pods = calloc((size_t)VIEWS * CLUSTER_MOST, sizeof(*r->pods));
	if (!r->views || !r->pods)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory");
	r->config = autoscale_cluster(15, 30, &r->trace, seed);
	struct cluster_config sim = r->config;
	/* Every policy is asked about the same: what Kubernetes' one led to. */
	sim.policy = &scaler_hpa_ops;
	sim.views = r->views;
	sim.pods = r->pods;
	sim.room = VIEWS;
	enum assay_code code = cluster_sim(&sim, &result, err);
	r->n = result.views;
	if (code == ASSAY_OK && r->n < VIEWS)
		code = assay_fail(err, ASSAY_EBUG, "only %zu views", r->n);
	if (code == ASSAY_OK)
		code = r->ops->start(&r->config.scaler, &r->scaler, err);
	return code;
}

static void setup(struct assay_run *run)
{
	struct recorded *r = calloc(1, sizeof(*r));
	struct assay_err err = {0};
	if (!assay_check(run, r != NULL, "out of memory"))
		return;
	assay_set_state(run, r);
	r->ops = assay_subject(run);
	enum assay_code code = record(r, assay_seed(run), &err);
	if (assay_check(run, code == ASSAY_OK, "%s", err.text))
		r->length_s = VIEWS * r->config.scaler.interval_s;
}

static void teardown(struct assay_run *run)
{
	struct recorded *r = assay_state(run);
	if (!r)
		return;
	r->ops->stop(r->scaler);
	free(r->views);
	free(r->pods);
	free(r);
}

static void body(struct assay_run *run)
{
	struct recorded *r = assay_state(run);
	const struct scaler_ops *ops = r->ops;
	const struct scaler_view *views = r->views;
	struct scaler *scaler = r->scaler;
	double base_s = r->now_s;
	size_t i = r->next;
	int least = INT32_MAX, most = 0;

	ASSAY_LOOP (run) {
		struct scaler_view view = views[i];
		view.now_s += base_s;
		int next = ops->decide(scaler, &view);
		least = next < least ? next : least;
		most = next > most ? next : most;
		if (++i == VIEWS) {
			i = 0;
			base_s += r->length_s;
		}
	}
	r->now_s = base_s;
	r->next = i;
	const struct scaler_config *c = &r->config.scaler;
	assay_check(run, ops->is_null || (least >= c->min && most <= c->max),
		    "%d to %d instances, of %d to %d", least, most, c->min, c->max);
}

const struct assay_bench assay_bench_scaling_autoscale_decide = {
	.brief = "one decision of a scaling policy on recorded measurements of 2 to 12 instances",
	.source = "Kubernetes, Horizontal Pod Autoscaler, autoscaling/v2",
	.claim = "S0.autoscale",
	.body = body,
	.setup = setup,
	.teardown = teardown,
	.subjects = SCALING_SCALER,
	.thorough = true,
};
