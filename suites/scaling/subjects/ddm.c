/* SPDX-License-Identifier: MIT */
/*
 * ddm: the drift detection method: the error rate of all values so far, against the lowest it had, by three of its
 * deviations [Gama, Medas, Castillo & Rodrigues, "Learning with drift detection", SBIA 2004].
 */
#include <math.h>
#include <stdlib.h>

#include "suites/scaling/drift.h"

enum { LEAST_VALUES = 30 };

struct detector {
	double n, rate;
	double lowest_rate, lowest_deviation;
};

static void reset(struct detector *d)
{
	*d = (struct detector){.lowest_rate = INFINITY, .lowest_deviation = INFINITY};
}

static struct detector *start(double shift)
{
	struct detector *d = malloc(sizeof(*d));
	(void)shift; /* it has no such setting */
	if (d)
		reset(d);
	return d;
}

static bool see(struct detector *d, double value)
{
	d->n++;
	d->rate += (value - d->rate) / d->n;
	double deviation = sqrt(d->rate * (1 - d->rate) / d->n);
	if (d->n < LEAST_VALUES)
		return false;
	if (d->rate + deviation < d->lowest_rate + d->lowest_deviation) {
		d->lowest_rate = d->rate;
		d->lowest_deviation = deviation;
	}
	/* Without any error so far there is no deviation to compare with: one error is no drift. */
	if (d->rate + deviation <= d->lowest_rate + 3 * d->lowest_deviation + 1 / d->n)
		return false;
	reset(d);
	return true;
}

static void stop(struct detector *d)
{
	free(d);
}

static const struct detector_ops ops = {start, see, stop, false};

const struct assay_subject assay_subject_scaling_ddm = {
	.interface = SCALING_DETECTOR,
	.brief = "DDM: three deviations above the lowest error rate",
	.ops = &ops,
};
