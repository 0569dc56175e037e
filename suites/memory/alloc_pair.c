/* SPDX-License-Identifier: MIT */
/* alloc_pair: one allocation and its release per operation, same thread, one size. */
#include "suites/memory/memory.h"

/* Aligned, or else the few instructions of the loop may lie across two lines, which adds a cycle to what is
 * seven for calls that do nothing. */
static __attribute__((aligned(ASSAY_CACHE_LINE))) void body(struct assay_run *run)
{
	const struct allocator *a = assay_subject(run);
	size_t size = (size_t)assay_axis(run, "size");
	void *(*alloc)(size_t) = a->alloc;
	void (*release)(void *, size_t) = a->release;

	ASSAY_LOOP (run)
		release(assay_keep(alloc(size)), size);
}

const struct assay_bench assay_bench_memory_alloc_pair = {
	.brief = "one allocation and its release, same thread, one size",
	.source =
		"the inner loop of mimalloc-bench's alloc-test; "
		"https://github.com/daanx/mimalloc-bench",
	.body = body,
	.axes = ASSAY_AXES({"size", "bytes", "16,64,256,4Ki", "64"}),
};
