/* SPDX-License-Identifier: MIT */
/*
 * changepoint: has the level of a series moved, and where. Split the series at every place, standardise the
 * rank sum of the first part, take the largest: Pettitt's idea [Appl. Stat. 1979] with equal weight for every
 * split. Ranks make the null distribution of that maximum the same for all noise that is exchangeable, so
 * its quantiles are a table. Noise that wanders by itself looks like change to every such test; a ratio to an
 * anchor measured in the same run takes most of that away. What is found is a proposal, to be confirmed.
 *
 * NaN is a gap: the point does not exist, and nothing is put in its place.
 */
#ifndef ASSAY_STATS_CHANGEPOINT_H
#define ASSAY_STATS_CHANGEPOINT_H

#include <stdbool.h>
#include <stddef.h>

#include "harness/base/err.h"

enum {
	ASSAY_SCAN_SEGMENT = 4, /* points on each side of a split, at least */
	ASSAY_SCAN_LEAST = 8,   /* points below which there is no split */
	ASSAY_SCAN_MOST =
		60, /* the table ends here; of longer series the last 60 points are looked at */
};

struct assay_scan {
	double statistic; /* largest |Z| over all splits */
	size_t at;        /* first point of the second part */
	size_t from, to;  /* splits from the first to the last that reach 90 % of the statistic */
};

/*
 * Scan x[n], ASSAY_SCAN_LEAST <= n <= ASSAY_SCAN_MOST, without NaN. Ties share mid-ranks under the variance
 * without ties, which errs towards no change. Of equal splits the first counts. Outside these n: statistic
 * NaN. O(n log n), no allocation.
 */
struct assay_scan assay_scan(const double *x, size_t n);

/*
 * What the statistic exceeds with at most probability `level`, 0.05, 0.01 or 0.001, when nothing changed:
 * infinite where n is too small for the level, NaN for other levels or n. Exact up to n = 20 by summing
 * over all orders; beyond, from 4,000,000 random orders each.
 */
double assay_scan_critical(size_t n, double level);

struct assay_change_policy {
	double level;           /* per look: 0.001 */
	double least_effect;    /* in the unit of the series: log(1.01) for log ratios */
	double least_deviation; /* in median absolute deviations within the parts: 2 */
};

struct assay_change {
	size_t at;             /* index of the first point after the change */
	size_t from, to;       /* it may as well be any of these */
	double effect, lo, hi; /* level after minus level before, with its 95 % interval */
	double statistic;      /* beyond the critical value */
};

/*
 * Does x[n] change its level once, anywhere in its last 60 points? *ret_found says so, and *ret how. Needs a
 * statistic beyond the critical value and an effect beyond both least ones. Infinite values count as gaps.
 * O(n). ASSAY_EUSAGE: a level without a table; ASSAY_ENOMEM.
 */
enum assay_code assay_find_change(const double *x, size_t n,
				  const struct assay_change_policy *policy, bool *ret_found,
				  struct assay_change *ret, struct assay_err *err);

/*
 * All changes of x[n] as they would have been found by looking after every point, each time from the last
 * change on, to ret[max]; *ret_n is how many there are, which may be more than max. The chance of a false
 * one is up to `level` at each point, less in fact as neighbouring looks share their data. O(60 log 60) per point.
 */
enum assay_code assay_change_points(const double *x, size_t n,
				    const struct assay_change_policy *policy,
				    struct assay_change *ret, size_t max, size_t *ret_n,
				    struct assay_err *err);

#endif
