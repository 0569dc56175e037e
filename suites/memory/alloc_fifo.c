/* SPDX-License-Identifier: MIT */
/* alloc_fifo: blocks are released in the order in which they were taken, `depth` of them being live. */
#include <stdlib.h>

#include "suites/memory/memory.h"

struct queue {
	uint64_t **blocks;
	size_t depth, at;
	uint64_t serial, wrong;
};

static void teardown(struct assay_run *run)
{
	const struct allocator *a = assay_subject(run);
	struct queue *q = assay_thread_state(run);
	size_t size = (size_t)assay_axis(run, "size");

	for (size_t i = 0; q && q->blocks && i < q->depth; i++)
		if (q->blocks[i])
			a->release(q->blocks[i], size);
	if (q)
		free(q->blocks);
	free(q);
	if (a->thread_done)
		a->thread_done();
}

static void setup(struct assay_run *run)
{
	const struct allocator *a = assay_subject(run);
	struct queue *q = calloc(1, sizeof(*q));
	size_t size = (size_t)assay_axis(run, "size");

	assay_set_thread_state(run, q);
	if (size < sizeof(uint64_t) || assay_axis(run, "depth") < 1) {
		assay_skip(run, "blocks carry a number of 8 bytes, and at least one is live");
		return;
	}
	if (!assay_check(run, q != NULL, "no memory"))
		return;
	q->depth = (size_t)assay_axis(run, "depth");
	q->blocks = calloc(q->depth, sizeof(*q->blocks));
	if (!assay_check(run, q->blocks != NULL, "no memory for the queue"))
		return;
	for (size_t i = 0; i < q->depth; i++) {
		q->blocks[i] = a->alloc(size);
		if (!assay_check(run, q->blocks[i] != NULL, "the allocator ran out of memory"))
			return;
		q->blocks[i][0] = q->serial++;
	}
}

static void body(struct assay_run *run)
{
	const struct allocator *a = assay_subject(run);
	struct queue *q = assay_thread_state(run);
	size_t size = (size_t)assay_axis(run, "size"), at = q->at, depth = q->depth;
	uint64_t serial = q->serial, wrong = 0;

	ASSAY_LOOP (run) {
		uint64_t *oldest = q->blocks[at];
		wrong += oldest[0] != serial - depth;
		a->release(oldest, size);
		uint64_t *block = assay_keep(a->alloc(size));
		block[0] = serial++;
		q->blocks[at] = block;
		at = at + 1 == depth ? 0 : at + 1;
	}
	q->at = at;
	q->serial = serial;
	assay_check(run, wrong == 0 || !a->keeps_content,
		    "%llu blocks were not what had been written into them",
		    (unsigned long long)wrong);
}

const struct assay_bench assay_bench_memory_alloc_fifo = {
	.brief = "the oldest block released, a new one taken",
	.source = "glibc benchtests bench-malloc-simple, first in first out",
	.body = body,
	.thread_setup = setup,
	.thread_teardown = teardown,
	.axes = ASSAY_AXES({"size", "bytes", "48,512"}, {"depth", "", "10000"}),
	.thorough = true,
};
