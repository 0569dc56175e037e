/* SPDX-License-Identifier: MIT */
/* hashed_tree: the plain count. */
#include "suites/concurrency/hashed_tree.h"

static uint64_t count_from(const struct hashed_tree *tree, struct hashed_node node)
{
	unsigned children = hashed_tree_children(tree, &node);
	uint64_t nodes = 1;
	for (unsigned i = 0; i < children; i++)
		nodes += count_from(tree, hashed_tree_child(&node, i));
	return nodes;
}

uint64_t hashed_tree_count(const struct hashed_tree *tree)
{
	return count_from(tree, hashed_tree_root(tree));
}
