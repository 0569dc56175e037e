/* SPDX-License-Identifier: MIT */
/* stacks: the tree of call stacks: interning, adding up. */
#include "harness/stacks.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_CAPACITY = 64 };

/* Numbers by hash, open addressing; a slot holds number + 1. */
struct table {
	uint32_t *slots;
	size_t capacity, used;
};

struct assay_stacks_index {
	struct table frames, nodes;
	size_t frame_capacity, node_capacity;
};

static enum assay_code no_memory(struct assay_err *err)
{
	return assay_fail(err, ASSAY_ENOMEM, "out of memory for call stacks");
}

static uint64_t hash_bytes(uint64_t hash, const void *bytes, size_t n)
{
	const unsigned char *from = bytes;
	for (size_t i = 0; i < n; i++)
		hash = (hash ^ from[i]) * 0x100000001b3u; /* FNV-1a */
	return hash;
}

static uint64_t hash_frame(const struct assay_stack_frame *f)
{
	uint64_t hash = hash_bytes(0xcbf29ce484222325u, f->function, strlen(f->function) + 1);
	hash = hash_bytes(hash, f->module, strlen(f->module) + 1);
	return hash_bytes(hash, f->file, strlen(f->file) + 1);
}

static uint64_t hash_node(uint32_t parent, uint32_t frame)
{
	uint64_t key = (uint64_t)parent << 32 | frame;
	key = (key ^ key >> 31) * 0x9e3779b97f4a7c15u;
	return key ^ key >> 29;
}

static bool same_frame(const struct assay_stack_frame *a, const struct assay_stack_frame *b)
{
	return strcmp(a->function, b->function) == 0 && strcmp(a->module, b->module) == 0 &&
	       strcmp(a->file, b->file) == 0;
}

static uint64_t hash_of(const struct assay_stacks *stacks, bool frames, uint32_t number)
{
	return frames ? hash_frame(&stacks->frames[number])
		      : hash_node(stacks->nodes[number].parent, stacks->nodes[number].frame);
}

static void put(struct table *table, uint64_t hash, uint32_t number)
{
	size_t at = hash & (table->capacity - 1);
	while (table->slots[at])
		at = (at + 1) & (table->capacity - 1);
	table->slots[at] = number + 1;
}

/* Room for one more in a table that holds numbers first..first+used of the stacks. */
static bool make_room(const struct assay_stacks *stacks, struct table *table, bool frames)
{
	if (table->used * 2 < table->capacity)
		return true;
	struct table larger = {.capacity = table->capacity ? table->capacity * 2 : FIRST_CAPACITY};
	larger.slots = calloc(larger.capacity, sizeof(*larger.slots));
	if (!larger.slots)
		return false;
	for (size_t i = 0; i < table->capacity; i++)
		if (table->slots[i])
			put(&larger, hash_of(stacks, frames, table->slots[i] - 1),
			    table->slots[i] - 1);
	larger.used = table->used;
	free(table->slots);
	*table = larger;
	return true;
}

/* The array with room for one more; NULL, and the array as it was, when out of memory. */
static void *grow(void *array, size_t *capacity, size_t n, size_t each)
{
	if (n < *capacity)
		return array;
	size_t larger = *capacity ? *capacity * 2 : FIRST_CAPACITY;
	void *moved = realloc(array, larger * each);
	if (moved)
		*capacity = larger;
	return moved;
}

enum assay_code assay_stacks_new(struct assay_stacks **ret, struct assay_err *err)
{
	struct assay_stacks *s = calloc(1, sizeof(*s));
	*ret = NULL;
	if (s)
		s->index = calloc(1, sizeof(*s->index));
	if (s && s->index)
		s->nodes = grow(NULL, &s->index->node_capacity, 0, sizeof(*s->nodes));
	if (!s || !s->nodes) {
		assay_stacks_free(s);
		return no_memory(err);
	}
	s->nodes[0] = (struct assay_stack_node){0};
	s->n_nodes = 1;
	enum assay_code rc = assay_stacks_describe(
		s,
		&(struct assay_stacks_facts){.cost_ns = NAN, .cost_lo_ns = NAN, .cost_hi_ns = NAN},
		err);
	if (rc != ASSAY_OK) {
		assay_stacks_free(s);
		return rc;
	}
	*ret = s;
	return ASSAY_OK;
}

static void free_text(const char *text)
{
	free((void *)(uintptr_t)text);
}

static void free_facts(struct assay_stacks_facts *facts)
{
	free_text(facts->title);
	free_text(facts->engine);
	free_text(facts->unit);
	free_text(facts->unwind);
	free_text(facts->remarks);
}

void assay_stacks_free(struct assay_stacks *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->n_frames; i++) {
		free_text(s->frames[i].function);
		free_text(s->frames[i].module);
		free_text(s->frames[i].file);
	}
	free_facts(&s->facts);
	free(s->frames);
	free(s->nodes);
	if (s->index) {
		free(s->index->frames.slots);
		free(s->index->nodes.slots);
	}
	free(s->index);
	free(s);
}

enum assay_code assay_stacks_describe(struct assay_stacks *stacks,
				      const struct assay_stacks_facts *facts, struct assay_err *err)
{
	struct assay_stacks_facts copy = *facts;
	copy.title = strdup(facts->title ? facts->title : "");
	copy.engine = strdup(facts->engine ? facts->engine : "");
	copy.unit = strdup(facts->unit ? facts->unit : "samples");
	copy.unwind = strdup(facts->unwind ? facts->unwind : "");
	copy.remarks = strdup(facts->remarks ? facts->remarks : "");
	if (!copy.title || !copy.engine || !copy.unit || !copy.unwind || !copy.remarks) {
		free_facts(&copy);
		return no_memory(err);
	}
	free_facts(&stacks->facts);
	stacks->facts = copy;
	return ASSAY_OK;
}

enum assay_code assay_stacks_frame(struct assay_stacks *stacks,
				   const struct assay_stack_frame *frame, uint32_t *ret,
				   struct assay_err *err)
{
	struct table *table = &stacks->index->frames;
	if (!make_room(stacks, table, true))
		return no_memory(err);
	uint64_t hash = hash_frame(frame);
	size_t at = hash & (table->capacity - 1);
	for (; table->slots[at]; at = (at + 1) & (table->capacity - 1)) {
		*ret = table->slots[at] - 1;
		if (same_frame(&stacks->frames[*ret], frame))
			return ASSAY_OK;
	}
	struct assay_stack_frame *frames = grow(stacks->frames, &stacks->index->frame_capacity,
						stacks->n_frames, sizeof(*frames));
	if (!frames)
		return no_memory(err);
	stacks->frames = frames;
	struct assay_stack_frame copy = {
		.function = strdup(frame->function),
		.module = strdup(frame->module),
		.file = strdup(frame->file),
		.line = frame->line,
	};
	if (!copy.function || !copy.module || !copy.file) {
		free_text(copy.function);
		free_text(copy.module);
		free_text(copy.file);
		return no_memory(err);
	}
	*ret = (uint32_t)stacks->n_frames;
	stacks->frames[stacks->n_frames++] = copy;
	put(table, hash, *ret);
	table->used++;
	return ASSAY_OK;
}

static enum assay_code child_of(struct assay_stacks *stacks, uint32_t parent, uint32_t frame,
				uint32_t *ret, struct assay_err *err)
{
	struct table *table = &stacks->index->nodes;
	if (!make_room(stacks, table, false))
		return no_memory(err);
	uint64_t hash = hash_node(parent, frame);
	size_t at = hash & (table->capacity - 1);
	for (; table->slots[at]; at = (at + 1) & (table->capacity - 1)) {
		*ret = table->slots[at] - 1;
		if (stacks->nodes[*ret].parent == parent && stacks->nodes[*ret].frame == frame)
			return ASSAY_OK;
	}
	struct assay_stack_node *nodes =
		grow(stacks->nodes, &stacks->index->node_capacity, stacks->n_nodes, sizeof(*nodes));
	if (!nodes)
		return no_memory(err);
	stacks->nodes = nodes;
	*ret = (uint32_t)stacks->n_nodes;
	stacks->nodes[stacks->n_nodes++] = (struct assay_stack_node){parent, frame, 0};
	put(table, hash, *ret);
	table->used++;
	return ASSAY_OK;
}

enum assay_code assay_stacks_add(struct assay_stacks *stacks, const uint32_t *frames, size_t n,
				 uint64_t weight, struct assay_err *err)
{
	uint32_t node = 0;
	for (size_t i = 0; i < n && i < ASSAY_STACKS_DEPTH; i++) {
		enum assay_code rc = child_of(stacks, node, frames[i], &node, err);
		if (rc != ASSAY_OK)
			return rc;
	}
	stacks->nodes[node].self += weight;
	return ASSAY_OK;
}

void assay_stacks_totals(const struct assay_stacks *stacks, uint64_t *total)
{
	for (size_t i = 0; i < stacks->n_nodes; i++)
		total[i] = stacks->nodes[i].self;
	for (size_t i = stacks->n_nodes; i-- > 1;)
		total[stacks->nodes[i].parent] += total[i];
}

/* Is the frame of `node` also one of its callers'? */
static bool repeats(const struct assay_stacks *stacks, size_t node)
{
	uint32_t frame = stacks->nodes[node].frame;
	for (uint32_t at = stacks->nodes[node].parent; at; at = stacks->nodes[at].parent)
		if (stacks->nodes[at].frame == frame)
			return true;
	return false;
}

enum assay_code assay_stacks_by_frame(const struct assay_stacks *stacks, uint64_t *self,
				      uint64_t *total, struct assay_err *err)
{
	uint64_t *below = malloc(stacks->n_nodes * sizeof(*below));
	if (!below)
		return no_memory(err);
	assay_stacks_totals(stacks, below);
	memset(self, 0, stacks->n_frames * sizeof(*self));
	memset(total, 0, stacks->n_frames * sizeof(*total));
	for (size_t i = 1; i < stacks->n_nodes; i++) {
		self[stacks->nodes[i].frame] += stacks->nodes[i].self;
		if (!repeats(stacks, i))
			total[stacks->nodes[i].frame] += below[i];
	}
	free(below);
	return ASSAY_OK;
}
