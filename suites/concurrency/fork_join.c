/* SPDX-License-Identifier: MIT */
/*
 * fork_join: one job for each thread, and the wait for all of them: the least that a parallel loop costs.
 * One operation is one such region.
 */
#include "suites/concurrency/executing.h"

static int count(struct job *job)
{
	job->result = job->argument + 1;
	return 0;
}

static void setup(struct assay_run *run)
{
	executing_start_jobs(run, assay_threads(run), count);
}

static void body(struct assay_run *run)
{
	const struct job_pool_ops *ops = assay_subject(run);
	struct executing_jobs *e = assay_state(run);
	uint64_t failed = 0;

	for (size_t i = 0; i < e->n; i++)
		e->jobs[i].result = 0;
	ASSAY_LOOP (run)
		failed += ops->run(e->pool, e->jobs, e->n);
	assay_check(run, failed == 0, "%llu jobs failed", (unsigned long long)failed);
	for (size_t i = 0; i < e->n; i++)
		assay_check(run, e->jobs[i].result == i + 1, "job %zu came back wrong", i);
}

const struct assay_bench assay_bench_concurrency_fork_join = {
	.brief = "one job for each thread, and the wait for all",
	.source =
		"the overhead of a parallel region [Bull, Measuring synchronisation and scheduling "
		"overheads in OpenMP, EWOMP 1999], in absolute time",
	.body = body,
	.setup = setup,
	.teardown = executing_stop_jobs,
	.subjects = JOB_POOL_INTERFACE,
	.threads = "1..ncores",
	.own_threads = true,
	.thorough = true,
};
