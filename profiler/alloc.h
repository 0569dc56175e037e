/* SPDX-License-Identifier: MIT */
/* alloc: what the preloaded allocation counter says at the end: sums, and whether memory leaks. */
#ifndef ASSAY_PROFILER_ALLOC_H
#define ASSAY_PROFILER_ALLOC_H

#include "harness/base/err.h"
#include "harness/base/str.h"
#include "profiler/timer.h"

/*
 * Add a line per process to `text`: allocations, bytes, what was live at most and at the end; and one more
 * when what is live rises in the second half of its run, by the slope of Theil and Sen and its interval.
 */
enum assay_code alloc_sums(struct timer_sampler *timer, struct assay_str *text,
			   struct assay_err *err);
/* The same from an open file of such lines; what is malformed is left out. */
enum assay_code alloc_read(FILE *file, struct assay_str *text, struct assay_err *err);

#endif
