/* SPDX-License-Identifier: MIT */
/*
 * compare: is the same series, measured in two runs, the same, faster or slower?
 *
 * The unit of replication is the launch, not the sample: layout and start-up vary between launches,
 * and a thousand samples of one launch say nothing about that. Each launch is summarised by the median
 * of its samples; the median, because it is the figure the tables show, and because it stands
 * preemption as well as rare fast outliers in up to half of the samples. With three or more launches on
 * both sides the interval is Welch's on the logarithms of these medians.
 *
 * No number of launches inside two runs can see what changed between the runs (neighbours on the host,
 * temperature). Both intervals are therefore widened by an allowance that depends on how noisy the
 * machine was. A comparison that needs no allowance interleaves both sides.
 */
#ifndef ASSAY_STATS_COMPARE_H
#define ASSAY_STATS_COMPARE_H

#include <stddef.h>

#include "harness/base/err.h"
#include "harness/result.h"

enum assay_verdict {
	ASSAY_SAME,
	ASSAY_FASTER, /* B is better than A */
	ASSAY_SLOWER,
	ASSAY_UNSURE, /* `reason` says what is missing */
};

/* Launches on each side from which on the spread between launches can be estimated. */
enum { ASSAY_COMPARE_LAUNCHES = 3 };

/* Ratios minus one. */
struct assay_compare_policy {
	double margin;     /* differences up to this do not matter; 0.02 */
	double confidence; /* of the interval; 0.99 */
	double allowance;  /* for what may change between two runs, see assay_drift_allowance() */
};

/* One side: its samples with launch boundaries, and the summary that stands in when they are gone. */
struct assay_side {
	const struct assay_samples *samples;
	const struct assay_estimate *estimate;
};

struct assay_comparison {
	enum assay_verdict verdict;
	double ratio, lo, hi; /* B / A; NaN where it is undefined */
	size_t launches_a, launches_b;
	char reason[120]; /* "" unless unsure */
};

/*
 * How far a run as a whole may wander on a machine whose noise was graded 'A' to 'D' (anything else:
 * unknown, as 'C'). On a shared two-core virtual machine (C to D) the medians of launches of one binary
 * spread by 2.7 to 6.7 per cent.
 */
double assay_drift_allowance(char grade);

/*
 * Compare b with a; `better` says which direction is faster. FASTER and SLOWER need three launches on
 * each side, a widened interval that excludes 1, and an estimate beyond the margin. SAME needs an estimate
 * within margin and allowance together (with fewer launches: plus the interval within the launches), and an
 * interval, before widening, no wider than that. Everything else is UNSURE. Allocates scratch memory:
 * ASSAY_ENOMEM.
 */
enum assay_code assay_compare(const struct assay_side *a, const struct assay_side *b,
			      enum assay_better better, const struct assay_compare_policy *policy,
			      struct assay_comparison *ret, struct assay_err *err);

/*
 * Medians of the launches that have samples, to medians[samples->launches]; returns how many. Preempted samples
 * count only where fewer than two others are left in the launch. scratch[samples->n].
 */
size_t assay_launch_medians(const struct assay_samples *samples, double *medians, double *scratch);

/* "same", "faster", "slower", "unsure": static. */
const char *assay_verdict_name(enum assay_verdict verdict);

#endif
