/* SPDX-License-Identifier: MIT */
/* jobs_null: calls the jobs one after the other; the cost of the benchmark itself. */
#include "suites/concurrency/jobs.h"

struct job_pool {
	char nothing;
};

static enum assay_code start(unsigned threads, const int *cpus, struct job_pool **ret,
			     struct assay_err *err)
{
	static struct job_pool pool; /* never written: there is no state to keep */
	*ret = &pool;
	return ASSAY_OK;
}

static size_t run(struct job_pool *pool, struct job *jobs, size_t n)
{
	size_t failed = 0;
	for (size_t i = 0; i < n; i++)
		failed += !job_run(&jobs[i]);
	return failed;
}

static void stop(struct job_pool *pool)
{
}

static const struct job_pool_ops ops = {.start = start, .run = run, .stop = stop};

const struct assay_subject assay_subject_concurrency_jobs_null = {
	.interface = JOB_POOL_INTERFACE,
	.brief = "plain calls, one after the other",
	.ops = &ops,
	.is_null = true,
};
