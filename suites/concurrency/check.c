/* SPDX-License-Identifier: MIT */
/*
 * check: the oracle of suites/concurrency. Random irregular trees, computed by an executor and by
 * plain recursion; executors are started and stopped in between, and left alone until they sleep.
 */
#include <inttypes.h>
#include <sched.h>
#include <stdlib.h>
#include <time.h>

#include "harness/base/rng.h"
#include "suites/concurrency/balancer.h"
#include "suites/concurrency/concurrency.h"
#include "suites/concurrency/front.h"
#include "suites/concurrency/jobs.h"
#include "suites/concurrency/lock.h"
#include "suites/concurrency/queue.h"
#include "suites/concurrency/reading.h"
#include "suites/concurrency/waking.h"
#include "suites/concurrency/web_server.h"

#define CHILDREN_MAX 6
#define TREES        6
#define ROUNDS       2
#define THREADS_MAX  4
#define WIDE         3000 /* forks by one task: more than an executor may care to queue */
#define DEEP         400  /* each task forks one: nothing to run beside it */

/* The shape of a tree follows from a seed: how many children a node has, which of them are forked. */
struct shape {
	uint64_t random;
	unsigned children;
	unsigned depth;
};

struct node {
	struct task task;
	const struct executor_ops *ops;
	uint64_t seed;
	unsigned depth;
	uint64_t sum;
	_Atomic unsigned runs; /* times it has run: exactly 1 after join */
	uint64_t broken;       /* tasks below that had not run exactly once when joined */
};

static struct shape shape_of(uint64_t seed, unsigned depth)
{
	uint64_t state = seed;
	struct shape shape = {.random = assay_splitmix(&state), .depth = depth};
	/* many leaves high up, so that subtrees differ in size by orders of magnitude */
	if (depth > 0 && shape.random % 4 != 0)
		shape.children = 1 + (unsigned)(shape.random >> 8) % CHILDREN_MAX;
	return shape;
}

static uint64_t child_seed(const struct shape *shape, unsigned child)
{
	return shape->random + child * 0x9e3779b97f4a7c15u;
}

/* Order matters in it, so results that end up with the wrong sibling are seen. */
static uint64_t combine(uint64_t sum, uint64_t child_sum)
{
	return (sum ^ child_sum) * 0xd1342543de82ef95u + 1;
}

static uint64_t reference(uint64_t seed, unsigned depth)
{
	struct shape shape = shape_of(seed, depth);
	uint64_t sum = shape.random;
	for (unsigned i = 0; i < shape.children; i++)
		sum = combine(sum, reference(child_seed(&shape, i), depth - 1));
	return sum;
}

/* Something to do for some tasks, a few for long enough that thieves come, finish and fall asleep. */
static void dawdle(uint64_t random)
{
	if ((random >> 32) % 2048 == 0)
		nanosleep(&(struct timespec){0, 100000}, NULL);
	else if ((random >> 32) % 64 == 0)
		sched_yield();
}

static void run_node(struct worker *worker, struct task *task)
{
	struct node *node = (struct node *)task;
	atomic_fetch_add_explicit(&node->runs, 1, memory_order_relaxed);
	struct shape shape = shape_of(node->seed, node->depth);
	struct node children[CHILDREN_MAX];
	uint64_t sum = shape.random;
	for (unsigned i = 0; i < shape.children; i++) {
		children[i] = (struct node){.task.run = run_node,
					    .ops = node->ops,
					    .seed = child_seed(&shape, i),
					    .depth = node->depth - 1};
		if (shape.random >> (16 + i) & 1)
			node->ops->fork(worker, &children[i].task);
		else
			run_node(worker, &children[i].task);
	}
	dawdle(shape.random);
	for (unsigned i = shape.children; i-- > 0;)
		if (shape.random >> (16 + i) & 1)
			node->ops->join(worker, &children[i].task);
	for (unsigned i = 0; i < shape.children; i++) {
		sum = combine(sum, children[i].sum);
		node->broken +=
			children[i].broken +
			(atomic_load_explicit(&children[i].runs, memory_order_relaxed) != 1);
	}
	node->sum = sum;
}

static enum assay_code check_tree(const struct executor_ops *ops, struct executor *executor,
				  uint64_t seed, unsigned depth, struct assay_err *err)
{
	struct node root = {.task.run = run_node, .ops = ops, .seed = seed, .depth = depth};
	ops->run(executor, &root.task);
	if (root.broken)
		return assay_fail(err, ASSAY_ECHECK,
				  "tree %" PRIx64 ": %" PRIu64
				  " tasks had not run exactly once when joined",
				  seed, root.broken);
	uint64_t expected = reference(seed, depth);
	if (root.sum != expected)
		return assay_fail(err, ASSAY_ECHECK,
				  "tree %" PRIx64 " gave %" PRIx64 ", plain recursion %" PRIx64,
				  seed, root.sum, expected);
	return ASSAY_OK;
}

/* Trees of one kind: a node that forks many leaves, and a chain of nodes that fork one each. */
struct link {
	struct task task;
	const struct executor_ops *ops;
	unsigned below;
	uint64_t sum;
};

static void run_chain(struct worker *worker, struct task *task)
{
	struct link *link = (struct link *)task;
	struct link next = {.task.run = run_chain, .ops = link->ops, .below = link->below - 1};
	if (link->below > 0) {
		link->ops->fork(worker, &next.task);
		link->ops->join(worker, &next.task);
	}
	link->sum = link->below + next.sum;
}

static void run_leaf(struct worker *worker, struct task *task)
{
	struct link *link = (struct link *)task;
	link->sum = link->below;
}

static void run_wide(struct worker *worker, struct task *task)
{
	struct link *root = (struct link *)task;
	struct link *leaves = calloc(root->below, sizeof(*leaves));
	if (!leaves)
		return; /* the sum is wrong then */
	for (unsigned i = 0; i < root->below; i++) {
		leaves[i].task.run = run_leaf;
		leaves[i].below = i + 1;
		root->ops->fork(worker, &leaves[i].task);
	}
	for (unsigned i = root->below; i-- > 0;) {
		root->ops->join(worker, &leaves[i].task);
		root->sum += leaves[i].sum;
	}
	free(leaves);
}

/* Both sum up 1..below. */
static enum assay_code check_extreme(const struct executor_ops *ops, struct executor *executor,
				     const char *name, void (*run)(struct worker *, struct task *),
				     unsigned below, struct assay_err *err)
{
	struct link root = {.task.run = run, .ops = ops, .below = below};
	ops->run(executor, &root.task);
	uint64_t expected = (uint64_t)below * (below + 1) / 2;
	if (root.sum != expected)
		return assay_fail(err, ASSAY_ECHECK,
				  "a %s of %u tasks summed up to %" PRIu64 ", not %" PRIu64, name,
				  below, root.sum, expected);
	return ASSAY_OK;
}

static enum assay_code drive(const struct executor_ops *ops, struct executor *executor,
			     struct assay_rng *rng, struct assay_err *err)
{
	enum assay_code code = ASSAY_OK;
	for (unsigned i = 0; i < TREES && code == ASSAY_OK; i++)
		code = check_tree(ops, executor, assay_rng_next(rng), 3 + i, err);
	if (code == ASSAY_OK)
		code = check_extreme(ops, executor, "fan", run_wide, WIDE, err);
	/* long enough for idle threads to give up their processors; the next task must wake them */
	nanosleep(&(struct timespec){0, 300000}, NULL);
	if (code == ASSAY_OK)
		code = check_extreme(ops, executor, "chain", run_chain, DEEP, err);
	return code;
}

static enum assay_code check_once(const struct executor_ops *ops, unsigned threads,
				  struct assay_rng *rng, struct assay_err *err)
{
	const int cpus[THREADS_MAX] = {-1, -1, -1, -1};
	struct executor *executor;
	enum assay_code code = ops->start(threads, cpus, &executor, err);
	if (code != ASSAY_OK)
		return code;
	code = drive(ops, executor, rng, err);
	ops->stop(executor);
	/* never used between start and stop: threads may not even have begun */
	if (code == ASSAY_OK)
		code = ops->start(threads, cpus, &executor, err);
	if (code == ASSAY_OK)
		ops->stop(executor);
	return code;
}

static enum assay_code check(const struct assay_subject *subject, uint64_t seed,
			     struct assay_err *err)
{
	if (subject->interface && strcmp(subject->interface, BALANCER_INTERFACE) == 0)
		return balancer_check(subject->ops, seed, err);
	if (subject->interface && strcmp(subject->interface, WEB_SERVER_INTERFACE) == 0)
		return web_server_check(subject->ops, err);
	if (subject->interface && strcmp(subject->interface, FRONT_INTERFACE) == 0)
		return front_check(subject->ops, err);
	if (subject->interface && strcmp(subject->interface, JOB_POOL_INTERFACE) == 0)
		return jobs_check(subject->ops, seed, err);
	if (subject->interface && strcmp(subject->interface, QUEUE_INTERFACE) == 0)
		return queue_check(subject, seed, err);
	if (subject->interface && strcmp(subject->interface, LOCK_INTERFACE) == 0)
		return lock_check(subject, seed, err);
	if (subject->interface && strcmp(subject->interface, READING_INTERFACE) == 0)
		return reading_check(subject, seed, err);
	if (subject->interface && strcmp(subject->interface, WAKING_INTERFACE) == 0)
		return waking_check(subject, seed, err);
	struct assay_rng rng;
	assay_rng_init(&rng, seed);
	for (unsigned round = 0; round < ROUNDS; round++) {
		for (unsigned threads = 1; threads <= THREADS_MAX; threads++) {
			enum assay_code code = check_once(subject->ops, threads, &rng, err);
			if (code != ASSAY_OK)
				return assay_context(err, code, "%u threads, round %u", threads,
						     round);
		}
	}
	return ASSAY_OK;
}

const struct assay_suite assay_suite_concurrency = {
	.brief = "fork-join executors: cost of a task, correctness under threads",
	.interface = "executor",
	.check = check,
};
