/* SPDX-License-Identifier: MIT */
/* perf: perf_event_open(2), and what its refusals mean. */
#ifndef ASSAY_PROFILER_PERF_H
#define ASSAY_PROFILER_PERF_H

#include <linux/perf_event.h>
#include <stddef.h>

/* A descriptor, closed on exec, or a negative errno. Fills in attr->size. */
int perf_open(struct perf_event_attr *attr, int pid, int cpu, int group);

/* Why opening gave `error`: a sentence that says what to do. Returns text[size]. */
const char *perf_reason(int error, char *text, size_t size);

/* May the kernel's side be sampled and counted by this process? Tried with a software clock. */
int perf_sees_kernel(void);

#endif
