/* SPDX-License-Identifier: MIT */
/* page_hinkley: a cumulated sum of what lies above the mean, against its lowest [Page, Biometrika 41, 1954]. */
#include <stdlib.h>

#include "suites/scaling/drift.h"

/* Half the shift is tolerated; the alarm comes at about 2 * ALARM / shift values of the new kind. */
#define ALARM 8.0

struct detector {
	double tolerated;
	double n, mean, sum, lowest;
};

static struct detector *start(double shift)
{
	struct detector *d = calloc(1, sizeof(*d));
	if (d)
		d->tolerated = shift / 2;
	return d;
}

static bool see(struct detector *d, double value)
{
	d->n++;
	d->mean += (value - d->mean) / d->n;
	d->sum += value - d->mean - d->tolerated;
	d->lowest = d->sum < d->lowest ? d->sum : d->lowest;
	if (d->sum - d->lowest <= ALARM)
		return false;
	*d = (struct detector){.tolerated = d->tolerated};
	return true;
}

static void stop(struct detector *d)
{
	free(d);
}

static const struct detector_ops ops = {start, see, stop, false};

const struct assay_subject assay_subject_scaling_page_hinkley = {
	.interface = SCALING_DETECTOR,
	.brief = "Page and Hinkley: sums what lies above the mean",
	.ops = &ops,
};
