/* SPDX-License-Identifier: MIT */
/*
 * detect: which values of a series stand out, and when did its level move. For monitoring and for
 * reading; a regression is decided by the gate, never by these. A NaN is a gap: it is flagged nowhere, changes
 * no state, and the outputs at its place are NaN.
 */
#ifndef ASSAY_STATS_DETECT_H
#define ASSAY_STATS_DETECT_H

#include <stddef.h>
#include <stdint.h>

#include "harness/base/err.h"

/* Makes the median absolute deviation an estimate of a normal standard deviation. */
#define ASSAY_MAD_TO_SD 1.4826

/* Index of an alarm that never came. */
#define ASSAY_NO_ALARM SIZE_MAX

/*
 * Robust z of each of x[n] to ret[n]: (x - median) / (1.4826 MAD); beyond 3.5 is suspect [Iglewicz &
 * Hoaglin, How to Detect and Handle Outliers, 1993, whose 0.6745 is 1 / 1.4826]. With MAD 0 (half of
 * the values are equal) a value off the median is infinitely far. ret may be x. O(n log n).
 * ASSAY_ENOMEM.
 */
enum assay_code assay_robust_z(const double *x, size_t n, double *ret, struct assay_err *err);

/*
 * Hampel identifier: ret[i] = 1 when x[i] is more than nsigma 1.4826 MAD away from the median of the
 * window of half_window values on each side, cut off at the ends [Davies & Gather, JASA 1993; Pearson, IEEE
 * Trans. Control Syst. Technol. 2002]. Where the MAD is 0 anything off the median is flagged. The
 * number of flags to *ret_count. O(n w log w). ASSAY_ENOMEM.
 */
enum assay_code assay_hampel(const double *x, size_t n, size_t half_window, double nsigma,
			     uint8_t *ret, size_t *ret_count, struct assay_err *err);

/* Exponentially weighted moving average chart [Roberts, Technometrics 1959]. */
struct assay_ewma {
	double mean, sd; /* of the process in control */
	double weight;   /* lambda of the newest value, in (0, 1] */
	double width;    /* of the limits, in standard deviations of the average */
};
/*
 * Averages to z[n] and distance of the limits from the mean to limit[n], exact for each place and not only
 * in the long run. With sd 0 any move is an alarm. Returns the first index with |z - mean| > limit, or ASSAY_NO_ALARM. O(n).
 */
size_t assay_ewma(const struct assay_ewma *chart, const double *x, size_t n, double *z,
		  double *limit);

/* What a two-sided detector found: index of the first alarm, or ASSAY_NO_ALARM. */
struct assay_alarms {
	size_t up, down, first;
};

/* Tabular cumulative sums [Page, Biometrika 1954; Montgomery, Statistical Quality Control, 9.1]. */
struct assay_cusum {
	double mean, sd;  /* of the process in control; sd > 0, else all NaN and no alarm */
	double slack;     /* k: half the shift to be found, in standard deviations */
	double threshold; /* h, in standard deviations */
};
/* Sums to up[n] and down[n]; they are not reset by an alarm. Alarm: sum > threshold. O(n). */
struct assay_alarms assay_cusum(const struct assay_cusum *chart, const double *x, size_t n,
				double *up, double *down);

/*
 * Page-Hinkley test, both directions, against the running mean [Hinkley, Biometrika 1971; Mouss et al.,
 * Asian Control Conference 2004]. `delta` is the change to be tolerated, `threshold` lambda, both in the
 * unit of x. Statistics to up[n] and down[n]. Alarm: statistic > threshold. O(n).
 */
struct assay_alarms assay_page_hinkley(const double *x, size_t n, double delta, double threshold,
				       double *up, double *down);

#endif
