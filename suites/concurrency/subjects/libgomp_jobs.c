/* SPDX-License-Identifier: MIT */
/* libgomp_jobs: jobs forked by one task of gcc's OpenMP runtime. */
#include "suites/concurrency/jobs_forked.h"

extern const struct assay_subject assay_subject_concurrency_libgomp;

static enum assay_code start(unsigned threads, const int *cpus, struct job_pool **ret,
			     struct assay_err *err)
{
	return jobs_forked_start(&assay_subject_concurrency_libgomp, threads, cpus, ret, err);
}

static enum assay_code probe(struct assay_err *err)
{
	return assay_subject_concurrency_libgomp.probe(err);
}

static const struct job_pool_ops ops = {
	.start = start, .run = jobs_forked_run, .stop = jobs_forked_stop};

const struct assay_subject assay_subject_concurrency_libgomp_jobs = {
	.interface = JOB_POOL_INTERFACE,
	.brief = "a task of gcc's OpenMP runtime forks all jobs",
	.ops = &ops,
	.probe = probe,
};
