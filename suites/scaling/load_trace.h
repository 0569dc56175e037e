/* SPDX-License-Identifier: MIT */
/* load_trace: a rate of arrivals over time: a season that comes again, and sudden bursts that do not. */
#ifndef ASSAY_SUITES_SCALING_LOAD_TRACE_H
#define ASSAY_SUITES_SCALING_LOAD_TRACE_H

#include <stddef.h>
#include <stdint.h>

enum { LOAD_BURSTS = 64 };

struct load_trace {
	double mean, swing; /* per second: mean + swing * a cosine that begins at its lowest */
	double season_s;
	double most;                /* never more than this, per second */
	double burst, burst_s;      /* how much more, for how long */
	double bursts[LOAD_BURSTS]; /* when they begin */
	size_t n;
};

/* `per_season` bursts at random times in each season of length_s, LOAD_BURSTS in all at most; they do not
 * overlap. */
void load_trace_bursts(struct load_trace *trace, double length_s, unsigned per_season,
		       uint64_t seed);

/* Arrivals per second at `time_s`, and the most of them between two times. */
double load_trace_rate(const struct load_trace *trace, double time_s);
double load_trace_peak(const struct load_trace *trace, double from_s, double to_s);

#endif
