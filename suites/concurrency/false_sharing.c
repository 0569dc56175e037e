/* SPDX-License-Identifier: MIT */
/*
 * false_sharing: every thread adds to a counter of its own. The counters stand in one cache line, in lines next to each
 * other, or two lines apart.
 */
#include <stdatomic.h>
#include <stdlib.h>

#include "harness/bench.h"

enum layout { ONE_LINE, NEXT_LINE, APART };

struct counters {
	_Atomic uint64_t *first;
	size_t stride; /* in counters */
};

static void setup(struct assay_run *run)
{
	static const size_t strides_bytes[] = {
		[ONE_LINE] = sizeof(uint64_t),
		[NEXT_LINE] = ASSAY_CACHE_LINE,
		[APART] = 2 * ASSAY_CACHE_LINE,
	};
	struct counters *c = calloc(1, sizeof(*c));
	if (!assay_check(run, c, "out of memory"))
		return;
	assay_set_state(run, c);
	size_t stride = strides_bytes[(size_t)assay_axis(run, "layout")];
	size_t bytes = assay_threads(run) * 2 * ASSAY_CACHE_LINE;
	c->first = aligned_alloc(2 * ASSAY_CACHE_LINE, bytes);
	if (!assay_check(run, c->first, "out of memory"))
		return;
	memset((void *)c->first, 0, bytes);
	c->stride = stride / sizeof(uint64_t);
}

static void teardown(struct assay_run *run)
{
	struct counters *c = assay_state(run);
	if (c)
		free((void *)c->first);
	free(c);
}

static void body(struct assay_run *run)
{
	const struct counters *c = assay_state(run);
	_Atomic uint64_t *mine = &c->first[assay_thread(run) * c->stride];
	uint64_t before = atomic_load_explicit(mine, memory_order_relaxed), turns = 0;

	ASSAY_LOOP (run) {
		/* a load and a store, no locked operation: the counter is this thread's alone */
		uint64_t value = atomic_load_explicit(mine, memory_order_relaxed);
		atomic_store_explicit(mine, value + 1, memory_order_relaxed);
		turns++;
	}
	uint64_t after = atomic_load_explicit(mine, memory_order_relaxed);
	assay_check(run, after - before == turns, "%llu counted in %llu turns",
		    (unsigned long long)(after - before), (unsigned long long)turns);
}

const struct assay_bench assay_bench_concurrency_false_sharing = {
	.brief = "counters of different threads in one cache line, in neighbours, or apart",
	.source =
		"Torrellas, Lam & Hennessy, \"False sharing and spatial locality in multiprocessor "
		"caches\", IEEE TC 1994",
	.body = body,
	.setup = setup,
	.teardown = teardown,
	.axes = ASSAY_AXES({"layout", "name", "one_line,next_line,apart"}),
	.subjects = ASSAY_NO_SUBJECT,
	.threads = "2..ncores",
	.mode = ASSAY_CONTENDED,
	.unit = "op/s",
	.thorough = true,
};
