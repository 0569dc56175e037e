/* SPDX-License-Identifier: MIT */
/* memory_use: what this process holds of memory, as the kernel counts it. */
#ifndef ASSAY_SUITES_MEMORY_USE_H
#define ASSAY_SUITES_MEMORY_USE_H

#include <stdbool.h>
#include <stddef.h>

/* Bytes resident now (/proc/self/statm); 0 when it cannot be read. */
size_t memory_rss(void);
/* The most that was resident since the last memory_peak_reset() (VmHWM); 0 when it cannot be read. */
size_t memory_peak(void);
/* Let the peak begin anew. False when the kernel refuses: it is then the peak since the start. */
bool memory_peak_reset(void);
/* Pages that this process has had to be given so far. */
long memory_faults(void);

#endif
