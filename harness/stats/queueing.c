/* SPDX-License-Identifier: MIT */
/* queueing: closed forms. */
#include "harness/stats/queueing.h"

#include <math.h>

struct assay_erlang assay_erlang(size_t servers, double utilisation)
{
	if (servers < 1 || !(utilisation >= 0 && utilisation < 1))
		return (struct assay_erlang){NAN, NAN, NAN};
	double load = (double)servers * utilisation, blocking = 1;
	for (size_t c = 1; c <= servers; c++)
		blocking = load * blocking / ((double)c + load * blocking);
	double waiting = blocking / (1 - utilisation * (1 - blocking));
	return (struct assay_erlang){blocking, waiting, waiting * utilisation / (1 - utilisation)};
}

struct assay_queue assay_mm1(double arrival_rate, double service_rate)
{
	if (!(arrival_rate >= 0 && service_rate > arrival_rate))
		return (struct assay_queue){NAN, NAN, NAN, NAN, NAN};
	double utilisation = arrival_rate / service_rate, spare = service_rate - arrival_rate;
	double wait = utilisation / spare;
	return (struct assay_queue){utilisation, wait, 1 / spare, arrival_rate * wait,
				    arrival_rate / spare};
}

struct assay_queue assay_mg1(double arrival_rate, double service_mean, double service_variance)
{
	double utilisation = arrival_rate * service_mean;
	if (!(arrival_rate >= 0 && service_mean > 0 && service_variance >= 0 && utilisation < 1))
		return (struct assay_queue){NAN, NAN, NAN, NAN, NAN};
	double wait = arrival_rate * (service_variance + service_mean * service_mean) /
		      (2 * (1 - utilisation));
	double sojourn = wait + service_mean;
	return (struct assay_queue){utilisation, wait, sojourn, arrival_rate * wait,
				    arrival_rate * sojourn};
}
