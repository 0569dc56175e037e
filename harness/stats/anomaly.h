/* SPDX-License-Identifier: MIT */
/*
 * anomaly: stretches of a series, one value or several, that stand out from what is around them. Each
 * value's distance from the median of its neighbours [Pearson, IEEE Trans. Control Syst. Technol. 2002], and
 * the median of several successive distances, is held against the spread of all such distances on the same
 * side of zero. That spread is the larger of what their median and their 80 % quantile stand for: where the
 * noise has a heavy tail or a second mode, the quantile says so and less is called unusual than by the
 * median alone. A level that moved and stayed is no anomaly; changepoint.h finds it. How many planted ones
 * are found, and how many others accused: docs/statistics.md. For reading; a regression is decided by the
 * gate, never by these.
 */
#ifndef ASSAY_STATS_ANOMALY_H
#define ASSAY_STATS_ANOMALY_H

#include <stddef.h>

#include "harness/base/err.h"

enum {
	ASSAY_ANOMALY_LEAST = 12, /* values below which nothing can be said of any */
	/* Values on each side that say what is usual, and how long a stretch may be, at most. */
	ASSAY_ANOMALY_REACH = 20,
	ASSAY_ANOMALY_LONGEST = 10,
};

/* Spreads that a value must be away: see docs/statistics.md for what follows from it. */
#define ASSAY_ANOMALY_SPREADS 6.0

struct assay_anomaly {
	size_t from, to; /* indices of the first and the last value of the stretch */
	double usual;    /* what the values around it say it should be */
	double off;      /* median distance from that, in the unit of x */
	double spreads; /* the same in spreads of such distances; infinite where there is no spread */
};

/*
 * The anomalies of x[n] to ret[max], in order, that are at least `least` (>= 0) away; *ret_n is how many there
 * are, which may be more than max. A NaN is a gap, as if it were not there. Of fewer than ASSAY_ANOMALY_LEAST
 * values there are none. O(n w log w), w the reach. ASSAY_ENOMEM.
 */
enum assay_code assay_anomalies(const double *x, size_t n, double least, struct assay_anomaly *ret,
				size_t max, size_t *ret_n, struct assay_err *err);

#endif
