/* SPDX-License-Identifier: MIT */
/*
 * leak_detector: does what is live grow from epoch to epoch, whatever else it does? The slope of the last
 * epochs by Theil and Sen, and a leak when its interval lies above zero at looks in a row.
 */
#ifndef ASSAY_SUITES_MEMORY_LEAK_DETECTOR_H
#define ASSAY_SUITES_MEMORY_LEAK_DETECTOR_H

#include <stdbool.h>
#include <stddef.h>

#include "harness/base/err.h"

enum { LEAK_WINDOW = 64, LEAK_EPOCHS_AT_LEAST = 10, LEAK_LOOKS = 3 };

/* Zero-initialise. */
struct leak_detector {
	double live[LEAK_WINDOW]; /* the last ones, oldest first */
	size_t n;
	unsigned in_a_row;
	double slope; /* bytes per epoch at the last look */
};

/* Note `live` bytes at the end of an epoch. *ret: it leaks. ASSAY_ENOMEM. */
enum assay_code leak_epoch(struct leak_detector *detector, double live, bool *ret,
			   struct assay_err *err);

#endif
