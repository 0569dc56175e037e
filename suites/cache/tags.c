/* SPDX-License-Identifier: MIT */
/* tags: epochs instead of searches. */
#include "suites/cache/tags.h"

#include <stdlib.h>

enum { LEVELS = 4, TREE_BITS = 16 };

struct slot {
	uint64_t value;
	uint64_t put_at; /* count of invalidations when it was put; 0: not there */
	uint64_t tag_epoch;
	uint32_t tag, path, version;
	uint32_t child, sibling, parent; /* of the tree of dependencies; TAGS_NONE: none */
};

struct tags {
	uint32_t n_entries, n_tags;
	uint64_t clock; /* goes on with each put and each dropped prefix */
	struct slot *slots;
	uint64_t *tag_epoch; /* n_tags */
	uint64_t *dropped;   /* by prefix, see prefix_slot(): clock of the last drop */
};

void tags_free(struct tags *t)
{
	if (!t)
		return;
	free(t->slots);
	free(t->tag_epoch);
	free(t->dropped);
	free(t);
}

enum assay_code tags_new(uint32_t n_entries, uint32_t n_tags, struct tags **ret,
			 struct assay_err *err)
{
	struct tags *t = calloc(1, sizeof(*t));
	if (t) {
		t->n_entries = n_entries;
		t->n_tags = n_tags;
		t->slots = calloc(n_entries, sizeof(*t->slots));
		t->tag_epoch = calloc(n_tags, sizeof(*t->tag_epoch));
		t->dropped = calloc((size_t)LEVELS << TREE_BITS, sizeof(*t->dropped));
	}
	if (!t || !t->slots || !t->tag_epoch || !t->dropped) {
		tags_free(t);
		return assay_fail(err, ASSAY_ENOMEM, "no memory for %u entries", n_entries);
	}
	for (uint32_t i = 0; i < n_entries; i++)
		t->slots[i].child = t->slots[i].sibling = t->slots[i].parent = TAGS_NONE;
	*ret = t;
	return ASSAY_OK;
}

/*
 * Where the epoch of a prefix is kept: by a hash of its parts, a table per number of parts. Prefixes that
 * share a place are dropped together: more is made stale than was asked for, never less.
 */
static size_t prefix_slot(uint32_t path, unsigned parts)
{
	uint32_t prefix = parts ? path >> (32 - 8 * parts) : 0;
	uint32_t at = parts <= 2 ? prefix : prefix * 0x9e3779b1u >> (32 - TREE_BITS);
	return ((size_t)parts << TREE_BITS) + at;
}

static void leave_parent(struct tags *t, uint32_t entry)
{
	struct slot *slot = &t->slots[entry];
	if (slot->parent == TAGS_NONE)
		return;
	uint32_t *link = &t->slots[slot->parent].child;
	while (*link != entry)
		link = &t->slots[*link].sibling;
	*link = slot->sibling;
	slot->parent = slot->sibling = TAGS_NONE;
}

void tags_put(struct tags *t, uint32_t entry, const struct tags_entry *what)
{
	struct slot *slot = &t->slots[entry];
	if (slot->parent != what->parent) {
		leave_parent(t, entry);
		slot->parent = what->parent;
		if (what->parent != TAGS_NONE) {
			slot->sibling = t->slots[what->parent].child;
			t->slots[what->parent].child = entry;
		}
	}
	slot->value = what->value;
	slot->put_at = ++t->clock;
	slot->tag = what->tag;
	slot->tag_epoch = what->tag == TAGS_NONE ? 0 : t->tag_epoch[what->tag];
	slot->path = what->path;
	slot->version = what->version;
}

bool tags_get(const struct tags *t, uint32_t entry, uint32_t version, uint64_t *ret)
{
	const struct slot *slot = &t->slots[entry];
	bool stale = !slot->put_at || slot->version != version;
	if (slot->tag != TAGS_NONE)
		stale |= slot->tag_epoch != t->tag_epoch[slot->tag];
	for (unsigned parts = 0; parts < LEVELS; parts++)
		stale |= slot->put_at < t->dropped[prefix_slot(slot->path, parts)];
	*ret = slot->value;
	return !stale;
}

uint32_t tags_drop_tag(struct tags *t, uint32_t tag)
{
	t->tag_epoch[tag]++;
	return 1;
}

uint32_t tags_drop_prefix(struct tags *t, uint32_t path, unsigned parts)
{
	t->dropped[prefix_slot(path, parts)] = ++t->clock;
	return 1;
}

/* Down, across, and back up: no stack, however deep it is. */
uint32_t tags_drop_entry(struct tags *t, uint32_t entry)
{
	uint32_t at = entry, steps = 0;
	for (;;) {
		t->slots[at].put_at = 0;
		steps++;
		if (t->slots[at].child != TAGS_NONE) {
			at = t->slots[at].child;
			continue;
		}
		while (at != entry && t->slots[at].sibling == TAGS_NONE)
			at = t->slots[at].parent;
		if (at == entry)
			return steps;
		at = t->slots[at].sibling;
	}
}

uint32_t tags_scan_tag(struct tags *t, uint32_t tag)
{
	for (uint32_t i = 0; i < t->n_entries; i++)
		if (t->slots[i].tag == tag)
			t->slots[i].put_at = 0;
	return t->n_entries;
}
