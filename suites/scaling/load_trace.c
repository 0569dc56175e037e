/* SPDX-License-Identifier: MIT */
/* load_trace: the rate at a time. */
#include "suites/scaling/load_trace.h"

#include <math.h>

#include "harness/base/rng.h"

void load_trace_bursts(struct load_trace *t, double length_s, unsigned per_season, uint64_t seed)
{
	struct assay_rng rng;
	assay_rng_init(&rng, seed);
	t->n = 0;
	/* One in each equal part of a season, in the first half of it: so they never overlap. */
	double part_s = per_season ? t->season_s / per_season : 0;
	if (part_s / 2 <= t->burst_s)
		return;
	for (double at_s = 0; at_s < length_s && t->n < LOAD_BURSTS; at_s += part_s)
		t->bursts[t->n++] = at_s + assay_rng_unit(&rng) * part_s / 2;
}

double load_trace_rate(const struct load_trace *t, double time_s)
{
	double rate = t->mean - t->swing * cos(2 * 3.14159265358979323846 * time_s / t->season_s);
	for (size_t i = 0; i < t->n && t->bursts[i] <= time_s; i++)
		if (time_s < t->bursts[i] + t->burst_s)
			rate += t->burst;
	return rate < t->most ? rate : t->most;
}

double load_trace_peak(const struct load_trace *t, double from_s, double to_s)
{
	double peak = fmax(load_trace_rate(t, from_s), load_trace_rate(t, to_s));
	/* The cosine is smooth: a few looks. Bursts are highest where they begin or soon after. */
	for (int i = 1; i < 8; i++)
		peak = fmax(peak, load_trace_rate(t, from_s + (to_s - from_s) * i / 8));
	for (size_t i = 0; i < t->n; i++)
		if (t->bursts[i] >= from_s && t->bursts[i] <= to_s)
			peak = fmax(peak, load_trace_rate(t, t->bursts[i]));
	return peak;
}
