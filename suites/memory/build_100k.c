/* SPDX-License-Identifier: MIT */
/* build_100k: a structure of so many elements built, gone through, and released; and whether that is linear. */
#include <math.h>
#include <stdlib.h>

#include "harness/base/clock.h"
#include "suites/memory/memory.h"
#include "suites/memory/memory_use.h"

/* In the order of the axis "kind". */
enum build_kind { BUILD_LIST, BUILD_TREE, BUILD_VECTOR };

struct node {
	struct node *left, *right; /* a list has only right */
	uint64_t key;
};

struct built {
	struct node *root;
	uint64_t *vector;
	size_t n, capacity;
	bool refused;
};

/* A bijection: keys in an order that keeps the tree shallow. */
static uint64_t key_of(size_t i)
{
	return (uint64_t)i * 0x9e3779b97f4a7c15u;
}

static struct node *new_node(struct built *b, const struct allocator *a, size_t i)
{
	struct node *node = a->alloc(sizeof(*node));

	if (node)
		*node = (struct node){NULL, NULL, key_of(i)};
	else
		b->refused = true;
	return node;
}

static void insert(struct built *b, struct node *node)
{
	struct node **link = &b->root;

	while (*link)
		link = node->key < (*link)->key ? &(*link)->left : &(*link)->right;
	*link = node;
}

static void append(struct built *b, const struct allocator *a, uint64_t key)
{
	if (b->n == b->capacity) {
		size_t capacity = b->capacity ? 2 * b->capacity : 16;
		uint64_t *grown = a->alloc(capacity * sizeof(*grown));
		if (!grown) {
			b->refused = true;
			return;
		}
		if (b->vector) {
			memcpy(grown, b->vector, b->n * sizeof(*grown));
			a->release(b->vector, b->capacity * sizeof(*grown));
		}
		b->vector = grown;
		b->capacity = capacity;
	}
	b->vector[b->n++] = key;
}

static void build(struct built *b, const struct allocator *a, enum build_kind kind, size_t n)
{
	struct node *last = NULL;

	for (size_t i = 0; i < n && !b->refused; i++) {
		struct node *node = NULL;
		if (kind == BUILD_VECTOR)
			append(b, a, key_of(i));
		else
			node = new_node(b, a, i);
		if (kind == BUILD_TREE && node)
			insert(b, node);
		if (kind == BUILD_LIST && node) {
			*(last ? &last->right : &b->root) = node;
			last = node;
		}
	}
}

/* The sum of all keys, taking the structure apart; nodes are released unless a scope will do that. */
static uint64_t take_apart(struct built *b, const struct allocator *a, bool scoped)
{
	uint64_t sum = 0;
	struct node *node = b->root;

	for (size_t i = 0; i < b->n; i++)
		sum += b->vector[i];
	while (node) {
		struct node *left = node->left;
		if (left) { /* turn the tree until there is nothing on the left */
			node->left = left->right;
			left->right = node;
			node = left;
			continue;
		}
		struct node *next = node->right;
		sum += node->key;
		if (!scoped)
			a->release(node, sizeof(*node));
		node = next;
	}
	if (b->vector && !scoped)
		a->release(b->vector, b->capacity * sizeof(*b->vector));
	return sum;
}

/* One life. False when memory ran out or the sum is wrong. */
static bool live(const struct allocator *a, enum build_kind kind, size_t n)
{
	struct built b = {0};
	uint64_t sum;

	if (a->scope_begin)
		a->scope_begin();
	build(&b, a, kind, n);
	sum = take_apart(&b, a, a->scope_begin != NULL);
	if (a->scope_end)
		a->scope_end();
	return !b.refused && sum == 0x9e3779b97f4a7c15u * ((uint64_t)n * (n - 1) / 2);
}

static double least_ns(const struct allocator *a, enum build_kind kind, size_t n)
{
	enum { TRIES = 3 };
	double least = INFINITY;

	for (int i = 0; i < TRIES; i++) {
		uint64_t began = assay_now_ns();
		live(a, kind, n);
		least = fmin(least, (double)(assay_now_ns() - began));
	}
	return least;
}

/* The exponent p of time ~ n^p over n/64 to n, by least squares of the logarithms: 1 is linear. */
static double order_of(const struct allocator *a, enum build_kind kind, size_t n)
{
	enum { POINTS = 4 };
	double sx = 0, sy = 0, sxx = 0, sxy = 0;

	for (int i = 0; i < POINTS; i++) {
		double x = log((double)(n >> 2 * i)), y = log(least_ns(a, kind, n >> 2 * i));
		sx += x;
		sy += y;
		sxx += x * x;
		sxy += x * y;
	}
	return (POINTS * sxy - sx * sy) / (POINTS * sxx - sx * sx);
}

/* What is asked for in the end; a vector that grows has had half of it besides. */
static size_t element_bytes(enum build_kind kind)
{
	return kind == BUILD_VECTOR ? sizeof(uint64_t) : sizeof(struct node);
}

static void setup(struct assay_run *run)
{
	const struct allocator *a = assay_subject(run);
	double count = assay_axis(run, "count");
	struct memory_watch *watch = calloc(1, sizeof(*watch));

	assay_set_state(run, watch);
	if (!assay_check(run, watch != NULL, "no memory"))
		return;
	memory_watch_begin(watch, run, 0);
	if (!a->keeps_content)
		assay_skip(run, "a structure in memory that is handed out twice never ends");
	else if (count < 64 || count > 1e9)
		assay_skip(run, "count must be 64 to 1e9");
	else
		assay_set_ops_per_iteration(run, (uint64_t)count);
}

static void teardown(struct assay_run *run)
{
	free(assay_state(run));
}

static void body(struct assay_run *run)
{
	const struct allocator *a = assay_subject(run);
	enum build_kind kind = (enum build_kind)assay_axis(run, "kind");
	size_t count = (size_t)assay_axis(run, "count");
	const struct memory_watch *watch = assay_state(run);
	bool right = true;
	long faults = memory_faults();
	ASSAY_LOOP (run)
		right &= live(a, kind, count);
	if (!assay_check(run, right, "memory ran out, or the keys do not add up"))
		return;
	assay_metric(run, "faults", "per op", ASSAY_LOWER,
		     (double)(memory_faults() - faults) / (double)count);
	memory_watch_report(watch, run, (double)(count * element_bytes(kind)));
	assay_metric(run, "rss_after_free", "B", ASSAY_LOWER,
		     memory_watch_above(watch, memory_rss()));
	assay_metric(run, "order", "exponent", ASSAY_LOWER, order_of(a, kind, count));
}

const struct assay_bench assay_bench_memory_build_100k = {
	.brief = "a list, tree or vector built, gone through and released, per element",
	.source = "the allocation test of the report that made the claim, in C",
	.claim = "S0.alloc100k",
	.body = body,
	.setup = setup,
	.teardown = teardown,
	.axes = ASSAY_AXES({"kind", "name", "list,tree,vector", "list"},
			   {"count", "", "1000..10000000:x10", "100000"}),
	.mode = ASSAY_ONCE,
};
