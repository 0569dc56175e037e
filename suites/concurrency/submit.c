/* SPDX-License-Identifier: MIT */
/*
 * submit: independent jobs handed over one by one by a thread that then waits for all. One operation is one
 * job; the jobs do next to nothing, so the time is the pool's.
 */
#include "harness/base/rng.h"
#include "suites/concurrency/executing.h"

/* One in eight reports an error of its own, which must come back with the job. */
enum { FAILS_EACH = 8, OWN_ERROR = 3 };

static int mix(struct job *job)
{
	uint64_t state = job->argument;
	job->result = assay_splitmix(&state);
	return job->argument % FAILS_EACH == FAILS_EACH - 1 ? OWN_ERROR : 0;
}

static void setup(struct assay_run *run)
{
	size_t jobs = (size_t)assay_axis(run, "jobs");
	if (jobs < 1) {
		assay_skip(run, "there is nothing to submit: axis jobs is 0");
		return;
	}
	executing_start_jobs(run, jobs, mix);
	assay_set_ops_per_iteration(run, jobs);
}

static bool is_right(const struct job *job)
{
	uint64_t state = job->argument;
	bool fails = job->argument % FAILS_EACH == FAILS_EACH - 1;
	return job->result == assay_splitmix(&state) && job->error == (fails ? OWN_ERROR : 0);
}

static void body(struct assay_run *run)
{
	const struct job_pool_ops *ops = assay_subject(run);
	struct executing_jobs *e = assay_state(run);
	uint64_t wrong = 0;

	for (size_t i = 0; i < e->n; i++)
		e->jobs[i].result = 0;
	ASSAY_LOOP (run)
		wrong += ops->run(e->pool, e->jobs, e->n) != e->n / FAILS_EACH;
	assay_check(run, wrong == 0, "%llu batches counted other than the %zu jobs that fail",
		    (unsigned long long)wrong, e->n / FAILS_EACH);
	for (size_t i = 0; i < e->n; i++)
		if (!assay_check(run, is_right(&e->jobs[i]), "job %zu came back wrong", i))
			return;
}

const struct assay_bench assay_bench_concurrency_submit = {
	.brief = "independent jobs handed over from outside, and all waited for",
	.source =
		"flat spawn, as in the task benchmarks of the EPCC OpenMP suite [Bull, Reid & "
		"McDonnell, IWOMP 2012]",
	.claim = "S0.concurrent",
	.body = body,
	.setup = setup,
	.teardown = executing_stop_jobs,
	.subjects = JOB_POOL_INTERFACE,
	.axes = ASSAY_AXES({"jobs", "count", "100,1000", "100"}),
	.threads = "1..ncores",
	.own_threads = true,
	.thorough = true,
};
