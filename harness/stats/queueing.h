/* SPDX-License-Identifier: MIT */
/*
 * queueing: what waiting should cost, to hold open-loop measurements against. Rates and times in any
 * unit, as long as it is one. Closed forms; every field is NaN where the queue would grow without
 * end (utilisation >= 1) or an argument makes no sense.
 */
#ifndef ASSAY_STATS_QUEUEING_H
#define ASSAY_STATS_QUEUEING_H

#include <stddef.h>

/* Poisson arrivals, `servers` exponential servers, one queue. */
struct assay_erlang {
	double blocking;   /* Erlang B: share turned away if nothing could wait */
	double waiting;    /* Erlang C: share of arrivals that must wait */
	double mean_queue; /* how many wait on average */
};
/*
 * utilisation is that of one server, in [0, 1); servers >= 1. O(servers), by the recursion
 * B(c) = a B(c-1) / (c + a B(c-1)), which loses no digits [Kleinrock, Queueing Systems vol. 1, 1975, 3.4 and 3.5].
 */
struct assay_erlang assay_erlang(size_t servers, double utilisation);

struct assay_queue {
	double utilisation;
	double mean_wait;    /* before service starts */
	double mean_sojourn; /* service included */
	double mean_in_queue, mean_in_system;
};
/* One exponential server [Kleinrock 3.2]. arrival_rate >= 0, service_rate > arrival_rate. */
struct assay_queue assay_mm1(double arrival_rate, double service_rate);

/*
 * One server with any distribution of service, by its mean and variance: the Pollaczek-Khinchine
 * formula [Kleinrock 5.5]. arrival_rate >= 0, service_mean > 0, service_variance >= 0.
 */
struct assay_queue assay_mg1(double arrival_rate, double service_mean, double service_variance);

#endif
