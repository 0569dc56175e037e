/* SPDX-License-Identifier: MIT */
/*
 * strip: drawings as small as a line of text, as SVG elements of our own: no ids, no texts, colours by the classes of
 * the page. What they show stands beside them in words, so that they are hidden from screen readers.
 */
#ifndef ASSAY_REPORTS_STRIP_H
#define ASSAY_REPORTS_STRIP_H

#include "harness/base/str.h"
#include "reports/report.h"

/* A ratio with its interval around 1, on a logarithmic axis from 1/reach to reach > 1; beyond it, cut. */
void assay_strip_effect(struct assay_str *to, double ratio, double lo, double hi, double reach);

/* Finite samples of a result; fewer than this are not drawn, and the functions below return false. */
enum { ASSAY_STRIP_LEAST = 5 };

/*
 * Density of the samples, and above the line their median with its interval. The axis is that of
 * assay_strip_range().
 */
bool assay_strip_density(struct assay_str *to, const struct assay_result *result);
/* One dot per sample in the order they were taken, launches apart, preempted ones square; the axis points up. */
bool assay_strip_order(struct assay_str *to, const struct assay_result *result);
/*
 * From where to where the two above draw: least to greatest, but no further than 12 median absolute deviations from
 * the median. Returns how many samples lie beyond, on the edge. False when there are too few samples.
 */
bool assay_strip_range(const struct assay_result *result, double *ret_lo, double *ret_hi,
		       size_t *ret_beyond);

/*
 * The medians of a history's measured points on the machine of `run`, with a line for each change of level and a mark
 * for `run` itself. Returns how many points are drawn: 0 when there are fewer than two, and nothing is.
 */
size_t assay_strip_history(struct assay_str *to, const struct assay_report_history *history,
			   const struct assay_run_info *run);
/* Is this point of a history a measured one of the machine of `run`? */
bool assay_strip_is_here(const struct assay_history_point *point, const struct assay_run_info *run);

#endif
