/* SPDX-License-Identifier: MIT */
/* jobs_forked: flat forks from one task. */
#include "suites/concurrency/jobs_forked.h"

#include <stdlib.h>

struct forked {
	struct task task;
	struct job *job;
};

struct job_pool {
	const struct executor_ops *ops;
	struct executor *executor;
	struct forked *tasks;
	size_t room;
};

struct batch {
	struct task task;
	struct job_pool *pool;
	struct job *jobs;
	size_t n;
};

enum assay_code jobs_forked_start(const struct assay_subject *subject, unsigned threads,
				  const int *cpus, struct job_pool **ret, struct assay_err *err)
{
	struct job_pool *pool = calloc(1, sizeof(*pool));
	if (!pool)
		return assay_fail(err, ASSAY_ENOMEM, "no memory for a pool of jobs");
	pool->ops = subject->ops;
	enum assay_code code = pool->ops->start(threads, cpus, &pool->executor, err);
	if (code != ASSAY_OK) {
		free(pool);
		return code;
	}
	*ret = pool;
	return ASSAY_OK;
}

static void run_forked(struct worker *worker, struct task *task)
{
	job_run(((struct forked *)task)->job);
}

static void run_batch(struct worker *worker, struct task *task)
{
	struct batch *batch = (struct batch *)task;
	struct job_pool *pool = batch->pool;
	for (size_t i = 0; i < batch->n; i++) {
		struct forked *forked = &pool->tasks[i];
		forked->task.run = run_forked;
		forked->job = &batch->jobs[i];
		pool->ops->fork(worker, &forked->task);
	}
	for (size_t i = batch->n; i-- > 0;)
		pool->ops->join(worker, &pool->tasks[i].task);
}

size_t jobs_forked_run(struct job_pool *pool, struct job *jobs, size_t n)
{
	if (n > pool->room) {
		struct forked *grown = realloc(pool->tasks, n * sizeof(*grown));
		if (!grown) { /* in two halves, down to one, which needs no more room than there was */
			if (n == 1)
				return !job_run(jobs);
			return jobs_forked_run(pool, jobs, n / 2) +
			       jobs_forked_run(pool, jobs + n / 2, n - n / 2);
		}
		pool->tasks = grown;
		pool->room = n;
	}
	struct batch batch = {.task.run = run_batch, .pool = pool, .jobs = jobs, .n = n};
	pool->ops->run(pool->executor, &batch.task);
	return jobs_failed(jobs, n);
}

void jobs_forked_stop(struct job_pool *pool)
{
	pool->ops->stop(pool->executor);
	free(pool->tasks);
	free(pool);
}
