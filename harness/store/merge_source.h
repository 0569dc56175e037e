/* SPDX-License-Identifier: MIT */
/* merge_source: what is to be known of a file before it is merged, found out without the store that it goes to. */
#ifndef ASSAY_STORE_MERGE_SOURCE_H
#define ASSAY_STORE_MERGE_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/base/err.h"

/* Ids are added to: none may be so large that the sum is none. */
#define STORE_MOST_ID "4611686018427387904"

struct store_source {
	bool bundle;    /* it carries a digest, and that is right */
	bool immutable; /* nobody writes it, and no log goes with it */
	/* It holds one run, and its rows keep what the schema asks of them: they may be copied without asking again. */
	bool plain;
	/* SHA-256 of its schema and of all that it says of series, ids included: where two files agree on it, what a
	 * series is called in one it is called in the other. Set when plain. */
	uint8_t dictionary[32];
};

/*
 * Is the file at `path` whole, and of a schema whose rows fit? A bundle is checked against its digest, any other store
 * as by assay_store_check(). ASSAY_ESTORE, with the path and why not. Threads may look at files at the same time.
 */
enum assay_code store_source_look(const char *path, struct store_source *ret,
				  struct assay_err *err);

/* The next files are looked at by a thread while one is merged. */
struct store_ahead;

/*
 * Begin with the `n` files at `paths`, which are copied. Files that are the one at `mine` are left alone: to close it
 * would give up its locks. NULL when there is no thread to be had: then store_ahead_look() does it all.
 */
struct store_ahead *store_ahead_new(const char *mine, const char *const *paths, size_t n);
/* store_source_look(), sooner when `path` is the next of those. `ahead` may be NULL. */
enum assay_code store_ahead_look(struct store_ahead *ahead, const char *path,
				 struct store_source *ret, struct assay_err *err);
void store_ahead_free(struct store_ahead *ahead); /* ends the thread; takes NULL */

#endif
