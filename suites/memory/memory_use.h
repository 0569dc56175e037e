/* SPDX-License-Identifier: MIT */
/* memory_use: what this process holds of memory, as the kernel counts it. */
#ifndef ASSAY_SUITES_MEMORY_USE_H
#define ASSAY_SUITES_MEMORY_USE_H

#include <stdbool.h>
#include <stddef.h>

#include "harness/bench.h"

/* Bytes resident now (/proc/self/statm); 0 when it cannot be read. */
size_t memory_rss(void);
/* The most that was resident since the last memory_peak_reset() (VmHWM); 0 when it cannot be read. */
size_t memory_peak(void);
/* Let the peak begin anew. False when the kernel refuses: it is then the peak since the start. */
bool memory_peak_reset(void);
/* Pages that the calling thread has had to be given so far. */
long memory_faults(void);

/* What comes to be resident beyond what was so at some moment. */
struct memory_watch {
	size_t base;
	bool has_peak;
};

/* From now on; `own` bytes more will be the benchmark's. Fails the case when the kernel says nothing. */
void memory_watch_begin(struct memory_watch *watch, struct assay_run *run, size_t own);
/* So many of `bytes` resident are above the base. */
double memory_watch_above(const struct memory_watch *watch, size_t bytes);
/* Metrics "peak_rss" and, over the `live` bytes that had been asked for, "bytes_per_live". */
void memory_watch_report(const struct memory_watch *watch, struct assay_run *run, double live);

#endif
