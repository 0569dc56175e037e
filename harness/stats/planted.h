/* SPDX-License-Identifier: MIT */
/*
 * planted: series of known noise, with an anomaly of known size or without, by which detectors are measured. The
 * spread of a noise is the standard deviation that its median absolute deviation stands for, around where
 * its level would be; sizes are in spreads. Pure: the same seed makes the same series.
 */
#ifndef ASSAY_STATS_PLANTED_H
#define ASSAY_STATS_PLANTED_H

#include <stddef.h>

#include "harness/base/rng.h"

enum assay_noise_kind {
	ASSAY_PLANTED_NORMAL,  /* independent, normal */
	ASSAY_PLANTED_SKEWED,  /* lognormal, sigma 0.5: a tail upwards, as times have */
	ASSAY_PLANTED_HEAVY,   /* Student's t with 3 degrees of freedom */
	ASSAY_PLANTED_DRIFT,   /* normal on a level that rises by 8 spreads from end to end */
	ASSAY_PLANTED_WANDER,  /* normal on a random walk with steps of 0.3 */
	ASSAY_PLANTED_STEP,    /* normal; the level moves by 8 once, in the middle half */
	ASSAY_PLANTED_BIMODAL, /* normal, one value in four 6 spreads higher */
	ASSAY_PLANTED_KINDS,
};
/* "normal", "skewed", ...: static. */
const char *assay_planted_name(enum assay_noise_kind kind);

/* Noise of spread 1 around 100 to x[n]. */
void assay_planted_noise(struct assay_rng *rng, enum assay_noise_kind kind, double *x, size_t n);
/* Raise `length` successive values of x[n] by `size` somewhere; returns the first one's index. */
size_t assay_plant(struct assay_rng *rng, double *x, size_t n, size_t length, double size);

#endif
