/* SPDX-License-Identifier: MIT */
/*
 * timer: samples that a library takes which is preloaded into the target, and appends to a file in the
 * layout of perf_event's records: on a signal of the process' CPU-time timer, where the kernel permits no
 * perf_event (preload_sampler.c); or every so many bytes it allocates (preload_alloc.c).
 */
#ifndef ASSAY_PROFILER_TIMER_H
#define ASSAY_PROFILER_TIMER_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "harness/base/err.h"

struct timer_sampler;

/*
 * `library` and `variable` are names from preload.h; `number` is the rate, or the bytes between samples.
 * ASSAY_SKIP with the reason when the library is not there.
 */
enum assay_code timer_open(const char *library, const char *variable, uint64_t number,
			   struct timer_sampler **ret, struct assay_err *err);
/* The pairs that must be in the target's environment; NULL-terminated, valid until timer_close(). */
const char *const *timer_environment(struct timer_sampler *timer);
/* What the target reads and writes for it: files, NULL-terminated, valid until timer_close(). */
const char *const *timer_reads(const struct timer_sampler *timer);
const char *const *timer_writes(const struct timer_sampler *timer);
/* What was written so far; valid until timer_close(). */
enum assay_code timer_finish(struct timer_sampler *timer, const void **ret_bytes, size_t *ret_size,
			     struct assay_err *err);
/* Sums that the library wrote beside the samples, as lines of text; NULL when there are none. To fclose(). */
FILE *timer_sums(struct timer_sampler *timer);
void timer_close(struct timer_sampler *timer); /* takes NULL */

/* The most samples per second that the kernel's tick lets through. */
unsigned timer_limit_hz(void);

#endif
