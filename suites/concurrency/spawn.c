/* SPDX-License-Identifier: MIT */
/*
 * spawn: one fork-join tree that spawns exactly `tasks` empty tasks, every node forking one branch
 * and calling the other.
 *
 * The tasks do nothing, so the time is the executor's. It is linear in the number of tasks: the
 * slope is the cost of a task, the rest the cost of entering and leaving. The tree returns its
 * number of leaves, which is right only when every task has run exactly once before its join ended.
 */
#include "harness/base/clock.h"
#include "suites/concurrency/executing.h"

struct branch {
	struct task task;
	const struct executor_ops *ops;
	uint64_t tasks;
	uint64_t leaves; /* the result */
};

static uint64_t grow(const struct executor_ops *ops, struct worker *worker, uint64_t tasks);

static void run_branch(struct worker *worker, struct task *task)
{
	struct branch *branch = (struct branch *)task;
	branch->leaves = grow(branch->ops, worker, branch->tasks);
}

/* A tree that spawns `tasks` tasks has tasks + 1 leaves. */
static uint64_t grow(const struct executor_ops *ops, struct worker *worker, uint64_t tasks)
{
	if (tasks == 0)
		return 1;
	struct branch left;
	left.task.run = run_branch;
	left.ops = ops;
	left.tasks = (tasks - 1) / 2;
	ops->fork(worker, &left.task);
	uint64_t right = grow(ops, worker, tasks - 1 - left.tasks);
	ops->join(worker, &left.task);
	return left.leaves + right;
}

static void setup(struct assay_run *run)
{
	assay_set_state(run, executing_start(run));
}

static void teardown(struct assay_run *run)
{
	const struct executor_ops *ops = assay_subject(run);
	struct executor *executor = assay_state(run);
	if (executor)
		ops->stop(executor);
}

static void body(struct assay_run *run)
{
	const struct executor_ops *ops = assay_subject(run);
	struct executor *executor = assay_state(run);
	uint64_t tasks = (uint64_t)assay_axis(run, "tasks");
	struct branch root = {.task.run = run_branch, .ops = ops, .tasks = tasks};
	uint64_t trees = 0, wrong = 0;

	uint64_t begin_ns = assay_now_ns();
	ASSAY_LOOP (run) {
		root.leaves = 0;
		ops->run(executor, &root.task);
		wrong += root.leaves != tasks + 1;
		trees++;
	}
	uint64_t elapsed_ns = assay_now_ns() - begin_ns;
	assay_check(run, wrong == 0, "%llu of %llu trees of %llu tasks returned a wrong sum",
		    (unsigned long long)wrong, (unsigned long long)trees,
		    (unsigned long long)tasks);
	if (trees && tasks)
		assay_metric(run, "task", "ns", ASSAY_LOWER,
			     (double)elapsed_ns / (double)trees / (double)tasks);
}

const struct assay_bench assay_bench_concurrency_spawn = {
	.brief = "fork-join tree of empty tasks, one branch spawned and one called",
	.source =
		"parallel Fibonacci of Cilk-5 [Frigo, Leiserson & Randall, PLDI 1998], with a "
		"balanced tree; linear in the number of tasks as in forkbench of iu-parfunc",
	.body = body,
	.setup = setup,
	.teardown = teardown,
	.axes = ASSAY_AXES({"tasks", "count", "1Ki,8Ki,64Ki", "8Ki"}),
	.threads = "1..ncores",
	.own_threads = true,
};
