/* SPDX-License-Identifier: MIT */
/* two_windows: the mean of the last values against the mean of as many before them. */
#include <stdlib.h>

#include "suites/scaling/drift.h"

enum { WINDOW = 256 };

struct detector {
	double limit;
	double sums[2]; /* of the older and the newer window */
	uint32_t n;
	double values[2 * WINDOW]; /* a ring */
};

static struct detector *start(double shift)
{
	struct detector *d = calloc(1, sizeof(*d));
	if (d)
		d->limit = WINDOW * shift / 2;
	return d;
}

static bool see(struct detector *d, double value)
{
	double *place = &d->values[d->n % (2 * WINDOW)];
	double middle = d->values[(d->n + WINDOW) % (2 * WINDOW)];
	d->sums[0] += middle - *place;
	d->sums[1] += value - middle;
	*place = value;
	if (++d->n < 2 * WINDOW || d->sums[1] - d->sums[0] <= d->limit)
		return false;
	*d = (struct detector){.limit = d->limit};
	return true;
}

static void stop(struct detector *d)
{
	free(d);
}

static const struct detector_ops ops = {start, see, stop, false};

const struct assay_subject assay_subject_scaling_two_windows = {
	.interface = SCALING_DETECTOR,
	.brief = "the mean of 256 values against that of the 256 before",
	.ops = &ops,
};
