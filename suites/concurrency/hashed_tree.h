/* SPDX-License-Identifier: MIT */
/*
 * hashed_tree: trees whose shape follows from a hash of each node's place, the same on every machine
 * [after Olivier et al., "UTS: an unbalanced tree search benchmark", LCPC 2006].
 *
 * A child's hash is that of its parent and its number mixed by the finaliser of splitmix64, which is a
 * bijection with good avalanche [Steele, Lea & Flood, OOPSLA 2014]; UTS has SHA-1, 40 times as dear.
 */
#ifndef ASSAY_SUITES_CONCURRENCY_HASHED_TREE_H
#define ASSAY_SUITES_CONCURRENCY_HASHED_TREE_H

#include <stdbool.h>
#include <stdint.h>

#include "harness/base/rng.h"

struct hashed_tree {
	uint64_t seed;
	unsigned root_children;
	bool binomial;
	/* binomial: `children` with the probability odds / 2^32, else none. geometric: at depth d the
	 * mean is root_children * (1 - d / depth), none from `depth` on. */
	unsigned children, depth;
	uint32_t odds;
};

/* Of 40,393 and 52,999 nodes. 8 children with the probability 0.1225: 0.98 children a node. */
#define HASHED_TREE_BINOMIAL                         \
	((struct hashed_tree){.seed = 42,            \
			      .root_children = 1000, \
			      .binomial = true,      \
			      .children = 8,         \
			      .odds = (uint32_t)(0.1225 * 4294967296.0)})
#define HASHED_TREE_GEOMETRIC ((struct hashed_tree){.seed = 19, .root_children = 5, .depth = 11})

struct hashed_node {
	uint64_t hash;
	unsigned depth;
};

static inline struct hashed_node hashed_tree_root(const struct hashed_tree *tree)
{
	uint64_t state = tree->seed;
	return (struct hashed_node){assay_splitmix(&state), 0};
}

static inline struct hashed_node hashed_tree_child(const struct hashed_node *node, unsigned i)
{
	uint64_t state = node->hash + i * 0xd1342543de82ef95u;
	return (struct hashed_node){assay_splitmix(&state), node->depth + 1};
}

/* How many children a node has. Integers only, so that all machines agree. */
static inline unsigned hashed_tree_children(const struct hashed_tree *tree,
					    const struct hashed_node *node)
{
	if (node->depth == 0)
		return tree->root_children;
	if (tree->binomial)
		return (uint32_t)node->hash < tree->odds ? tree->children : 0;
	if (node->depth >= tree->depth)
		return 0;
	/* geometric: one more with the probability mean / (mean + 1), again and again */
	uint64_t mean_parts = (uint64_t)tree->root_children * (tree->depth - node->depth);
	uint64_t state = node->hash, below = (mean_parts << 32) / (mean_parts + tree->depth);
	unsigned children = 0;
	while (children < 100 && (uint32_t)assay_splitmix(&state) < below)
		children++;
	return children;
}

/* Nodes of the whole tree, by plain recursion. */
uint64_t hashed_tree_count(const struct hashed_tree *tree);

#endif
