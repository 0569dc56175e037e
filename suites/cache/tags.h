/* SPDX-License-Identifier: MIT */
/*
 * tags: a cache whose entries are made invalid by tag, by dependency, by pattern or by version, without
 * being looked for. One thread.
 *
 * Tag: each tag has an epoch; an entry notes the epoch of its tag when it is put, and is stale as soon as
 * they differ. Invalidation adds one to the epoch: O(1) for any number of entries. (The idea is old and
 * without an inventor: generation counts of memcached namespaces.)
 * Version: the caller says which version of the source it wants; an entry has the one it was made from.
 * Dependency: entries name one they were made from; a walk downwards makes all below stale.
 * Pattern: keys have a path of 8-bit parts; all below a prefix, which is a node of a tree with an epoch
 * of its own. An entry is as old as the youngest epoch on its path: 8 comparisons at most on a get.
 */
#ifndef ASSAY_SUITES_CACHE_TAGS_H
#define ASSAY_SUITES_CACHE_TAGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/base/err.h"

#define TAGS_NONE UINT32_MAX

struct tags;

/* Entries are 0 .. n_entries - 1, tags 0 .. n_tags - 1. */
enum assay_code tags_new(uint32_t n_entries, uint32_t n_tags, struct tags **ret,
			 struct assay_err *err);
void tags_free(struct tags *tags);

struct tags_entry {
	uint32_t tag;     /* TAGS_NONE: none */
	uint32_t parent;  /* entry it is made from, TAGS_NONE: none; put before its children */
	uint32_t path;    /* four parts of 8 bits, the first in the highest */
	uint32_t version; /* of its source */
	uint64_t value;
};
void tags_put(struct tags *tags, uint32_t entry, const struct tags_entry *what);

/* The value, when the entry is valid for `version` of its source. */
bool tags_get(const struct tags *tags, uint32_t entry, uint32_t version, uint64_t *ret);

/* Invalidate. Each returns how many steps it took: 1 for O(1). */
uint32_t tags_drop_tag(struct tags *tags, uint32_t tag);
uint32_t tags_drop_entry(struct tags *tags, uint32_t entry); /* and all that depends on it */
/* All whose path begins with the first `parts` (0 to 3) parts of `path`. */
uint32_t tags_drop_prefix(struct tags *tags, uint32_t path, unsigned parts);
/* The same by walking all entries, to compare with. */
uint32_t tags_scan_tag(struct tags *tags, uint32_t tag);

#endif
