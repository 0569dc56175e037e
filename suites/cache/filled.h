/* SPDX-License-Identifier: MIT */
/* filled: a store with all its keys put, and a stream of keys: what benchmarks of stores begin with. */
#ifndef ASSAY_SUITES_CACHE_FILLED_H
#define ASSAY_SUITES_CACHE_FILLED_H

#include "suites/cache/store.h"

struct filled {
	const struct store_ops *ops;
	struct kv_store *store;
	char folder[FOLDER_BYTES];
	size_t value_words;
	uint64_t n_keys;
	uint64_t *stream; /* random keys, all as likely */
	uint64_t mask;    /* length of the stream - 1 */
	uint64_t position;
};

/* setup and teardown, from the axes `value` and `keys`. Skips or fails the case with the reason. */
void filled_setup(struct assay_run *run);
void filled_teardown(struct assay_run *run);

#endif
