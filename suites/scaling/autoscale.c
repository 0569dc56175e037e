/* SPDX-License-Identifier: MIT */
/* autoscale: figures of the cluster and the load. */
#include "suites/scaling/autoscale.h"

enum { SEASON_S = 4 * 3600, LEARN = 2, COUNT = 2, BURSTS = 4 };

struct cluster_config autoscale_cluster(double interval_s, double delay_s, struct load_trace *trace,
					uint64_t seed)
{
	*trace = (struct load_trace){.mean = 11,
				     .swing = 7,
				     .season_s = SEASON_S,
				     .most = 21,
				     .burst = 8,
				     .burst_s = 600};
	load_trace_bursts(trace, (LEARN + COUNT) * SEASON_S, BURSTS, seed);
	return (struct cluster_config){.scaler = {.min = 2,
						  .max = 12,
						  .interval_s = interval_s,
						  .delay_s = delay_s,
						  .season_s = SEASON_S,
						  .per_s = 2},
				       .trace = trace,
				       .instances = 4,
				       .patience_s = 10,
				       .warmup_s = LEARN * SEASON_S,
				       .length_s = COUNT * SEASON_S,
				       .seed = seed};
}
