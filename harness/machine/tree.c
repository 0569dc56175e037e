/* SPDX-License-Identifier: MIT */
/* tree: what follows from a topology, whoever read it: PUs, shape, fingerprint. */
#include "harness/machine/tree.h"

#include <inttypes.h>
#include <nettle/sha2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct tree_node *tree_add(struct tree_node *parent, enum tree_type type, unsigned os_index)
{
	struct tree_node *node = calloc(1, sizeof(*node));
	if (!node)
		return NULL;
	node->type = type;
	node->os_index = os_index;
	node->kind = -1;
	node->parent = parent;
	if (!parent)
		return node;
	if (type == TREE_NUMA) {
		struct tree_node **end = &parent->memory;
		while (*end)
			end = &(*end)->next;
		*end = node;
	} else if (parent->last) {
		parent->last = parent->last->next = node;
	} else {
		parent->last = parent->children = node;
	}
	return node;
}

void tree_free(struct tree_node *node)
{
	while (node) {
		struct tree_node *next = node->next;
		tree_free(node->children);
		tree_free(node->memory);
		free(node);
		node = next;
	}
}

bool tree_equal(const struct tree_node *a, const struct tree_node *b)
{
	if (a->type != b->type || a->level != b->level || a->kind != b->kind ||
	    a->usable != b->usable || a->line_bytes != b->line_bytes)
		return false;
	bool same = a->type == TREE_NUMA
			    ? tree_installed_bytes(a->bytes) == tree_installed_bytes(b->bytes)
			    : a->bytes == b->bytes;
	if (!same)
		return false;
	for (int memory = 0; memory < 2; memory++) {
		const struct tree_node *x = memory ? a->memory : a->children;
		const struct tree_node *y = memory ? b->memory : b->children;
		for (; x && y; x = x->next, y = y->next)
			if (!tree_equal(x, y))
				return false;
		if (x || y)
			return false;
	}
	return true;
}

void tree_each_pu(const struct tree_node *node,
		  void (*visit)(const struct tree_node *pu, void *state), void *state)
{
	if (node->type == TREE_PU)
		visit(node, state);
	for (const struct tree_node *child = node->children; child; child = child->next)
		tree_each_pu(child, visit, state);
}

const struct tree_node *tree_numa_of(const struct tree_node *pu)
{
	for (const struct tree_node *node = pu; node; node = node->parent)
		if (node->memory)
			return node->memory;
	return NULL;
}

static const struct tree_node *ancestor(const struct tree_node *node, enum tree_type type)
{
	while (node && node->type != type)
		node = node->parent;
	return node;
}

/* The cache furthest from the PU; a machine that declares none shares its package. */
static const struct tree_node *last_cache(const struct tree_node *pu)
{
	const struct tree_node *last = NULL;
	for (const struct tree_node *node = pu; node; node = node->parent)
		if (node->type == TREE_CACHE)
			last = node;
	return last ? last : ancestor(pu, TREE_PACKAGE);
}

/* Objects numbered in the order in which PUs in logical order meet them. */
struct numbering {
	const struct tree_node *last;
	unsigned next;
};

/* The number of `node`. Each object's PUs are neighbours in logical order: remembering the last
 * one suffices. NULL (no such object): all PUs share one number. */
static unsigned number_of(struct numbering *numbering, const struct tree_node *node)
{
	if (numbering->next == 0 || numbering->last != node) {
		numbering->last = node;
		numbering->next++;
	}
	return numbering->next - 1;
}

struct collector {
	struct assay_topology *topology;
	struct numbering cores, caches, packages;
	const struct tree_node *last_usable_core;
	unsigned rank;
};

static void collect_pu(const struct tree_node *pu, void *state)
{
	struct collector *c = state;
	const struct tree_node *core = ancestor(pu, TREE_CORE);
	const struct tree_node *numa = tree_numa_of(pu);
	if (!core)
		core = pu;
	unsigned core_number = number_of(&c->cores, core);
	unsigned cache_number = number_of(&c->caches, last_cache(pu));
	unsigned package_number = number_of(&c->packages, ancestor(pu, TREE_PACKAGE));
	c->topology->n_all_pus++;
	if (!pu->usable)
		return;
	bool first = c->last_usable_core != core;
	c->rank = first ? 0 : c->rank + 1;
	c->topology->cores += first;
	c->last_usable_core = core;
	c->topology->pus[c->topology->n_pus++] = (struct assay_pu){
		.os_index = pu->os_index,
		.core = core_number,
		.rank_in_core = c->rank,
		.l3 = cache_number,
		.numa = numa ? numa->os_index : 0,
		.package = package_number,
		.kind = pu->kind,
	};
}

static void count_pu(const struct tree_node *pu, void *state)
{
	(void)pu;
	(*(size_t *)state)++;
}

static unsigned count_type(const struct tree_node *node, enum tree_type type)
{
	unsigned n = node->type == type;
	for (const struct tree_node *child = node->children; child; child = child->next)
		n += count_type(child, type);
	for (const struct tree_node *memory = node->memory; memory; memory = memory->next)
		n += memory->type == type;
	return n;
}

enum assay_code tree_finish(struct assay_topology *topology, struct assay_err *err)
{
	size_t n = 0;
	tree_each_pu(topology->root, count_pu, &n);
	topology->pus = calloc(n + 1, sizeof(*topology->pus));
	if (!topology->pus)
		return assay_fail(err, ASSAY_ENOMEM, "topology of %zu CPUs: out of memory", n);
	struct collector collector = {.topology = topology};
	tree_each_pu(topology->root, collect_pu, &collector);
	topology->packages = count_type(topology->root, TREE_PACKAGE);
	topology->numa_nodes = count_type(topology->root, TREE_NUMA);
	if (!topology->n_pus)
		return assay_fail(err, ASSAY_EENV,
				  "none of the %zu CPUs may be used by this process", n);
	return ASSAY_OK;
}

bool assay_topology_is_live(const struct assay_topology *topology)
{
	return topology->live;
}

const struct assay_pu *assay_topology_pus(const struct assay_topology *topology, size_t *ret_n)
{
	*ret_n = topology->n_pus;
	return topology->pus;
}

static void find_usable(const struct tree_node *pu, void *state)
{
	const struct tree_node **first = state;
	if (!*first && pu->usable)
		*first = pu;
}

void assay_topology_shape(const struct assay_topology *topology, struct assay_machine_shape *ret)
{
	*ret = (struct assay_machine_shape){
		.packages = topology->packages ? topology->packages : 1,
		.numa_nodes = topology->numa_nodes ? topology->numa_nodes : 1,
		.cores = topology->cores,
		.pus = (unsigned)topology->n_pus,
		.memory_bytes = topology->memory_bytes,
	};
	assay_copy(ret->cpu_model, sizeof(ret->cpu_model), topology->cpu.name);
	const struct tree_node *pu = NULL;
	tree_each_pu(topology->root, find_usable, &pu);
	for (const struct tree_node *node = pu; node; node = node->parent) {
		if (node->type != TREE_CACHE)
			continue;
		if (node->level == 1)
			ret->l1d_bytes = node->bytes;
		else if (node->level == 2)
			ret->l2_bytes = node->bytes;
		ret->llc_bytes = node->bytes;
		if (!ret->line_bytes)
			ret->line_bytes = node->line_bytes;
	}
}

uint64_t tree_installed_bytes(uint64_t bytes)
{
	const uint64_t gib = 1u << 30;
	uint64_t power = gib;
	while (power < bytes && power < UINT64_MAX / 2)
		power *= 2;
	uint64_t step = power / 16 > gib ? power / 16 : gib;
	return bytes / step * step + (bytes % step ? step : 0);
}

struct normal_form {
	struct assay_str text;
	struct numbering packages, numa, cores, caches[6];
};

/*
 * One line per PU: the objects it belongs to, numbered as met, with sizes. Flat on purpose: hwloc's
 * versions insert groups and dies, and hang memory, at different levels of the same machine.
 */
static void normalise_pu(const struct tree_node *pu, void *state)
{
	struct normal_form *form = state;
	const struct tree_node *core = ancestor(pu, TREE_CORE);
	assay_str_add(&form->text, "package %u numa %u core %u",
		      number_of(&form->packages, ancestor(pu, TREE_PACKAGE)),
		      number_of(&form->numa, tree_numa_of(pu)),
		      number_of(&form->cores, core ? core : pu));
	for (const struct tree_node *node = pu; node; node = node->parent)
		if (node->type == TREE_CACHE && node->level < ASSAY_COUNT_OF(form->caches))
			assay_str_add(&form->text, " L%u %u %" PRIu64, node->level,
				      number_of(&form->caches[node->level], node), node->bytes);
	assay_str_add(&form->text, "\n");
}

void assay_topology_fingerprint(const struct assay_topology *topology, uint8_t ret[32])
{
	struct normal_form form = {0};
	const struct tree_cpu *cpu = &topology->cpu;
	assay_str_add(&form.text, "assay machine 1\n%s|%s|%s|%s\n", cpu->vendor, cpu->family,
		      cpu->model, cpu->stepping);
	assay_str_add(&form.text, "memory %" PRIu64 "\n",
		      tree_installed_bytes(topology->memory_bytes));
	tree_each_pu(topology->root, normalise_pu, &form);
	struct sha256_ctx hash;
	sha256_init(&hash);
	sha256_update(&hash, form.text.length, (const uint8_t *)assay_str_text(&form.text));
	sha256_digest(&hash, SHA256_DIGEST_SIZE, ret);
	assay_str_done(&form.text);
}

struct cpu_bits {
	uint64_t *words;
	size_t n_words;
	bool failed;
};

static void mark_cpu(const struct tree_node *pu, void *state)
{
	struct cpu_bits *bits = state;
	size_t word = pu->os_index / 64;
	if (word >= bits->n_words) {
		uint64_t *grown = realloc(bits->words, (word + 1) * sizeof(*grown));
		if (!grown) {
			bits->failed = true;
			return;
		}
		memset(grown + bits->n_words, 0, (word + 1 - bits->n_words) * sizeof(*grown));
		bits->words = grown;
		bits->n_words = word + 1;
	}
	bits->words[word] |= (uint64_t)1 << pu->os_index % 64;
}

static bool has_cpu(const struct cpu_bits *bits, size_t cpu)
{
	return cpu / 64 < bits->n_words && bits->words[cpu / 64] >> cpu % 64 & 1;
}

void tree_cpus(const struct tree_node *node, struct assay_str *ret)
{
	struct cpu_bits bits = {0};
	tree_each_pu(node, mark_cpu, &bits);
	const char *separator = "";
	for (size_t cpu = 0; cpu < bits.n_words * 64; cpu++) {
		if (!has_cpu(&bits, cpu))
			continue;
		size_t end = cpu;
		while (has_cpu(&bits, end + 1))
			end++;
		assay_str_add(ret, end > cpu ? "%s%zu-%zu" : "%s%zu", separator, cpu, end);
		separator = ",";
		cpu = end;
	}
	ret->failed |= bits.failed;
	free(bits.words);
}
