/* SPDX-License-Identifier: MIT */
/* cost: equal work in turns with and without samples. */
#include "profiler/cost.h"

#include <math.h>
#include <stdio.h>
#include <sys/resource.h>

#include "harness/base/clock.h"
#include "harness/stats/estimate.h"

enum {
	PAIRS_AT_LEAST = 9,
	TRIES = 2 * SAMPLE_COST_PAIRS,
	WORK_NS = 2500000,
	TRIAL_HZ = 4000,
	WORK_STEPS = 1000
};
/* No kernel takes a sample in less; a smaller difference is noise. */
#define LEAST_NS 300.0
/* A wide interval speaks of noise, not of costs above this or above twice the median. */
#define DOUBTFUL_NS 20000.0

/* Arithmetic that depends on itself, so that it takes the same time again. */
static uint64_t work(uint64_t steps)
{
	uint64_t x = 1;
	for (uint64_t i = 0; i < steps * WORK_STEPS; i++) {
		x = x * 6364136223846793005u + i;
		__asm__ volatile("" : "+r"(x));
	}
	return x;
}

static double timed(uint64_t steps)
{
	uint64_t began = assay_now_ns();
	work(steps);
	return (double)(assay_now_ns() - began);
}

/* How often somebody else was given the CPU while we wanted it: such a pair says nothing. */
static long switches(void)
{
	struct rusage usage;
	return getrusage(RUSAGE_THREAD, &usage) == 0 ? usage.ru_nivcsw : 0;
}

static uint64_t steps_for(double ns)
{
	double best = INFINITY;
	for (int i = 0; i < 5; i++)
		best = fmin(best, timed(100));
	double steps = 100 * ns / best;
	return steps < 1 ? 1 : (uint64_t)steps;
}

enum assay_code sample_cost_measure(const struct rings_plan *plan, size_t pairs,
				    struct sample_cost *ret, struct assay_err *err)
{
	struct rings_plan fast = *plan;
	struct ring_trial *trial;
	double costs[SAMPLE_COST_PAIRS], spoilt[TRIES];
	size_t n_spoilt = 0;
	*ret = (struct sample_cost){0};
	fast.rate_hz = TRIAL_HZ;
	enum assay_code rc = ring_trial_open(&fast, &trial, err);
	if (rc != ASSAY_OK)
		return rc;
	uint64_t steps = steps_for(WORK_NS);
	for (int i = 0; (size_t)i < 2 * pairs && ret->pairs < pairs; i++) {
		long before = switches();
		double without = timed(steps);
		ring_trial_on(trial);
		double with = timed(steps);
		uint64_t n = ring_trial_off(trial);
		without = (without + timed(steps)) / 2; /* before and after: a drift cancels */
		double cost = n ? fmax((with - without) / (double)n, 0) : 0;
		if (n && switches() == before)
			costs[ret->pairs++] = cost;
		else if (n)
			spoilt[n_spoilt++] = cost;
	}
	ring_trial_close(trial);
	while (ret->pairs < PAIRS_AT_LEAST && ret->pairs < pairs &&
	       n_spoilt) /* a crowded machine: better than nothing */
		costs[ret->pairs++] = spoilt[--n_spoilt];
	if (!ret->pairs)
		return assay_fail(err, ASSAY_SKIP,
				  "the kernel took no sample in %d trials of %d ms",
				  (int)(2 * pairs), WORK_NS / 1000000);
	assay_sort(costs, ret->pairs);
	ret->ns = fmax(assay_median(costs, ret->pairs), LEAST_NS);
	assay_median_interval(costs, ret->pairs, 0.95, &ret->lo_ns, &ret->hi_ns);
	ret->lo_ns = fmin(ret->lo_ns, ret->ns);
	ret->hi_ns = fmax(ret->hi_ns, ret->ns);
	return ASSAY_OK;
}

static unsigned kernel_limit_hz(void)
{
	unsigned limit = 100000;
	FILE *file = fopen("/proc/sys/kernel/perf_event_max_sample_rate", "re");
	if (!file)
		return limit;
	if (fscanf(file, "%u", &limit) != 1)
		limit = 100000;
	fclose(file);
	return limit;
}

unsigned sample_rate_hz(const struct sample_cost *cost, double budget_ratio)
{
	static const unsigned primes[] = {997, 887, 797, 691, 599, 499, 449, 397, 349, 307,
					  269, 239, 211, 181, 157, 137, 113, 97,  83,  71,
					  61,  53,  43,  37,  31,  23,  17,  11};
	double likely = fmin(cost->hi_ns, fmax(2 * cost->ns, DOUBTFUL_NS));
	double most = fmin(budget_ratio * 1e9 / fmax(cost->ns, likely), kernel_limit_hz());
	for (size_t i = 0; i < ASSAY_COUNT_OF(primes); i++)
		if (primes[i] <= most)
			return primes[i];
	return primes[ASSAY_COUNT_OF(primes) - 1];
}
