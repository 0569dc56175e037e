/* SPDX-License-Identifier: MIT */
/* series: the identity of what is measured over time, its key, and a cache of ids. */
#ifndef ASSAY_STORE_SERIES_H
#define ASSAY_STORE_SERIES_H

#include <stddef.h>
#include <stdint.h>

#include "harness/base/err.h"
#include "harness/result.h"

struct assay_store;

/* Ids by key: open addressing, at most half full. Zero-initialise. */
struct store_series_cache {
	struct store_series_slot {
		uint8_t key[32];
		int64_t id; /* 0: empty */
	} * slots;
	size_t size, used;
};
void store_series_forget(struct store_series_cache *cache);
void store_series_cache_done(struct store_series_cache *cache);

/* The id of the result's series, added when new. Inside a transaction. */
enum assay_code store_series_id(struct assay_store *store, const struct assay_result *result,
				int64_t *ret, struct assay_err *err);

const char *store_better_name(enum assay_better better);

#endif
