/* SPDX-License-Identifier: MIT */
/* adaptive_pool: our pool of 1 to 16 threads, however many are asked for; see adaptive.h. */
#include "suites/concurrency/adaptive.h"

static enum assay_code start(unsigned threads, const int *cpus, struct job_pool **ret,
			     struct assay_err *err)
{
	cpu_set_t set;
	bool placed = jobs_cpu_set(cpus, threads, &set);
	return adaptive_start(&ADAPTIVE_LIMITS, placed ? &set : NULL, (struct adaptive **)ret, err);
}

static size_t run(struct job_pool *pool, struct job *jobs, size_t n)
{
	for (size_t i = 0; i < n; i++)
		adaptive_submit((struct adaptive *)pool, &jobs[i]);
	return adaptive_wait((struct adaptive *)pool);
}

static void stop(struct job_pool *pool)
{
	adaptive_stop((struct adaptive *)pool);
}

static const struct job_pool_ops ops = {.start = start, .run = run, .stop = stop};

const struct assay_subject assay_subject_concurrency_adaptive_pool = {
	.interface = JOB_POOL_INTERFACE,
	.brief = "1 to 16 threads, more when 80 % of their time is busy and jobs wait",
	.ops = &ops,
};
