/* SPDX-License-Identifier: MIT */
/* check_scaler: the oracle of scaling policies: within bounds, the same for the same, right when nothing moves. */
#include <math.h>

#include "harness/base/rng.h"
#include "suites/scaling/cluster_sim.h"
#include "suites/scaling/scaling.h"

enum { MIN = 2, MAX = 12, VIEWS = 400 };

static const struct scaler_config config = {
	.min = MIN, .max = MAX, .interval_s = 15, .delay_s = 30, .season_s = 600, .per_s = 2};

static void draw_view(struct assay_rng *rng, double now_s, int current, struct hpa_pod *pods,
		      struct scaler_view *v)
{
	*v = (struct scaler_view){.now_s = now_s,
				  .arrivals_per_s = 40 * assay_rng_unit(rng),
				  .latency_s = 2 * assay_rng_unit(rng),
				  .memory = assay_rng_unit(rng),
				  .queue = (double)assay_rng_below(rng, 50),
				  .lost = assay_rng_below(rng, 4) ? 0 : assay_rng_unit(rng),
				  .current = current,
				  .pods = pods,
				  .n = (size_t)current,
				  .coming_per_s = 40 * assay_rng_unit(rng)};
	for (int i = 0; i < current; i++)
		pods[i] = (struct hpa_pod){.usage_milli = (int64_t)assay_rng_below(rng, 1001),
					   .request_milli = 1000,
					   .phase = (enum hpa_phase)assay_rng_below(rng, 2),
					   .measured = assay_rng_below(rng, 8) != 0,
					   .ready = assay_rng_below(rng, 8) != 0,
					   .just_started = assay_rng_below(rng, 8) == 0};
}

/* Whatever it is told, it stays within bounds; and a second one that is told the same says the same. */
static enum assay_code check_bounds(const struct scaler_ops *ops, struct scaler *one,
				    struct scaler *two, uint64_t seed, struct assay_err *err)
{
	struct hpa_pod pods[MAX];
	struct scaler_view view;
	struct assay_rng rng;
	int current = MIN;
	assay_rng_init(&rng, seed);
	for (int i = 0; i < VIEWS; i++) {
		draw_view(&rng, 15.0 * i, current, pods, &view);
		int next = ops->decide(one, &view), again = ops->decide(two, &view);
		if (next < MIN || next > MAX)
			return assay_fail(err, ASSAY_ECHECK, "%d instances, of %d to %d", next, MIN,
					  MAX);
		if (next != again)
			return assay_fail(err, ASSAY_ECHECK,
					  "%d instances, and %d for the same measurements", next,
					  again);
		current = next;
	}
	return ASSAY_OK;
}

/* A rate that stays: enough for it, and not twice as many. */
static enum assay_code check_steady(const struct scaler_ops *ops, uint64_t seed,
				    struct assay_err *err)
{
	const double rate = 10;
	struct load_trace trace = {.mean = rate, .most = rate, .season_s = 600};
	struct cluster_config sim = {.scaler = config,
				     .policy = ops,
				     .trace = &trace,
				     .instances = MIN,
				     .patience_s = INFINITY,
				     .warmup_s = 1800,
				     .length_s = 3600,
				     .seed = seed};
	struct cluster_result result;
	enum assay_code code = cluster_sim(&sim, &result, err);
	if (code != ASSAY_OK)
		return code;
	double instances = result.instance_s / sim.length_s, enough = rate / config.per_s;
	if (!(instances > enough && instances < 2.4 * enough))
		return assay_fail(err, ASSAY_ECHECK, "%.3g instances where %.3g are just enough",
				  instances, enough);
	return ASSAY_OK;
}

enum assay_code scaling_check_scaler(const struct scaler_ops *ops, uint64_t seed,
				     struct assay_err *err)
{
	struct scaler *one = NULL, *two = NULL;
	if (ops->is_null)
		return ASSAY_OK;
	enum assay_code code = ops->start(&config, &one, err);
	if (code == ASSAY_OK)
		code = ops->start(&config, &two, err);
	if (code == ASSAY_OK)
		code = check_bounds(ops, one, two, seed, err);
	if (code == ASSAY_OK)
		code = check_steady(ops, seed, err);
	ops->stop(one);
	ops->stop(two);
	return code;
}
