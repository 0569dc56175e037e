/* SPDX-License-Identifier: MIT */
/* tbb: the task groups of oneTBB; see tbb_tasks.cc. */
#include "suites/concurrency/concurrency.h"
#include "suites/concurrency/tbb_tasks.h"

#if ASSAY_HAVE_TBB

/* ThreadSanitizer cannot see into the library, which is not built with it. */
#if ASSAY_TSAN
#define WATCHED 1
#elif defined(__has_feature)
#define WATCHED __has_feature(thread_sanitizer)
#else
#define WATCHED 0
#endif

static enum assay_code start(unsigned threads, const int *cpus, struct executor **ret,
			     struct assay_err *err)
{
	char why[200] = "";
	struct tbb_pool *pool = tbb_start(threads, cpus, why, sizeof(why));
	if (!pool)
		return assay_fail(err, ASSAY_EENV, "TBB refused %u threads: %s", threads, why);
	*ret = (struct executor *)pool;
	return ASSAY_OK;
}

static void run(struct executor *executor, struct task *root)
{
	tbb_run((struct tbb_pool *)executor, root->run, root);
}

static void fork_task(struct worker *worker, struct task *task)
{
	/* relaxed: read by the same thread, at the join */
	atomic_store_explicit(&task->state, (uintptr_t)tbb_fork(task->run, task),
			      memory_order_relaxed);
}

static void join(struct worker *worker, struct task *task)
{
	tbb_join((void *)atomic_load_explicit(&task->state, memory_order_relaxed));
}

static void stop(struct executor *executor)
{
	tbb_stop((struct tbb_pool *)executor);
}

static const struct executor_ops ops = {
	.start = start, .run = run, .fork = fork_task, .join = join, .stop = stop};

static enum assay_code probe(struct assay_err *err)
{
	return WATCHED ? assay_fail(err, ASSAY_SKIP,
				    "ThreadSanitizer does not see how TBB synchronises")
		       : ASSAY_OK;
}

#else

static const struct executor_ops ops = {0};

static enum assay_code probe(struct assay_err *err)
{
	return assay_fail(err, ASSAY_SKIP,
			  "built without TBB (option 'tbb', a C++ compiler and libtbb-dev)");
}

#endif

const struct assay_subject assay_subject_concurrency_tbb = {
	.brief = "task groups of oneTBB, used again",
	.ops = &ops,
	.probe = probe,
};
