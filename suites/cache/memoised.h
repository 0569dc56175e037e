/* SPDX-License-Identifier: MIT */
/* memoised: what memo_powerflow and memo_svd share: requests that repeat, computed or looked up. */
#ifndef ASSAY_SUITES_CACHE_MEMOISED_H
#define ASSAY_SUITES_CACHE_MEMOISED_H

#include "harness/base/rng.h"
#include "harness/bench.h"
#include "suites/cache/memo.h"

/* The computation: `context` is its own, inputs are made from a number. */
struct memoised_kind {
	void (*make_input)(void *context, uint64_t number, double *input);
	/* false: it failed */
	bool (*compute)(void *context, const double *input, double *output);
};

struct memoised {
	const struct memoised_kind *kind;
	void *context;
	size_t n_input, n_output;
	double *input, *output;
	struct memo *memo; /* NULL: compute every time */
	bool null;         /* only make the inputs */
	double repeat;     /* probability that a request is one of the known ones */
	struct assay_rng rng;
	uint64_t fresh;
};

/* Ways of the axis `way`. */
#define MEMOISED_WAYS "null,compute,memo"

/* Fill in the rest from the axes `way` and `repeat`; kind, context and sizes are set. The known
 * requests are looked up once, so that it begins warm. False: the case has failed. */
bool memoised_init(struct memoised *m, struct assay_run *run);
void memoised_done(struct memoised *m);
/* The body: one request an operation; states `hit_ratio`. */
void memoised_body(struct assay_run *run, struct memoised *m);

#endif
