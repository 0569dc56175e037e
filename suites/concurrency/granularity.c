/* SPDX-License-Identifier: MIT */
/*
 * granularity: the smallest task at which half of the threads' time goes into the tasks themselves. One
 * operation is one search for it; its figure is that task's length, not the time the search took.
 *
 * The search begins with tasks of about 30 us and halves them. At each length it times a tree of such tasks,
 * as in spawn, and the same work in a plain loop on one thread: efficiency is the loop's time over that of
 * all threads. Between the last length above one half and the first below, it interpolates. Of two
 * trees the faster counts: one interruption would otherwise end the search.
 */
#include <stdlib.h>

#include "harness/base/clock.h"
#include "suites/concurrency/executing.h"

enum { STEPS_MOST = 32768, STEPS_LEAST = 4, TREES = 2, TASKS_LEAST = 32, TASKS_MOST = 2048 };
#define STEPS_OF_A_TREE (1u << 19)

struct grains {
	const struct executor_ops *ops;
	struct executor *executor;
	unsigned threads;
};

/* A leaf works; a node forks one half and calls the other. */
struct grain {
	struct task task;
	const struct executor_ops *ops;
	unsigned leaves, steps;
	uint64_t sum;
};

/* What one efficiency was measured at. */
struct point {
	double task_ns, efficiency;
};

/* Steps that depend on each other, a multiplication each, about a nanosecond. */
static ASSAY_NOIPA uint64_t work(unsigned steps, uint64_t x)
{
	for (unsigned i = 0; i < steps; i++)
		x = x * 0xd1342543de82ef95u + 1;
	return x;
}

static void run_grain(struct worker *worker, struct task *task)
{
	struct grain *g = (struct grain *)task;
	if (g->leaves == 1) {
		g->sum = work(g->steps, g->steps);
		return;
	}
	struct grain left = *g, right = *g;
	left.leaves = g->leaves / 2;
	right.leaves = g->leaves - left.leaves;
	g->ops->fork(worker, &left.task);
	run_grain(worker, &right.task);
	g->ops->join(worker, &left.task);
	g->sum = left.sum + right.sum;
}

/* False: the tree's sum is wrong. */
static bool measure(const struct grains *g, unsigned steps, struct point *ret)
{
	unsigned tasks = STEPS_OF_A_TREE / steps;
	tasks = tasks > TASKS_MOST ? TASKS_MOST : tasks < TASKS_LEAST ? TASKS_LEAST : tasks;
	uint64_t begin_ns = assay_now_ns(), sum = 0, best_ns = UINT64_MAX;
	for (unsigned i = 0; i < tasks; i++)
		sum += work(steps, steps);
	uint64_t plain_ns = assay_now_ns() - begin_ns;
	for (int i = 0; i < TREES; i++) {
		struct grain root = {
			.task.run = run_grain, .ops = g->ops, .leaves = tasks, .steps = steps};
		begin_ns = assay_now_ns();
		g->ops->run(g->executor, &root.task);
		uint64_t tree_ns = assay_now_ns() - begin_ns;
		best_ns = tree_ns < best_ns ? tree_ns : best_ns;
		if (root.sum != sum)
			return false;
	}
	ret->task_ns = (double)plain_ns / tasks;
	ret->efficiency = (double)plain_ns / (double)best_ns / g->threads;
	return true;
}

/* The length at which the line between the two points passes one half. */
static double between(struct point above, struct point below)
{
	double share = (above.efficiency - 0.5) / (above.efficiency - below.efficiency);
	return above.task_ns + share * (below.task_ns - above.task_ns);
}

/* The length searched for, or less than 0 when a sum is wrong. */
static double search(const struct grains *g, double *ret_best)
{
	struct point last = {0};
	*ret_best = 0;
	for (unsigned steps = STEPS_MOST; steps >= STEPS_LEAST; steps /= 2) {
		struct point point;
		if (!measure(g, steps, &point))
			return -1;
		if (point.efficiency > *ret_best)
			*ret_best = point.efficiency;
		if (point.efficiency < 0.5)
			return steps == STEPS_MOST ? point.task_ns : between(last, point);
		last = point;
	}
	return last.task_ns;
}

static void setup(struct assay_run *run)
{
	struct grains *g = calloc(1, sizeof(*g));
	if (!assay_check(run, g, "out of memory"))
		return;
	g->ops = assay_subject(run);
	g->threads = assay_threads(run);
	g->executor = executing_start(run);
	if (g->executor)
		assay_set_state(run, g);
	else
		free(g);
}

static void teardown(struct assay_run *run)
{
	struct grains *g = assay_state(run);
	if (g)
		g->ops->stop(g->executor);
	free(g);
}

static void body(struct assay_run *run)
{
	const struct grains *g = assay_state(run);
	double total_ns = 0, best = 0;
	bool right = true;

	ASSAY_LOOP (run) {
		double task_ns = search(g, &best);
		right &= task_ns >= 0;
		total_ns += task_ns;
	}
	if (!assay_check(run, right, "a tree of tasks gave a wrong sum"))
		return;
	assay_set_elapsed_ns(run, total_ns);
	assay_metric(run, "best_efficiency", "ratio", ASSAY_HIGHER, best);
}

const struct assay_bench assay_bench_concurrency_granularity = {
	.brief = "length of the smallest task at which half of the time is work",
	.source = "METG of Task Bench [Slaughter et al., SC 2020], on a fork-join tree",
	.body = body,
	.setup = setup,
	.teardown = teardown,
	.threads = "1..ncores",
	.own_threads = true,
	.thorough = true,
};
