/* SPDX-License-Identifier: MIT */
/* pairs: the results of two runs matched series by series, each pair with its verdict. */
#ifndef ASSAY_GATE_PAIRS_H
#define ASSAY_GATE_PAIRS_H

#include <stddef.h>

#include "harness/result.h"
#include "harness/stats/compare.h"

struct assay_pair {
	const struct assay_result *a, *b; /* one is NULL when the series is missing on that side */
	struct assay_comparison comparison; /* of two measured ones */
	double allowance;
};

struct assay_pairs {
	/* lost: measured in A alone; found: in B alone; neither: asked for, and measured in none */
	struct assay_pair *compared, *lost, *found, *neither;
	size_t n_compared, n_lost, n_found, n_neither;
	bool hardware;                        /* different machines: nothing is a regression */
	double margin, confidence, allowance; /* ratios minus one; allowance: the largest used */
};

/*
 * Compare the results of two runs, with samples where there are any; `metric` may be NULL: all. What is
 * compared stands by metric, then as in `a`. A case that was not measured has no other metric than its primary one,
 * which stands for it in `neither`. The results are borrowed. Zero-initialise; done in any case.
 */
enum assay_code assay_pairs_match(const struct assay_result *a, size_t n_a,
				  const struct assay_result *b, size_t n_b, bool hardware,
				  const char *metric, double margin, struct assay_pairs *ret,
				  struct assay_err *err);
void assay_pairs_done(struct assay_pairs *pairs);

/*
 * How many series of A would have a partner in B but for how their ranks were bound, which is in their names (see
 * harness/engine/world.h). When there are any, `a` and `b` become the bindings of the first.
 */
size_t assay_pairs_bound_apart(const struct assay_pairs *pairs, char a[16], char b[16]);

/*
 * The word for a verdict: faster or slower for times and rates, better or worse for other units, and
 * between different machines lower or higher. Static.
 */
const char *assay_pair_word(const struct assay_pairs *pairs, const struct assay_pair *pair);

/* Geometric mean of B / A over compared[from..to) and how many had a ratio; NaN when none had. */
double assay_pairs_geomean(const struct assay_pairs *pairs, size_t from, size_t to, size_t *ret_n);

#endif
