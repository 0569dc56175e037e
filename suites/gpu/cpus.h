/* SPDX-License-Identifier: MIT */
/* cpus: a worker's thread is pinned to one CPU; what is a whole machine to it gets them all. */
#ifndef ASSAY_SUITES_GPU_CPUS_H
#define ASSAY_SUITES_GPU_CPUS_H

#include <sched.h>

/*
 * Allow this thread, and those it starts, every CPU of the process' control group; gpu_cpus_restore() takes that back
 * from this thread, not from those started. Where the system does not tell, nothing changes.
 */
void gpu_cpus_widen(cpu_set_t *saved);
void gpu_cpus_restore(const cpu_set_t *saved);
/* How many that is, at least 1. */
unsigned gpu_cpus(void);

#endif
