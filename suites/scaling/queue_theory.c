/* SPDX-License-Identifier: MIT */
/* queue_theory: simulated sojourns beside closed forms. */
#include "suites/scaling/queue_theory.h"

#include <math.h>

#include "harness/stats/queueing.h"
#include "suites/scaling/cluster_sim.h"
#include "suites/scaling/fleet_sim.h"

#define NARROW 0.05
#define LOAD   0.6

enum assay_code queue_theory_compare(const char *what, double mean, double half_width,
				     double expected, struct assay_err *err)
{
	if (!(half_width <= NARROW * expected))
		return assay_fail(err, ASSAY_ECHECK,
				  "simulated %s: the interval of %.4g is +- %.2g, too wide to tell",
				  what, mean, half_width);
	if (!(fabs(mean - expected) <= half_width))
		return assay_fail(err, ASSAY_ECHECK,
				  "simulated %s: a mean sojourn of %.4g +- %.2g, theory says %.4g",
				  what, mean, half_width, expected);
	return ASSAY_OK;
}

static enum assay_code fleet_holds(const char *what, size_t nodes, enum fleet_work work,
				   double variance, uint64_t jobs, uint64_t seed,
				   struct assay_err *err)
{
	struct fleet_config config = {
		.nodes = nodes, .load = LOAD, .work = work, .jobs = jobs, .seed = seed};
	struct fleet_result result;
	enum assay_code code = fleet_sim(&config, &result, err);
	if (code != ASSAY_OK)
		return code;
	return queue_theory_compare(what, result.mean_sojourn, result.half_width,
				    assay_mg1(LOAD, 1, variance).mean_sojourn, err);
}

static enum assay_code cluster_holds(const char *what, int servers, uint64_t jobs, uint64_t seed,
				     struct assay_err *err)
{
	double rate = LOAD * servers;
	struct load_trace trace = {.mean = rate, .most = rate, .season_s = 1};
	struct cluster_config config = {.scaler = {.per_s = 1},
					.trace = &trace,
					.instances = servers,
					.patience_s = INFINITY,
					.warmup_s = 200,
					.length_s = (double)jobs / rate,
					.seed = seed};
	struct cluster_result result;
	enum assay_code code = cluster_sim(&config, &result, err);
	if (code != ASSAY_OK)
		return code;
	/* Little's law turns the mean queue into a mean wait. */
	double wait = assay_erlang((size_t)servers, LOAD).mean_queue / rate;
	return queue_theory_compare(what, result.mean_sojourn_s, result.half_width_s, 1 + wait,
				    err);
}

enum assay_code queue_theory_holds(uint64_t jobs, uint64_t seed, struct assay_err *err)
{
	enum assay_code code = fleet_holds("M/M/1", 1, FLEET_EXPONENTIAL, 1, jobs, seed + 1, err);
	if (code == ASSAY_OK)
		code = fleet_holds("100 nodes, each M/M/1", 100, FLEET_EXPONENTIAL, 1, jobs,
				   seed + 2, err);
	if (code == ASSAY_OK)
		code = fleet_holds("M/D/1", 10, FLEET_CONSTANT, 0, jobs, seed + 3, err);
	if (code == ASSAY_OK)
		code = fleet_holds("M/G/1", 10, FLEET_HYPER, 2, jobs, seed + 4, err);
	if (code == ASSAY_OK)
		code = cluster_holds("M/M/1 with one queue", 1, jobs, seed + 5, err);
	if (code == ASSAY_OK)
		code = cluster_holds("M/M/8", 8, jobs, seed + 6, err);
	return code;
}
