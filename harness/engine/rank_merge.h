/* SPDX-License-Identifier: MIT */
/*
 * rank_merge: what several ranks measured at the same time, as one. Each batch of the launch counts as its slowest rank
 * did, because that is what all wait for; how far the ranks were apart becomes two metrics of its own.
 */
#ifndef ASSAY_ENGINE_RANK_MERGE_H
#define ASSAY_ENGINE_RANK_MERGE_H

#include "harness/engine/collect.h"
#include "harness/engine/world.h"

/* What one rank sent, in the order of its batches. */
struct assay_rank_part {
	struct assay_collect collect;
	struct assay_span_frame *spans; /* one per batch, by the rank's clock */
	size_t n_spans, capacity;
	struct assay_clock_offset before, after; /* of its clock */
};

struct assay_rank_merged {
	unsigned slowest;      /* the rank that was so most often */
	size_t times, batches; /* in how many of how many */
	double imbalance;      /* median over the batches, see below */
	uint64_t clock_bound_ns;
};

/*
 * Add the parts of `n` ranks to `into` as the records of one launch (after assay_collect_begin(), before
 * assay_collect_end()). Further metrics: "imbalance", the slowest rank's figure to the middle one's (of an even number
 * the better one of the two), and "start_skew", from the first rank's begin of a batch to the last one's by one clock.
 * Counters: slowest_rank, slowest_batches, clock_bound_ns: no skew below it means anything. Counters of the ranks are
 * rank 0's. ASSAY_EPARSE when the ranks did not measure the same things equally often.
 */
enum assay_code assay_rank_merge(const struct assay_rank_part *parts, unsigned n,
				 struct assay_collect *into, struct assay_rank_merged *ret,
				 struct assay_err *err);

void assay_rank_part_done(struct assay_rank_part *part);

#endif
