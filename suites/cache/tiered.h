/* SPDX-License-Identifier: MIT */
/* tiered: what tier_mixed and tier_speedup share: tiers, an origin that takes its time, requests. */
#ifndef ASSAY_SUITES_CACHE_TIERED_H
#define ASSAY_SUITES_CACHE_TIERED_H

#include "harness/base/rng.h"
#include "harness/bench.h"
#include "suites/cache/tiers.h"

enum { TIERED_KEYS = 20000, TIERED_STREAM = 1 << 16 };

struct tiered {
	struct tiers *tiers;
	uint64_t origin_ns; /* what the origin takes for a value */
	uint64_t seed;
	double read;
};

struct tiered_client {
	struct tiers_thread *thread;
	uint64_t position, version;
	uint64_t found[TIER_COUNT]; /* gets by where they were answered, of this batch */
	uint64_t gets, wrong;
	uint64_t keys[TIERED_STREAM]; /* top bit: put */
};

/* setup with the axis `tiers`; `config` gives write_back and promote, the rest is filled in. */
void tiered_setup(struct assay_run *run, const struct tiers_config *config, uint64_t origin_ns,
		  double read);
void tiered_teardown(struct assay_run *run);
/* thread_setup; every key is asked for once, so that the lower tiers are full. */
void tiered_thread_setup(struct assay_run *run);
void tiered_thread_teardown(struct assay_run *run);

/* One request, verified and counted. */
void tiered_request(struct tiered_client *client);
/* After the loop: checks, and the share answered by each tier, or by the origin alone. */
void tiered_report(struct assay_run *run, bool each);

#endif
