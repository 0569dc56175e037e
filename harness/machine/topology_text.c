/* SPDX-License-Identifier: MIT */
/* topology_text: the topology for people, an indented tree in which equal siblings are folded. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "harness/machine/tree.h"

enum {
	COLUMN = 50, /* where CPU numbers start */
	WIDTH = 80,
	INDENT = 2,
};

/* 34359738368 as "32 GiB"; sizes of memory are rounded, sizes of caches exact. */
static void add_bytes(struct assay_str *s, uint64_t bytes)
{
	static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
	double value = (double)bytes;
	size_t unit = 0;
	while (value >= 1024 && unit + 1 < ASSAY_COUNT_OF(units)) {
		value /= 1024;
		unit++;
	}
	bool whole = value == (double)(uint64_t)value;
	assay_str_add(s, "%.*f %s", whole || value >= 100 ? 0 : 1, value, units[unit]);
}

static void add_count(struct assay_str *s, size_t n, const char *noun)
{
	assay_str_add(s, "%zu %s%s", n, noun, n == 1 ? "" : "s");
}

/* Siblings of equal shape, one after the other. */
static size_t run_length(const struct tree_node *first)
{
	size_t n = 1;
	for (const struct tree_node *next = first->next; next && tree_equal(first, next);
	     next = next->next)
		n++;
	return n;
}

/* Does it hold exactly one object? */
static bool single(const struct tree_node *node)
{
	return node->children && node->children == node->last;
}

struct usage {
	size_t all, usable;
	int kind;
};

static void count_usage(const struct tree_node *pu, void *state)
{
	struct usage *usage = state;
	usage->all++;
	usage->usable += pu->usable;
	usage->kind = pu->kind;
}

static void add_core(struct assay_str *label, const struct tree_node *core)
{
	struct usage usage = {0};
	tree_each_pu(core, count_usage, &usage);
	if (usage.all > 1)
		assay_str_add(label, "%zu-thread ", usage.all);
	assay_str_add(label, "core");
	if (usage.kind >= 0)
		assay_str_add(label, ", kind %d", usage.kind);
}

/* What one object says about itself; nothing for those without a word of their own. */
static void add_self(struct assay_str *label, const struct tree_node *node)
{
	const char *separator = label->length ? ", " : "";
	if (node->type == TREE_PACKAGE)
		assay_str_add(label, "%spackage", separator);
	else if (node->type == TREE_DIE)
		assay_str_add(label, "%sdie", separator);
	else if (node->type == TREE_CACHE) {
		assay_str_add(label, "%sL%u%s ", separator, node->level,
			      node->level == 1 ? "d" : "");
		add_bytes(label, node->bytes);
	} else if (node->type == TREE_CORE) {
		assay_str_add(label, "%s", separator);
		add_core(label, node);
	} else if (node->type == TREE_PU) {
		assay_str_add(label, "%shardware thread", separator);
	}
}

/*
 * NUMA nodes of this object. Their sizes are shown only when they add up to the machine's memory:
 * where memory was plugged in later, the nodes' own counts miss it.
 */
static void add_memory(struct assay_str *label, const struct tree_node *node, bool with_sizes)
{
	for (const struct tree_node *memory = node->memory; memory; memory = memory->next) {
		assay_str_add(label, "%sNUMA node", label->length ? ", " : "");
		if (memory->bytes && with_sizes) {
			assay_str_add(label, " ");
			add_bytes(label, memory->bytes);
		}
	}
}

/* The numbers of one sibling's CPUs after another's, as many as fit, and the last. */
static void add_cpus(struct assay_str *line, const struct tree_node *first, size_t n, size_t room)
{
	struct assay_str last = {0}, all = {0};
	const struct tree_node *node = first;
	for (size_t i = 1; i < n; i++)
		node = node->next;
	tree_cpus(node, &last);
	node = first;
	for (size_t i = 0; i < n; i++, node = node->next) {
		struct assay_str one = {0};
		tree_cpus(node, &one);
		size_t tail = i + 1 < n ? last.length + 5 : 0; /* " .. last" */
		bool fits = all.length + one.length + 1 + tail <= room;
		if (fits || i == 0)
			assay_str_add(&all, "%s%s", i ? " " : "", assay_str_text(&one));
		assay_str_done(&one);
		if (!fits) {
			if (n > 1)
				assay_str_add(&all, " .. %s", assay_str_text(&last));
			break;
		}
	}
	if (all.length > room && room > 3)
		assay_str_add(line, "%.*s...", (int)(room - 3), assay_str_text(&all));
	else
		assay_str_add(line, "%s", assay_str_text(&all));
	assay_str_done(&last);
	assay_str_done(&all);
}

static void add_line(struct assay_str *out, const struct assay_str *label, unsigned depth,
		     const struct tree_node *first, size_t n)
{
	struct usage usage = {0};
	tree_each_pu(first, count_usage, &usage);
	size_t start = out->length;
	assay_str_add(out, "%*s", (int)(depth * INDENT), "");
	if (n > 1)
		assay_str_add(out, "%zu x ", n);
	assay_str_add(out, "%s", assay_str_text(label));
	if (!usage.usable)
		assay_str_add(out, " (not usable here)");
	size_t used = out->length - start;
	size_t pad = used + 2 <= COLUMN ? COLUMN - used : 2;
	assay_str_add(out, "%*s", (int)pad, "");
	size_t room = used + pad < WIDTH ? WIDTH - used - pad : 8;
	add_cpus(out, first, n, room);
	assay_str_add(out, "\n");
}

/* The text so far, and what holds for all of it. */
struct page {
	struct assay_str text;
	bool node_sizes;
};

static void add_children(struct page *page, const struct tree_node *node, unsigned depth);

/*
 * One line for a run of equal siblings, `node` the first: objects that hold just one other share
 * the line with it, down to the core; then what is below.
 */
static void add_run(struct page *page, const struct tree_node *first, size_t n, unsigned depth)
{
	struct assay_str label = {0};
	const struct tree_node *node = first;
	for (;;) {
		add_self(&label, node);
		add_memory(&label, node, page->node_sizes);
		if (!single(node) || node->type == TREE_CORE)
			break;
		node = node->children;
	}
	if (label.length)
		add_line(&page->text, &label, depth, first, n);
	if (node->type != TREE_CORE)
		add_children(page, node, depth + (label.length > 0));
	assay_str_done(&label);
}

static void add_children(struct page *page, const struct tree_node *node, unsigned depth)
{
	for (const struct tree_node *child = node->children; child;) {
		size_t n = run_length(child);
		add_run(page, child, n, depth);
		while (n--)
			child = child->next;
	}
}

static void add_headline(struct assay_str *out, const struct assay_topology *topology)
{
	const struct tree_cpu *cpu = &topology->cpu;
	char name[96], vendor[32];
	assay_sanitise(name, sizeof(name), cpu->name);
	assay_sanitise(vendor, sizeof(vendor), cpu->vendor);
	if (name[0] || vendor[0]) {
		assay_str_add(out, "%s", name[0] ? name : vendor);
		if (vendor[0] && cpu->family[0])
			assay_str_add(out, " (%s family %.15s model %.15s stepping %.15s)", vendor,
				      cpu->family, cpu->model, cpu->stepping);
		assay_str_add(out, "\n");
	}
	struct assay_machine_shape shape;
	assay_topology_shape(topology, &shape);
	add_count(out, shape.packages, "package");
	assay_str_add(out, ", ");
	add_count(out, shape.numa_nodes, "NUMA node");
	assay_str_add(out, ", ");
	add_count(out, shape.cores, "core");
	assay_str_add(out, ", ");
	add_count(out, shape.pus, "hardware thread");
	if (shape.pus < topology->n_all_pus)
		assay_str_add(out, " usable of %zu", topology->n_all_pus);
	if (shape.memory_bytes) {
		assay_str_add(out, ", ");
		add_bytes(out, shape.memory_bytes);
	}
	assay_str_add(out, "\n\n");
}

/* The whole tree; memory may hang on the machine itself, as where packages share one node. */
static void add_tree(struct page *page, const struct assay_topology *topology)
{
	struct assay_str label = {0};
	add_memory(&label, topology->root, page->node_sizes);
	if (label.length)
		add_line(&page->text, &label, 0, topology->root, 1);
	unsigned depth = label.length > 0;
	assay_str_done(&label);
	add_children(page, topology->root, depth);
}

static double node_bytes(const struct tree_node *node)
{
	double bytes = 0;
	for (const struct tree_node *memory = node->memory; memory; memory = memory->next)
		bytes += (double)memory->bytes;
	for (const struct tree_node *child = node->children; child; child = child->next)
		bytes += node_bytes(child);
	return bytes;
}

enum assay_code assay_topology_print(const struct assay_topology *topology, FILE *out,
				     struct assay_err *err)
{
	double total = (double)topology->memory_bytes;
	struct page page = {.node_sizes = node_bytes(topology->root) > 0.9 * total};
	add_headline(&page.text, topology);
	assay_str_add(&page.text, "%-*s%s\n", COLUMN, "what", "CPU numbers");
	add_tree(&page, topology);
	if (topology->pus[0].kind >= 0)
		assay_str_add(&page.text, "\nOf the kinds of core, the higher is the faster.\n");
	enum assay_code rc = ASSAY_OK;
	if (page.text.failed)
		rc = assay_fail(err, ASSAY_ENOMEM, "topology: out of memory");
	else if (fputs(assay_str_text(&page.text), out) == EOF)
		rc = assay_fail(err, ASSAY_EIO, "write the topology: %s", strerror(errno));
	assay_str_done(&page.text);
	return rc;
}
