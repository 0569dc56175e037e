/* SPDX-License-Identifier: MIT */
/*
 * store_ops: puts into a store on disk: many in a transaction, or each one committed. No store here waits
 * for the disk: what is compared is the cost of a transaction, not of the device.
 */
#include "suites/cache/cache.h"
#include "suites/cache/filled.h"

enum { BATCH = 1000 };

static void body(struct assay_run *run)
{
	struct filled *f = assay_state(run);
	const struct store_ops *ops = f->ops;
	struct kv_store *store = f->store;
	uint64_t i = f->position, mask = f->mask;
	uint64_t per_sync = strcmp(assay_axis_text(run, "commit"), "each") == 0 ? 1 : BATCH;
	uint64_t left = per_sync, value[CACHE_VALUE_WORDS_MAX];
	size_t words = f->value_words;
	struct assay_err err = {0};
	enum assay_code rc = ASSAY_OK;

	ASSAY_LOOP (run) {
		uint64_t key = f->stream[i++ & mask];
		cache_value_fill(value, words, cache_value_base(key, i));
		enum assay_code code = ops->put(store, key, value, &err);
		if (code == ASSAY_OK && --left == 0) {
			code = ops->sync(store, &err);
			left = per_sync;
		}
		rc = code == ASSAY_OK ? rc : code;
	}
	f->position = i;
	if (!assay_check(run, rc == ASSAY_OK, "%s", err.text) || !store)
		return;
	/* what was put last must be what is read */
	uint64_t last = f->stream[(i - 1) & mask];
	rc = ops->get(store, last, value, &err);
	assay_check(run, rc == ASSAY_OK && cache_value_is(value, words, cache_value_base(last, i)),
		    "the value put last is not the one read: %s", err.text);
}

const struct assay_bench assay_bench_cache_store_ops = {
	.brief = "puts into a store on disk, committed each or by the thousand",
	.source = "fillrandom and fillsync of LevelDB's db_bench",
	.claim = "S0.database",
	.body = body,
	.setup = filled_setup,
	.teardown = filled_teardown,
	.subjects = STORE_INTERFACE,
	.axes = ASSAY_AXES({"value", "bytes", "256", NULL}, {"keys", "count", "100k", "20k"},
			   {"commit", "name", "batch,each", "batch"}),
	.unit = "op/s",
	.version = 2, /* RocksDB's own threads are on any processor */
};
