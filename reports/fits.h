/* SPDX-License-Identifier: MIT */
/* fits: laws of scaling fitted to what a benchmark reports as its speedup, in words. */
#ifndef ASSAY_REPORTS_FITS_H
#define ASSAY_REPORTS_FITS_H

#include "harness/base/str.h"
#include "reports/report.h"

/*
 * Append one line per series (subject and axes, over its threads) of a benchmark with the metric
 * "speedup": Amdahl's serial part and limit, and the universal scalability law, or why it was not
 * fitted. Lines end with "\n". Nothing for other benchmarks.
 */
void assay_report_fits(struct assay_str *to, const struct assay_report_bench *bench);

#endif
