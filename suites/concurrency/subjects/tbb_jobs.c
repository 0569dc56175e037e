/* SPDX-License-Identifier: MIT */
/* tbb_jobs: jobs forked by one task of oneTBB's. */
#include "suites/concurrency/jobs_forked.h"

extern const struct assay_subject assay_subject_concurrency_tbb;

static enum assay_code start(unsigned threads, const int *cpus, struct job_pool **ret,
			     struct assay_err *err)
{
	return jobs_forked_start(&assay_subject_concurrency_tbb, threads, cpus, ret, err);
}

static enum assay_code probe(struct assay_err *err)
{
	return assay_subject_concurrency_tbb.probe(err);
}

static const struct job_pool_ops ops = {
	.start = start, .run = jobs_forked_run, .stop = jobs_forked_stop};

const struct assay_subject assay_subject_concurrency_tbb_jobs = {
	.interface = JOB_POOL_INTERFACE,
	.brief = "a task of oneTBB's forks all jobs",
	.ops = &ops,
	.probe = probe,
};
