/* SPDX-License-Identifier: MIT */
/*
 * granularity: the smallest task at which half of the threads' time goes into the tasks themselves. One
 * operation is one search for it; its figure is that task's length, not the time the search took.
 *
 * The search begins with tasks of about 30 us and halves them, or doubles them up to about 0.3 ms. At each
 * length it times a tree of such tasks, as in spawn, and the same work in a plain loop on one thread: efficiency
 * is the loop's time over that of all threads. Between the last length on one side of one half and the first on the
 * other, it interpolates. Of two trees the faster counts, and of two loops: one interruption would otherwise
 * end the search, or go on with it.
 */
#include <stdlib.h>

#include "harness/base/clock.h"
#include "suites/concurrency/executing.h"

enum { STEPS_FIRST = 32768, STEPS_MOST = 1 << 18, STEPS_LEAST = 4, TREES = 2 };
enum { TASKS_LEAST = 32, TASKS_OF_A_THREAD = 8, TASKS_MOST = 2048 };
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

/* The same work in a plain loop, and its sum. */
static uint64_t time_loop(unsigned steps, unsigned tasks, uint64_t *ret_sum)
{
	uint64_t begin_ns = assay_now_ns(), sum = 0;
	for (unsigned i = 0; i < tasks; i++)
		sum += work(steps, steps);
	*ret_sum = sum;
	return assay_now_ns() - begin_ns;
}

/* False: the tree's sum is wrong. */
static bool measure(const struct grains *g, unsigned steps, struct point *ret)
{
	unsigned tasks = STEPS_OF_A_TREE / steps;
	/* or the last of few tasks, and not their length, would keep threads idle */
	unsigned least = TASKS_OF_A_THREAD * g->threads;
	least = least > TASKS_LEAST ? least : TASKS_LEAST;
	tasks = tasks > TASKS_MOST ? TASKS_MOST : tasks;
	tasks = tasks < least ? least : tasks;
	uint64_t sum = 0, plain_ns = UINT64_MAX, best_ns = UINT64_MAX;
	for (int i = 0; i < TREES; i++) {
		uint64_t loop_ns = time_loop(steps, tasks, &sum);
		plain_ns = loop_ns < plain_ns ? loop_ns : plain_ns;
		struct grain root = {
			.task.run = run_grain, .ops = g->ops, .leaves = tasks, .steps = steps};
		uint64_t begin_ns = assay_now_ns();
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

/*
 * The length searched for, or less than 0 when a sum is wrong: shorter and shorter tasks while more than half is work,
 * longer and longer ones where it was not. At either end of the search, that end.
 */
static double search(const struct grains *g, double *ret_best)
{
	struct point last, point;
	unsigned steps = STEPS_FIRST;
	if (!measure(g, steps, &point))
		return -1;
	*ret_best = point.efficiency;
	for (bool longer = point.efficiency < 0.5;;) {
		last = point;
		steps = longer ? steps * 2 : steps / 2;
		if (steps > STEPS_MOST || steps < STEPS_LEAST)
			return last.task_ns;
		if (!measure(g, steps, &point))
			return -1;
		if (point.efficiency > *ret_best)
			*ret_best = point.efficiency;
		if ((point.efficiency < 0.5) != longer)
			return longer ? between(point, last) : between(last, point);
	}
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
	.version = 1,
};
