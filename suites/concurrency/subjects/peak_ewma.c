/* SPDX-License-Identifier: MIT */
/*
 * peak_ewma: two at random, of which the one with the lower expected cost: latency, as an average that
 * jumps to peaks at once and forgets them slowly, times the requests in flight [Finagle, PeakEwma].
 */
#include <math.h>
#include <stdlib.h>

#include "suites/concurrency/balancer.h"

#define DECAY_NS   1e10 /* Finagle's ten seconds */
#define PENALTY_NS 1e9  /* for one that has requests in flight and has never answered */

struct ewma {
	double cost_ns;
	uint64_t at_ns;
};

static enum assay_code init(struct balancer *b, struct assay_err *err)
{
	b->own = calloc(b->n, sizeof(struct ewma));
	return b->own ? ASSAY_OK : assay_fail(err, ASSAY_ENOMEM, "no memory for averages");
}

static double faded(const struct ewma *e, uint64_t now_ns)
{
	/* a clock that stepped back fades nothing */
	return now_ns > e->at_ns ? exp(-(double)(now_ns - e->at_ns) / DECAY_NS) : 1;
}

static double cost(const struct balancer *b, uint32_t i, uint64_t now_ns)
{
	const struct ewma *e = (const struct ewma *)b->own + i;
	const struct backend *be = &b->backends[i];
	if (e->cost_ns == 0)
		return be->in_flight ? PENALTY_NS * be->in_flight : 0;
	return e->cost_ns * faded(e, now_ns) * (be->in_flight + 1) / be->share;
}

static void answered(struct balancer *b, int i, uint64_t now_ns, uint64_t latency_ns)
{
	struct ewma *e = (struct ewma *)b->own + i;
	double latency = (double)latency_ns, keep = faded(e, now_ns);
	e->cost_ns = latency > e->cost_ns ? latency : e->cost_ns * keep + latency * (1 - keep);
	e->at_ns = now_ns;
}

static int pick(struct balancer *b, uint64_t key, uint64_t now_ns)
{
	uint32_t first = b->open[assay_rng_below(&b->rng, b->n_open)];
	if (b->n_open == 1)
		return (int)first;
	uint32_t second;
	do
		second = b->open[assay_rng_below(&b->rng, b->n_open)];
	while (second == first);
	return (int)(cost(b, second, now_ns) < cost(b, first, now_ns) ? second : first);
}

static const struct balancer_policy policy = {.init = init, .pick = pick, .answered = answered};

const struct assay_subject assay_subject_concurrency_peak_ewma = {
	.interface = BALANCER_INTERFACE,
	.brief = "the one of two at random with the lower expected latency",
	.ops = &policy,
};
