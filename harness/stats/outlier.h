/* SPDX-License-Identifier: MIT */
/* outlier: which of several values that should be alike is not. */
#ifndef ASSAY_STATS_OUTLIER_H
#define ASSAY_STATS_OUTLIER_H

#include <stddef.h>

/* Scores beyond this are outliers, as recommended in the source. */
#define ASSAY_OUTLIER_SCORE 3.5

/*
 * How far each of x[n] lies from their median, in units of their spread: 0.6745 (x - median) / MAD [Iglewicz & Hoaglin,
 * How to Detect and Handle Outliers, 1993]. Half of the values may be anything without moving it. The spread, MAD /
 * 0.6745, counts as at least `least`, in the unit of x: values that agree to the last digit have no outliers of one
 * digit. Writes scores[n]; scratch[2 n] is overwritten; returns the spread. No NaN among the values; n = 0 returns
 * `least`.
 */
double assay_outlier_scores(const double *x, size_t n, double least, double *scores,
			    double *scratch);

#endif
