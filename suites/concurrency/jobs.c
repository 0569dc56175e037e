/* SPDX-License-Identifier: MIT */
/* jobs: what all pools of jobs share, and their oracle. */
#include "suites/concurrency/jobs.h"

#include <inttypes.h>

#include "harness/base/rng.h"

enum { BATCH_MAX = 48, BATCHES = 4, THREADS_MAX = 4, OWN_ERROR = 5 };

size_t jobs_failed(const struct job *jobs, size_t n)
{
	size_t failed = 0;
	for (size_t i = 0; i < n; i++)
		failed += jobs[i].error != 0;
	return failed;
}

bool jobs_cpu_set(const int *cpus, unsigned n, cpu_set_t *ret)
{
	CPU_ZERO(ret);
	for (unsigned i = 0; i < n; i++) {
		if (cpus[i] < 0 || cpus[i] >= CPU_SETSIZE)
			return false;
		CPU_SET((size_t)cpus[i], ret);
	}
	return n > 0;
}

/* Added to what is there, so that a job that ran twice is seen. */
static int count_and_mix(struct job *job)
{
	uint64_t state = job->argument;
	job->result += assay_splitmix(&state);
	return job->argument % 5 == 3 ? OWN_ERROR : 0;
}

static enum assay_code check_batch(const struct job_pool_ops *ops, struct job_pool *pool, size_t n,
				   struct assay_rng *rng, struct assay_err *err)
{
	struct job jobs[BATCH_MAX];
	size_t failing = 0;
	for (size_t i = 0; i < n; i++) {
		jobs[i] = (struct job){.run = count_and_mix, .argument = assay_rng_next(rng)};
		failing += jobs[i].argument % 5 == 3;
	}
	size_t failed = ops->run(pool, jobs, n);
	for (size_t i = 0; i < n; i++) {
		uint64_t state = jobs[i].argument;
		if (jobs[i].result != assay_splitmix(&state))
			return assay_fail(err, ASSAY_ECHECK,
					  "job %zu of %zu gave %" PRIx64 ": it has not run once", i,
					  n, jobs[i].result);
		if (jobs[i].error != (jobs[i].argument % 5 == 3 ? OWN_ERROR : 0))
			return assay_fail(err, ASSAY_ECHECK, "job %zu of %zu has the error %d", i,
					  n, jobs[i].error);
	}
	if (failed != failing)
		return assay_fail(err, ASSAY_ECHECK, "%zu of %zu jobs failed, %zu were counted",
				  failing, n, failed);
	return ASSAY_OK;
}

enum assay_code jobs_check(const struct job_pool_ops *ops, uint64_t seed, struct assay_err *err)
{
	const int cpus[THREADS_MAX] = {-1, -1, -1, -1};
	struct assay_rng rng;
	assay_rng_init(&rng, seed);
	for (unsigned threads = 1; threads <= THREADS_MAX; threads++) {
		struct job_pool *pool;
		enum assay_code code = ops->start(threads, cpus, &pool, err);
		if (code != ASSAY_OK)
			return code;
		for (unsigned i = 0; i < BATCHES && code == ASSAY_OK; i++)
			code = check_batch(ops, pool,
					   i < 2 ? i : assay_rng_below(&rng, BATCH_MAX + 1), &rng,
					   err);
		ops->stop(pool);
		if (code != ASSAY_OK)
			return assay_context(err, code, "%u threads", threads);
	}
	return ASSAY_OK;
}
