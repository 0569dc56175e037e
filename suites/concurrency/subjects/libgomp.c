/* SPDX-License-Identifier: MIT */
/*
 * libgomp: the tasks of gcc's OpenMP runtime, by the calls that gcc makes of `parallel`, `masked`,
 * `task firstprivate(task)` and `taskwait`.
 *
 * join is a taskwait, which waits for all tasks that the running one has forked, not for a single
 * one: weaker than the interface allows, and the cheapest form that OpenMP has.
 */
#include <stdlib.h>

#include "suites/concurrency/concurrency.h"
#include "suites/concurrency/openmp_peer.h"

/* The runtime's, as gcc declares them to itself (omp-builtins.def). */
static struct {
	void (*parallel)(void (*run)(void *), void *data, unsigned threads, unsigned flags);
	void (*task)(void (*run)(void *), void *data, void (*copy)(void *, void *), long size,
		     long align, bool deferred, unsigned flags, void **depend, int priority,
		     void *detach);
	void (*taskwait)(void);
	int (*thread_num)(void);
	int (*num_threads)(void);
} gomp;

struct executor {
	unsigned threads;
	struct task *root;
	int got;
};

static enum assay_code gomp_probe(struct assay_err *err)
{
	static const char *const libraries[] = {"libgomp.so.1", NULL};
	const struct openmp_symbol symbols[] = {
		{"GOMP_parallel", (void **)&gomp.parallel},
		{"GOMP_task", (void **)&gomp.task},
		{"GOMP_taskwait", (void **)&gomp.taskwait},
		{"omp_get_thread_num", (void **)&gomp.thread_num},
		{"omp_get_num_threads", (void **)&gomp.num_threads},
	};
	return openmp_open(libraries, "libgomp1", symbols, ASSAY_COUNT_OF(symbols), err);
}

static void count_threads(void *argument)
{
	struct executor *executor = argument;
	if (gomp.thread_num() == 0)
		executor->got = gomp.num_threads();
}

/* The first region starts the runtime's threads; they are its own and bound by OMP_PLACES. */
static enum assay_code gomp_start(unsigned threads, const int *cpus, struct executor **ret,
				  struct assay_err *err)
{
	struct executor *executor = calloc(1, sizeof(*executor));
	if (!executor)
		return assay_fail(err, ASSAY_ENOMEM, "libgomp: out of memory");
	executor->threads = threads;
	gomp.parallel(count_threads, executor, threads, 0);
	if (executor->got != (int)threads) {
		enum assay_code code = assay_fail(err, ASSAY_EENV, "libgomp gave %d of %u threads",
						  executor->got, threads);
		free(executor);
		return code;
	}
	*ret = executor;
	return ASSAY_OK;
}

static void region(void *argument)
{
	struct executor *executor = argument;
	if (gomp.thread_num() == 0)
		executor->root->run(NULL, executor->root);
}

/* The region ends when all tasks are done. */
static void gomp_run(struct executor *executor, struct task *root)
{
	executor->root = root;
	gomp.parallel(region, executor, executor->threads, 0);
}

static void run_task(void *data)
{
	struct task *task = *(struct task **)data;
	task->run(NULL, task);
}

static void gomp_fork(struct worker *worker, struct task *task)
{
	gomp.task(run_task, &task, NULL, sizeof(task), _Alignof(struct task *), true, 0, NULL, 0,
		  NULL);
}

static void gomp_join(struct worker *worker, struct task *task)
{
	gomp.taskwait();
}

static void gomp_stop(struct executor *executor)
{
	free(executor);
}

static const struct executor_ops ops = {
	.start = gomp_start,
	.run = gomp_run,
	.fork = gomp_fork,
	.join = gomp_join,
	.stop = gomp_stop,
};

const struct assay_subject assay_subject_concurrency_libgomp = {
	.brief = "task and taskwait of gcc's OpenMP runtime",
	.ops = &ops,
	.probe = gomp_probe,
};
