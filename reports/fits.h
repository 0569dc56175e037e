/* SPDX-License-Identifier: MIT */
/* fits: laws of scaling fitted to what a benchmark reports as its speedup, and trade-offs, in words. */
#ifndef ASSAY_REPORTS_FITS_H
#define ASSAY_REPORTS_FITS_H

#include "harness/base/str.h"
#include "reports/report.h"

/*
 * Append one line per series (subject and axes, over its threads) of a benchmark with the metric "speedup":
 * Amdahl's serial part and the universal scalability law; with "scaled_speedup": Gustafson's serial part; each with
 * its 95 % interval, or why it was not fitted. Each launch is a point. What had no core of its own is left out, and
 * nothing is said of more than twice the threads that were measured. Efficiency above 100 % is pointed
 * out, when the whole interval is above it or the median above 105 %.
 *
 * Of a benchmark with the metrics "unserved" and "replica_hours" (and an axis "policy"), one line per group of
 * policies: who is on the Pareto front, and who is worse in both than another. Lines end with "\n". Nothing
 * for other benchmarks.
 */
void assay_report_fits(struct assay_str *to, const struct assay_report_bench *bench);

/* The second half of that. */
void assay_report_pareto(struct assay_str *to, const struct assay_report_bench *bench);

/* The place of a metric measured beside the primary one, or bench->n_beside. */
size_t assay_report_beside(const struct assay_report_bench *bench, const char *name);

#endif
