/* SPDX-License-Identifier: MIT */
/* pairs: read two runs and have them matched. */
#include "cli/pairs.h"

#include <string.h>

enum assay_code stored_pairs_load(const struct stored *a, const struct assay_run_info *run_a,
				  const struct stored *b, const struct assay_run_info *run_b,
				  const char *pattern, const char *metric, double margin,
				  struct stored_pairs *ret, struct assay_err *err)
{
	*ret = (struct stored_pairs){0};
	enum assay_code code =
		assay_store_results(a->store, run_a->id, pattern, ASSAY_LOAD_SAMPLES, &ret->a, err);
	if (code == ASSAY_OK)
		code = assay_store_results(b->store, run_b->id, pattern, ASSAY_LOAD_SAMPLES,
					   &ret->b, err);
	if (code != ASSAY_OK)
		return code;
	return assay_pairs_match(ret->a.results, ret->a.n, ret->b.results, ret->b.n,
				 memcmp(run_a->fingerprint, run_b->fingerprint, 32) != 0, metric,
				 margin, &ret->pairs, err);
}

void stored_pairs_done(struct stored_pairs *pairs)
{
	assay_result_list_done(&pairs->a);
	assay_result_list_done(&pairs->b);
	assay_pairs_done(&pairs->pairs);
}
