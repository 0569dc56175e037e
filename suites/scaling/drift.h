/* SPDX-License-Identifier: MIT */
/* drift: the interface "detector": notice that a stream of errors has become worse. */
#ifndef ASSAY_SUITES_SCALING_DRIFT_H
#define ASSAY_SUITES_SCALING_DRIFT_H

#include "harness/bench.h"

#define SCALING_DETECTOR "detector"

struct detector;

struct detector_ops {
	/* One that is to notice when the mean of values in [0, 1] rises by `shift`; NULL: out of memory. */
	struct detector *(*start)(double shift);
	/* The next value; true: it has changed, and the detector begins anew. */
	bool (*see)(struct detector *detector, double value);
	void (*stop)(struct detector *detector); /* takes NULL */
	bool is_null;                            /* notices nothing */
};

/* What a detector does on streams with one change each. */
struct drift_score {
	double found;        /* share of streams whose change was noticed, and nothing before it */
	double false_alarms; /* share of streams with an alarm before the change */
	double delay;        /* mean of those found, in values; NaN: none was */
};

/*
 * `streams` streams of zeros and ones from `seed`: ones with probability 0.2 for 2000 values, then with 0.2 +
 * shift for 2000 more. shift in (0, 0.8]. ASSAY_ENOMEM.
 */
enum assay_code drift_score(const struct detector_ops *ops, double shift, unsigned streams,
			    uint64_t seed, struct drift_score *ret, struct assay_err *err);

#endif
