/* SPDX-License-Identifier: MIT */
/* preload_record: records of a foreign process' samples, written from inside it. */
#ifndef ASSAY_PROFILER_PRELOAD_RECORD_H
#define ASSAY_PROFILER_PRELOAD_RECORD_H

#include <stdbool.h>
#include <stdint.h>
#include <ucontext.h>

/* CLOCK_MONOTONIC. */
uint64_t record_now_ns(void);
/* Append to the file at `path` from now on: the process' name and what it has mapped. */
bool record_open(const char *path);
/* What is mapped and executable now; valid for all samples of this process. */
void record_maps(void);
/* The registers and the top of the stack they point to. Async-signal-safe. */
void record_sample(const ucontext_t *u);
/* In the child of a fork: it has its parent's maps. */
void record_fork(void);

#endif
