/* SPDX-License-Identifier: MIT */
/*
 * openmp_tasks: fork and join as OpenMP tasks, the one file that is compiled for OpenMP.
 *
 * join is a taskwait, which waits for all tasks that the running one has forked, not for a single
 * one: weaker than the interface allows, and the cheapest form that OpenMP has.
 */
#include "suites/concurrency/openmp_tasks.h"

#if defined(_OPENMP)

#include <omp.h>
#include <stdlib.h>

struct executor {
	int threads;
};

/* The first region starts the runtime's threads; they are its own and bound by OMP_PLACES. */
static enum assay_code openmp_start(unsigned threads, const int *cpus, struct executor **ret,
				    struct assay_err *err)
{
	struct executor *executor = malloc(sizeof(*executor));
	if (!executor)
		return assay_fail(err, ASSAY_ENOMEM, "openmp: out of memory");
	executor->threads = (int)threads;
	int got = 0;
#pragma omp parallel num_threads(executor->threads)
#pragma omp single
	got = omp_get_num_threads();
	if (got != executor->threads) {
		free(executor);
		return assay_fail(err, ASSAY_EENV, "openmp: the runtime gave %d of %u threads", got,
				  threads);
	}
	*ret = executor;
	return ASSAY_OK;
}

static void openmp_run(struct executor *executor, struct task *root)
{
#pragma omp parallel num_threads(executor->threads)
#pragma omp single
	root->run(NULL, root);
}

static void openmp_fork(struct worker *worker, struct task *task)
{
#pragma omp task firstprivate(task)
	task->run(NULL, task);
}

static void openmp_join(struct worker *worker, struct task *task)
{
#pragma omp taskwait
}

static void openmp_stop(struct executor *executor)
{
	free(executor);
}

const struct executor_ops concurrency_openmp_ops = {
	.start = openmp_start,
	.run = openmp_run,
	.fork = openmp_fork,
	.join = openmp_join,
	.stop = openmp_stop,
};

#else

const struct executor_ops concurrency_openmp_ops = {0};

#endif
