/* SPDX-License-Identifier: MIT */
/*
 * model: a small stack of dense layers that servers answer from, in versions that are exchanged while
 * they are in use, and of which two may share the requests by weight (an A/B test).
 *
 * Readers never wait: a swap publishes the new version and frees the old one when every worker has left
 * the request it was in [read-copy-update by epochs; McKenney & Slingwine, PDCS 1998].
 */
#ifndef ASSAY_SUITES_CONCURRENCY_MODEL_H
#define ASSAY_SUITES_CONCURRENCY_MODEL_H

#include <stdint.h>

#include "harness/base/err.h"

enum { MODEL_INPUTS = 32, MODEL_OUTPUTS = 8 };
enum model_arm { MODEL_A, MODEL_B, MODEL_ARMS };

struct model_box;

/* Weights from the seeds: equal seeds, equal answers. share_b of the requests go to B, 0 to 1. */
enum assay_code model_box_new(unsigned workers, const uint64_t seeds[MODEL_ARMS], double share_b,
			      struct model_box **ret, struct assay_err *err);
/* No worker may be inside. NULL is fine. */
void model_box_free(struct model_box *box);

/* One answer on behalf of `worker`, which is on one thread at a time. Returns the version's seed. */
uint64_t model_predict(struct model_box *box, unsigned worker, const float inputs[MODEL_INPUTS],
		       float outputs[MODEL_OUTPUTS]);

/* Exchange a version; any thread, one at a time. Returns when the old one is gone. ASSAY_ENOMEM. */
enum assay_code model_swap(struct model_box *box, enum model_arm arm, uint64_t seed,
			   struct assay_err *err);

/* How many answers each arm has given; exact when no worker is inside. */
void model_answers(const struct model_box *box, uint64_t ret[MODEL_ARMS]);

/* The same answer from a plain model of that seed, for checks. */
enum assay_code model_reference(uint64_t seed, const float inputs[MODEL_INPUTS],
				float outputs[MODEL_OUTPUTS], struct assay_err *err);

#endif
