/* SPDX-License-Identifier: MIT */
/* counters: what may follow --counters, and the metrics that are made of the counts. */
#ifndef ASSAY_CLI_COUNTERS_H
#define ASSAY_CLI_COUNTERS_H

#include "cli/cli.h"
#include "harness/result.h"
#include "harness/store/store.h"
#include "profiler/shapes.h"

/*
 * Events, groups, "default" and "none", separated by commas, as a NULL-terminated list of events, each once;
 * list and texts are malloc'd. ASSAY_EUSAGE for an unknown name, with the nearest one, and for too many.
 */
enum assay_code counters_expand(const struct cli *cli, const char *text, char ***ret, size_t *ret_n,
				struct assay_err *err);

/*
 * The result with the metrics that its counters and ceilings (may be NULL) allow behind them. *ret_counts owns
 * the counters of *ret and is for the caller to free.
 */
enum assay_code counters_derive(const struct assay_result *result, const struct ceilings *ceilings,
				struct assay_result *ret, struct assay_count **ret_counts,
				struct assay_err *err);

/*
 * A table of counters and metrics per case, with what lies beyond its threshold; nothing without any. Metrics are made anew
 * with these ceilings, which may have been measured after some of the cases. What is unavailable follows once for all cases.
 */
enum assay_code counters_show(const struct assay_result_list *results,
			      const struct ceilings *ceilings, FILE *out, struct assay_err *err);

/* What `assay list --counters` prints: groups, their metrics in words, events and who may count them. */
enum assay_code counters_list(const struct cli *cli, struct assay_err *err);

#endif
