/* SPDX-License-Identifier: MIT */
/* null: runs every task by a plain call when it is joined; the serial cost of the tree itself. */
#include "suites/concurrency/concurrency.h"

struct executor {
	char nothing;
};

static enum assay_code null_start(unsigned threads, const int *cpus, struct executor **ret,
				  struct assay_err *err)
{
	static struct executor executor; /* never written: there is no state to keep */
	*ret = &executor;
	return ASSAY_OK;
}

static void null_run(struct executor *executor, struct task *root)
{
	root->run(NULL, root);
}

static void null_fork(struct worker *worker, struct task *task)
{
}

static void null_join(struct worker *worker, struct task *task)
{
	task->run(worker, task);
}

static void null_stop(struct executor *executor)
{
}

static const struct executor_ops ops = {
	.start = null_start,
	.run = null_run,
	.fork = null_fork,
	.join = null_join,
	.stop = null_stop,
};

const struct assay_subject assay_subject_concurrency_null = {
	.brief = "plain calls on one thread: the serial cost of the tree",
	.ops = &ops,
	.is_null = true,
};
