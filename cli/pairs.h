/* SPDX-License-Identifier: MIT */
/* pairs: the results of two stored runs, matched series by series. */
#ifndef ASSAY_CLI_PAIRS_H
#define ASSAY_CLI_PAIRS_H

#include "cli/stored.h"
#include "harness/gate/pairs.h"
#include "harness/store/store.h"

/* The pairs, and the results that they borrow. */
struct stored_pairs {
	struct assay_result_list a, b;
	struct assay_pairs pairs;
};

/* Load both runs' results and compare them; `pattern` and `metric` may be NULL. */
enum assay_code stored_pairs_load(const struct stored *a, const struct assay_run_info *run_a,
				  const struct stored *b, const struct assay_run_info *run_b,
				  const char *pattern, const char *metric, double margin,
				  struct stored_pairs *ret, struct assay_err *err);
void stored_pairs_done(struct stored_pairs *pairs);

#endif
