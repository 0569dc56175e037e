/* SPDX-License-Identifier: MIT */
/* jobs_forked: an executor as a pool of jobs: one task forks all of them and joins them. */
#ifndef ASSAY_SUITES_CONCURRENCY_JOBS_FORKED_H
#define ASSAY_SUITES_CONCURRENCY_JOBS_FORKED_H

#include "suites/concurrency/concurrency.h"
#include "suites/concurrency/jobs.h"

/* As in struct job_pool_ops, on the executor of `subject`. */
enum assay_code jobs_forked_start(const struct assay_subject *subject, unsigned threads,
				  const int *cpus, struct job_pool **ret, struct assay_err *err);
size_t jobs_forked_run(struct job_pool *pool, struct job *jobs, size_t n);
void jobs_forked_stop(struct job_pool *pool);

#endif
