/* SPDX-License-Identifier: MIT */
/* steal_jobs: jobs forked by one task of our work-stealing pool. */
#include "suites/concurrency/jobs_forked.h"

extern const struct assay_subject assay_subject_concurrency_steal;

static enum assay_code start(unsigned threads, const int *cpus, struct job_pool **ret,
			     struct assay_err *err)
{
	return jobs_forked_start(&assay_subject_concurrency_steal, threads, cpus, ret, err);
}

static const struct job_pool_ops ops = {
	.start = start, .run = jobs_forked_run, .stop = jobs_forked_stop};

const struct assay_subject assay_subject_concurrency_steal_jobs = {
	.interface = JOB_POOL_INTERFACE,
	.brief = "a task of our work-stealing pool forks all jobs",
	.ops = &ops,
};
