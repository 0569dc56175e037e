/* SPDX-License-Identifier: MIT */
/* objpool: an object acquired, its first line written, and released. */
#include "suites/memory/object_bench.h"

static void setup(struct assay_run *run)
{
	object_bench_setup(run, 64);
}

static void body(struct assay_run *run)
{
	const struct object_pool *ops = assay_subject(run);
	void *pool = assay_state(run);
	uint64_t acquired = 0, hits = 0;
	bool reused, refused = false;

	ASSAY_LOOP (run) {
		uint64_t *object = ops->acquire(pool, &reused);
		if (__builtin_expect(!object, 0)) {
			refused = true;
			continue;
		}
		object[0] = acquired++;
		hits += reused;
		ops->release(pool, assay_keep(object));
	}
	if (assay_check(run, !refused, "no memory for an object"))
		assay_metric(run, "hit_ratio", "ratio", ASSAY_HIGHER,
			     (double)hits / (double)acquired);
}

const struct assay_bench assay_bench_memory_objpool = {
	.brief = "an object acquired from a pool and released",
	.source =
		"J. Bonwick, \"The slab allocator: an object-caching kernel memory allocator\", USENIX 1994",
	.body = body,
	.setup = setup,
	.teardown = object_bench_teardown,
	.axes = ASSAY_AXES({"size", "bytes", "1Ki,16Ki,64Ki"}),
	.subjects = MEMORY_OBJECT_POOL,
	.threads = "1..ncores:x2",
	.thorough = true,
};
