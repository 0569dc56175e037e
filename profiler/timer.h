/* SPDX-License-Identifier: MIT */
/*
 * timer: samples where the kernel permits no perf_event: a library preloaded into the target
 * (preload_sampler.c) takes them on a signal of the process' CPU-time timer and appends them to a file,
 * in the layout of perf_event's records.
 */
#ifndef ASSAY_PROFILER_TIMER_H
#define ASSAY_PROFILER_TIMER_H

#include <stddef.h>
#include <stdint.h>

#include "harness/base/err.h"

struct timer_sampler;

/* ASSAY_SKIP with the reason when the library is not there. */
enum assay_code timer_open(unsigned rate_hz, struct timer_sampler **ret, struct assay_err *err);
/* The pairs that must be in the target's environment; NULL-terminated, valid until timer_close(). */
const char *const *timer_environment(struct timer_sampler *timer);
/* What was written so far; valid until timer_close(). */
enum assay_code timer_finish(struct timer_sampler *timer, const void **ret_bytes, size_t *ret_size,
			     struct assay_err *err);
void timer_close(struct timer_sampler *timer); /* takes NULL */

/* The most samples per second that the kernel's tick lets through. */
unsigned timer_limit_hz(void);

#endif
