/* SPDX-License-Identifier: MIT */
/* process_per_task: a process of its own for each job, as many at a time as there are threads. */
#include <stdlib.h>

#include "suites/concurrency/processes.h"

struct job_pool {
	unsigned most;
	bool placed;
	cpu_set_t set;
};

static enum assay_code start(unsigned threads, const int *cpus, struct job_pool **ret,
			     struct assay_err *err)
{
	if (threads > PROCESSES_MOST)
		return assay_fail(err, ASSAY_SKIP, "at most %d processes at a time",
				  PROCESSES_MOST);
	struct job_pool *pool = malloc(sizeof(*pool));
	if (!pool)
		return assay_fail(err, ASSAY_ENOMEM, "process_per_task: out of memory");
	pool->most = threads;
	pool->placed = jobs_cpu_set(cpus, threads, &pool->set);
	*ret = pool;
	return ASSAY_OK;
}

static size_t run(struct job_pool *pool, struct job *jobs, size_t n)
{
	return processes_run(jobs, n, pool->most, 1, pool->placed ? &pool->set : NULL);
}

static void stop(struct job_pool *pool)
{
	free(pool);
}

static const struct job_pool_ops ops = {.start = start, .run = run, .stop = stop};

const struct assay_subject assay_subject_concurrency_process_per_task = {
	.interface = JOB_POOL_INTERFACE,
	.brief = "fork and waitpid for each job, results through shared memory",
	.ops = &ops,
};
