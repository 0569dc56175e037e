/* SPDX-License-Identifier: MIT */
/* store: the interface that every store on disk under test fills in ("cache_store"). */
#ifndef ASSAY_SUITES_CACHE_STORE_H
#define ASSAY_SUITES_CACHE_STORE_H

#include "harness/bench.h"

#define STORE_INTERFACE "cache_store"

struct store_config {
	const char *folder;   /* empty, for this store alone; the caller removes it */
	size_t value_bytes;   /* of every value, 8 to 64 Ki */
	uint64_t most_values; /* different keys, at most */
};

/* One open store; each subject has its own layout. */
struct kv_store;

/*
 * Keys are any 64-bit numbers. One thread at a time. Nothing is evicted. put() is durable once sync() has
 * returned; sync() is as cheap as the store can make it while a crash of the process loses nothing:
 * a crash of the machine may (no store here forces the disk on each commit).
 */
struct store_ops {
	enum assay_code (*open)(const struct store_config *config, struct kv_store **ret,
				struct assay_err *err);
	/* ASSAY_OK; ASSAY_SKIP without a message: no such key; ASSAY_ECHECK: the record is damaged. */
	enum assay_code (*get)(struct kv_store *store, uint64_t key, void *value,
			       struct assay_err *err);
	enum assay_code (*put)(struct kv_store *store, uint64_t key, const void *value,
			       struct assay_err *err);
	/* End the transaction of the puts so far. */
	enum assay_code (*sync)(struct kv_store *store, struct assay_err *err);
	void (*close)(struct kv_store *store); /* takes NULL */
};

/* The oracle of stores; part of the suite's check(). */
enum assay_code store_check(const struct store_ops *ops, uint64_t seed, struct assay_err *err);

/*
 * A folder of its own under TMPDIR or /tmp: the name is written to folder[FOLDER_BYTES]. ASSAY_EIO.
 * folder_remove() removes it and what is in it, two levels deep.
 */
enum { FOLDER_BYTES = 96 };
enum assay_code folder_make(char folder[FOLDER_BYTES], struct assay_err *err);
void folder_remove(const char *folder);

#endif
