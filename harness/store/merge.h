/* SPDX-License-Identifier: MIT */
/*
 * merge: folding stores into one, and bundles: one run as one immutable file that can travel.
 *
 * What two stores say of one run is joined by UUIDs and series keys. Merging is idempotent and commutative: files
 * merged in any order, any number of times, give a store of the same content (assay_store_digest()).
 *
 * A bundle is a store of one run followed by one line, "\nassay bundle sha256 <64 hex digits>\n", over all bytes
 * before it. SQLite does not look at what follows its last page, so a bundle opens like any store.
 */
#ifndef ASSAY_STORE_MERGE_H
#define ASSAY_STORE_MERGE_H

#include "harness/store/store.h"

struct assay_merged {
	uint64_t runs;        /* in the file */
	uint64_t new_runs;    /* of them unknown until now */
	uint64_t new_results; /* results that were added, or took the place of older ones */
	bool bundle;          /* the file carried a digest, and it was right */
};

/*
 * Add everything in the store at `path` to `store`, in one transaction: all of it or nothing. A file with a digest
 * is checked against it, any other one as by assay_store_check(). ASSAY_ESTORE: not a store, damaged, altered, of
 * another schema, contradicts what is known; ASSAY_EUSAGE: `path` is `store` itself. Both leave `store` as it was.
 * Runs that the file calls running arrive as crashed: who measured them is not here.
 */
enum assay_code assay_store_merge(struct assay_store *store, const char *path,
				  struct assay_merged *ret, struct assay_err *err);

/*
 * Before and after many merges: between them histories have no index, and results come in four times as fast.
 * Begin does so only when the `n` files at `paths` are together no smaller than half the store: making the index anew
 * costs as much as all results it covers. A store that lost its writer in between gets its index when it is next
 * opened for writing.
 */
enum assay_code assay_store_merge_begin(struct assay_store *store, const char *const *paths,
					size_t n, struct assay_err *err);
enum assay_code assay_store_merge_end(struct assay_store *store, struct assay_err *err);

/*
 * Write `run` as a bundle to `to`: made under another name beside it, on the disk before it gets its own. Never
 * replaces a file. `ret_digest` may be NULL.
 */
enum assay_code assay_store_bundle(struct assay_store *store, int64_t run, const char *to,
				   uint8_t ret_digest[32], struct assay_err *err);

/*
 * Does the file end with a digest, and is it that of its bytes? *ret_bundle false: it has none. ASSAY_ESTORE when it
 * has one and the bytes are others.
 */
enum assay_code assay_bundle_verify(const char *path, bool *ret_bundle, uint8_t ret_digest[32],
				    struct assay_err *err);

/* SHA-256 over the content, without what depends on the order in which it arrived. */
enum assay_code assay_store_digest(struct assay_store *store, uint8_t ret[32],
				   struct assay_err *err);

#endif
