/* SPDX-License-Identifier: MIT */
/*
 * placement_share: how much of what differs between launches is the placement of the code, where each
 * launch ran one of several variants that differ in nothing else. Pure; values are usually logarithms of
 * launch summaries, so that differences are ratios. Values that are not finite are left out.
 */
#ifndef ASSAY_STATS_PLACEMENT_SHARE_H
#define ASSAY_STATS_PLACEMENT_SHARE_H

#include <stddef.h>

#include "harness/base/err.h"

struct assay_placement {
	size_t n;         /* launches that counted */
	size_t variants;  /* that have any of them */
	double share;     /* of the rank variance between launches, that between variants: 0 to 1 */
	double sd;        /* of the variants' levels, in the unit of x; not below 0 */
	double sd_within; /* of the launches of one variant, in the unit of x */
};

/*
 * x[n] with the variant of each. share is epsilon squared of the Kruskal-Wallis statistic H over the k
 * variants, (H - k + 1) / (n - k), at least 0: 0 on average where placement does nothing [Kelley, PNAS
 * 1935; Kruskal & Wallis, JASA 1952]. sd_within is that of Shamos: the median distance between two launches
 * of one variant, scaled for normal noise [Rousseeuw & Croux, JASA 1993, 2]. sd is that of the medians of
 * the variants, less what sd_within explains of it, at least 0. So a few wild launches change neither, but
 * one bad variant of many does count. With one variant, or no more than two launches for each on
 * average: all three NaN. ASSAY_ENOMEM. Allocates n^2 / 2 numbers.
 */
enum assay_code assay_placement_of(const double *x, const unsigned *variant, size_t n,
				   struct assay_placement *ret, struct assay_err *err);

/*
 * How far apart two builds of the same code may come to lie by placement alone, each with one placement
 * drawn at random: half the width of the interval that holds so many of their differences. In the unit
 * of the two standard deviations; NaN when one of them is, or confidence is outside (0, 1).
 */
double assay_placement_reach(double sd_a, double sd_b, double confidence);

#endif
