/* SPDX-License-Identifier: MIT */
/*
 * disk_get: a point read from a store on disk whose pages are all in memory: what the store itself costs.
 * Keys are uniformly random; each value read is compared in its first word, and whole before.
 */
#include "suites/cache/cache.h"
#include "suites/cache/filled.h"

static void body(struct assay_run *run)
{
	struct filled *f = assay_state(run);
	const struct store_ops *ops = f->ops;
	struct kv_store *store = f->store;
	uint64_t i = f->position, mask = f->mask, wrong = 0;
	uint64_t value[CACHE_VALUE_WORDS_MAX] = {0};
	struct assay_err err = {0};

	ASSAY_LOOP (run) {
		uint64_t key = f->stream[i++ & mask];
		enum assay_code rc = ops->get(store, key, value, &err);
		wrong += rc != ASSAY_OK || assay_keep(value[0]) != cache_value_base(key, 0);
	}
	uint64_t reads = i - f->position;
	f->position = i;
	bool is_null = store == NULL;
	assay_check(run, wrong == 0 || is_null, "%llu of %llu reads were wrong: %s",
		    (unsigned long long)wrong, (unsigned long long)reads,
		    err.text[0] ? err.text : "another value");
}

const struct assay_bench assay_bench_cache_disk_get = {
	.brief = "a point read from a store on disk, its pages in memory",
	.source = "readrandom of LevelDB's db_bench, as in LMDB's microbenchmarks",
	.claim = "S2.l2",
	.body = body,
	.setup = filled_setup,
	.teardown = filled_teardown,
	.subjects = STORE_INTERFACE,
	.axes = ASSAY_AXES({"value", "bytes", "256,4Ki", "256"}, {"keys", "count", "100k", "20k"}),
	.version = 2, /* RocksDB's own threads are on any processor */
};
