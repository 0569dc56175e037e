/* SPDX-License-Identifier: MIT */
/* executing: starting and stopping. */
#include "suites/concurrency/executing.h"

#include <stdlib.h>

/* The CPUs of the case's threads, or NULL. */
static int *cpus_of(struct assay_run *run)
{
	unsigned threads = assay_threads(run);
	int *cpus = malloc(threads * sizeof(*cpus));
	if (assay_check(run, cpus, "out of memory"))
		for (unsigned i = 0; i < threads; i++)
			cpus[i] = assay_cpu(run, i);
	return cpus;
}

static bool passes(struct assay_run *run, enum assay_code code, const struct assay_err *err)
{
	if (code == ASSAY_SKIP)
		assay_skip(run, "%s", err->text);
	else
		assay_check(run, code == ASSAY_OK, "%s", err->text);
	return code == ASSAY_OK;
}

struct executor *executing_start(struct assay_run *run)
{
	const struct executor_ops *ops = assay_subject(run);
	ASSAY_AUTO_FREE int *cpus = cpus_of(run);
	struct executor *executor = NULL;
	struct assay_err err = {0};
	if (!cpus || !passes(run, ops->start(assay_threads(run), cpus, &executor, &err), &err))
		return NULL;
	return executor;
}

void executing_start_jobs(struct assay_run *run, size_t n, int (*job)(struct job *job))
{
	const struct job_pool_ops *ops = assay_subject(run);
	ASSAY_AUTO_FREE int *cpus = cpus_of(run);
	struct executing_jobs *e = calloc(1, sizeof(*e));
	struct assay_err err = {0};
	if (e)
		e->jobs = calloc(n, sizeof(*e->jobs));
	if (!cpus || !assay_check(run, e && e->jobs, "out of memory") ||
	    !passes(run, ops->start(assay_threads(run), cpus, &e->pool, &err), &err)) {
		if (e)
			free(e->jobs);
		free(e);
		return;
	}
	e->n = n;
	for (size_t i = 0; i < n; i++)
		e->jobs[i] = (struct job){.run = job, .argument = i};
	assay_set_state(run, e);
}

void executing_stop_jobs(struct assay_run *run)
{
	const struct job_pool_ops *ops = assay_subject(run);
	struct executing_jobs *e = assay_state(run);
	if (!e)
		return;
	ops->stop(e->pool);
	free(e->jobs);
	free(e);
}
