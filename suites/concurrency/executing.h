/* SPDX-License-Identifier: MIT */
/* executing: what benchmarks of executors and of pools of jobs do before and after. */
#ifndef ASSAY_SUITES_CONCURRENCY_EXECUTING_H
#define ASSAY_SUITES_CONCURRENCY_EXECUTING_H

#include "suites/concurrency/concurrency.h"
#include "suites/concurrency/jobs.h"

/* In setup(): the case's executor, started on its CPUs; NULL when the case has been skipped or failed. */
struct executor *executing_start(struct assay_run *run);

/* A pool of jobs, and `n` of them to run again and again. */
struct executing_jobs {
	struct job_pool *pool;
	struct job *jobs;
	size_t n;
};

/* In setup(): sets it as the case's state, unless that has been skipped or failed. */
void executing_start_jobs(struct assay_run *run, size_t n, int (*job)(struct job *job));
/* In teardown(). */
void executing_stop_jobs(struct assay_run *run);

#endif
