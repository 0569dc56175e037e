/* SPDX-License-Identifier: MIT */
/*
 * irregular: all nodes of an unbalanced tree that nobody knows beforehand are counted, each child of a
 * node as a task. One operation is one node.
 *
 * What a node is follows from a hash of its place in the tree, so that any thread can go on from it.
 * `binomial`: the root has many children, each other node has 8 or none, so that nothing above a node
 * says how much is below it. `geometric`: a geometric number of children that shrinks with depth. The trees
 * are always the same; how many nodes they have is counted by plain recursion first, and must come out.
 */
#include <stdlib.h>

#include "suites/concurrency/executing.h"
#include "suites/concurrency/hashed_tree.h"

struct search {
	struct executor *executor;
	struct hashed_tree tree;
	uint64_t nodes;
};

struct visit {
	struct task task;
	const struct executor_ops *ops;
	const struct hashed_tree *tree;
	struct hashed_node node;
	uint64_t nodes; /* the result */
};

/* So many are on the stack at a time; a node with more has them in turns. */
enum { AT_A_TIME = 8 };

static void visit(struct worker *worker, struct task *task)
{
	struct visit *v = (struct visit *)task;
	unsigned children = hashed_tree_children(v->tree, &v->node);
	uint64_t nodes = 1;
	for (unsigned begun = 0; begun < children;) {
		struct visit below[AT_A_TIME];
		unsigned n = 0;
		for (; n < AT_A_TIME && begun < children; n++, begun++) {
			below[n].task.run = visit;
			below[n].ops = v->ops;
			below[n].tree = v->tree;
			below[n].node = hashed_tree_child(&v->node, begun);
			v->ops->fork(worker, &below[n].task);
		}
		while (n-- > 0) {
			v->ops->join(worker, &below[n].task);
			nodes += below[n].nodes;
		}
	}
	v->nodes = nodes;
}

static void setup(struct assay_run *run)
{
	struct search *s = calloc(1, sizeof(*s));
	if (!assay_check(run, s, "out of memory"))
		return;
	s->executor = executing_start(run);
	if (!s->executor) {
		free(s);
		return;
	}
	s->tree = assay_axis(run, "tree") == 0 ? HASHED_TREE_BINOMIAL : HASHED_TREE_GEOMETRIC;
	s->nodes = hashed_tree_count(&s->tree);
	assay_set_state(run, s);
	assay_set_ops_per_iteration(run, s->nodes);
}

static void teardown(struct assay_run *run)
{
	const struct executor_ops *ops = assay_subject(run);
	struct search *s = assay_state(run);
	if (s)
		ops->stop(s->executor);
	free(s);
}

static void body(struct assay_run *run)
{
	const struct executor_ops *ops = assay_subject(run);
	struct search *s = assay_state(run);
	struct visit root = {.task.run = visit,
			     .ops = ops,
			     .tree = &s->tree,
			     .node = hashed_tree_root(&s->tree)};
	uint64_t wrong = 0;

	ASSAY_LOOP (run) {
		root.nodes = 0;
		ops->run(s->executor, &root.task);
		wrong += root.nodes != s->nodes;
	}
	assay_check(run, wrong == 0, "%llu searches missed nodes of %llu, or saw them twice",
		    (unsigned long long)wrong, (unsigned long long)s->nodes);
	assay_counter(run, "nodes", s->nodes);
}

const struct assay_bench assay_bench_concurrency_irregular = {
	.brief = "the nodes of an unbalanced tree, counted by tasks",
	.source =
		"UTS: an unbalanced tree search benchmark [Olivier et al., LCPC 2006], with a hash "
		"of our own in the place of SHA-1",
	.body = body,
	.setup = setup,
	.teardown = teardown,
	.axes = ASSAY_AXES({"tree", "name", "binomial,geometric"}),
	.threads = "1..ncores",
	.own_threads = true,
	.thorough = true,
};
