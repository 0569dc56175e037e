/* SPDX-License-Identifier: MIT */
/* processes: jobs in processes of their own, forked from this one; results come back in shared memory. */
#ifndef ASSAY_SUITES_CONCURRENCY_PROCESSES_H
#define ASSAY_SUITES_CONCURRENCY_PROCESSES_H

#include "suites/concurrency/jobs.h"

#define PROCESSES_MOST 64

/*
 * Run jobs[n] in up to `most` processes at a time, 1 to PROCESSES_MOST, each of which runs up to `each` of
 * them. A job sees the memory of this process as it was when its process began, and only its
 * result and error come back. A job whose process dies has the error JOB_LOST, all others run; where no
 * process can be started they run here. Processes may use the CPUs of `set`; NULL: those of the caller. Returns how many have an error. Like fork, not to be called where
 * other threads hold locks that the jobs need.
 */
size_t processes_run(struct job *jobs, size_t n, unsigned most, size_t each, const cpu_set_t *set);

#endif
