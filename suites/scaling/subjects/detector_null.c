/* SPDX-License-Identifier: MIT */
/* detector_null: notices nothing: the cost of the harness. */
#include "suites/scaling/drift.h"

static const char nobody;

static struct detector *start(double shift)
{
	(void)shift;
	return (struct detector *)&nobody;
}

static bool see(struct detector *d, double value)
{
	(void)d, (void)value;
	return false;
}

static void stop(struct detector *d)
{
	(void)d;
}

static const struct detector_ops ops = {start, see, stop, true};

const struct assay_subject assay_subject_scaling_detector_null = {
	.interface = SCALING_DETECTOR,
	.brief = "notices nothing: the cost of the harness",
	.ops = &ops,
	.is_null = true,
};
