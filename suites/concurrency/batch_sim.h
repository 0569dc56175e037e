/* SPDX-License-Identifier: MIT */
/* batch_sim: a server that works on batches, behind a batcher; simulated time, so that all is exact. */
#ifndef ASSAY_SUITES_CONCURRENCY_BATCH_SIM_H
#define ASSAY_SUITES_CONCURRENCY_BATCH_SIM_H

#include "suites/concurrency/batch.h"

/* Requests at random (Poisson). A batch of n takes batch_ns + n * item_ns. */
struct batch_sim_config {
	struct batcher_config batcher;
	double batch_ns, item_ns;
	double rate_hz, high_hz; /* in turns of `turn_ns`; equal: steady */
	double turn_ns;
	uint32_t requests;
	uint64_t seed;
};

struct batch_sim_result {
	uint32_t answered, refused, late, batches;
	double span_ns, busy_ns;
	double p50_ns, p99_ns, worst_ns; /* of those answered, from arrival to the batch's end */
};

/* ASSAY_EUSAGE, ASSAY_ENOMEM. Any number may run at a time. */
enum assay_code batch_sim(const struct batch_sim_config *config, struct batch_sim_result *ret,
			  struct assay_err *err);

#endif
