/* SPDX-License-Identifier: MIT */
/* concurrency: the interface of fork-join executors. */
#ifndef ASSAY_SUITES_CONCURRENCY_CONCURRENCY_H
#define ASSAY_SUITES_CONCURRENCY_CONCURRENCY_H

#include <stdatomic.h>

#include "harness/bench.h"

/* A running executor, and one of its threads; each subject has its own. */
struct executor;
struct worker;

/*
 * One task, usually the first member of a larger struct on the stack of the function that forks it.
 * The caller sets `run` before fork; the rest belongs to the executor until join has returned.
 */
struct task {
	void (*run)(struct worker *worker, struct task *task);
	_Atomic uintptr_t state;
};

/*
 * A task may fork any number of tasks, which may run on any thread from then on, and joins each of
 * them before it returns, the one forked last first. A task gets the worker that runs it, and
 * passes it to fork and join.
 */
struct executor_ops {
	/*
	 * Start `threads` threads, the caller of run() being one of them; thread i runs on CPU
	 * cpus[i] unless that is negative. The caller's own place (cpus[0]) is the caller's business.
	 */
	enum assay_code (*start)(unsigned threads, const int *cpus, struct executor **ret,
				 struct assay_err *err);
	/* Run `root` and all that it forks; returns when it has returned. One call at a time. */
	void (*run)(struct executor *executor, struct task *root);
	void (*fork)(struct worker *worker, struct task *task);
	void (*join)(struct worker *worker, struct task *task);
	/* All threads are gone afterwards, or idle where a runtime keeps them for the process. */
	void (*stop)(struct executor *executor);
};

#endif
