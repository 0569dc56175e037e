/* SPDX-License-Identifier: MIT */
/* pairs: the results of two runs matched series by series, each pair with its verdict. */
#ifndef ASSAY_CLI_PAIRS_H
#define ASSAY_CLI_PAIRS_H

#include <stddef.h>

#include "cli/stored.h"
#include "harness/stats/compare.h"
#include "harness/store/store.h"

struct pair {
	const struct assay_result *a, *b; /* one is NULL when the series is missing on that side */
	struct assay_comparison comparison; /* of two measured ones */
	double allowance;
};

struct pairs {
	struct assay_result_list a, b;
	struct pair *compared, *lost, *found; /* lost: measured in A alone; found: in B alone */
	size_t n_compared, n_lost, n_found;
	bool hardware;                        /* different machines: nothing is a regression */
	double margin, confidence, allowance; /* ratios minus one; allowance: the largest used */
};

/* Load both runs' results and compare them; `pattern` and `metric` may be NULL. */
enum assay_code pairs_load(const struct stored *a, const struct assay_run_info *run_a,
			   const struct stored *b, const struct assay_run_info *run_b,
			   const char *pattern, const char *metric, double margin,
			   struct pairs *ret, struct assay_err *err);
void pairs_done(struct pairs *pairs);

/*
 * The word for a verdict: faster or slower for times and rates, better or worse for other units, and
 * between different machines lower or higher. Static.
 */
const char *pair_word(const struct pairs *pairs, const struct pair *pair);

/* Geometric mean of B / A over compared[from..to) and how many had a ratio; NaN when none had. */
double pairs_geomean(const struct pairs *pairs, size_t from, size_t to, size_t *ret_n);

#endif
