/* SPDX-License-Identifier: MIT */
/*
 * alloc_xthread: one object per operation that one thread allocates and writes, and another reads and
 * releases; the time of n operations runs until both threads are done with all n.
 */
#include <stdlib.h>

#include "suites/memory/churn_bench.h"
#include "suites/memory/spsc_ring.h"

enum { PRODUCER, CONSUMER };

/*
 * Objects on their way: four batches of the ring, the fewest that let both sides run at once. With more
 * the objects on their way leave the caches, and that is measured instead of the allocator.
 */
#define RING_SLOTS (4 * SPSC_BATCH)

struct passage {
	struct spsc_ring *ring;
	uint64_t n; /* operations in this batch; the producer's */
};

static void setup(struct assay_run *run)
{
	struct assay_err err = {0};
	double size = assay_axis(run, "size");
	struct passage *passage = calloc(1, sizeof(*passage));

	assay_set_state(run, passage);
	if (!memory_needs_exchange(run))
		return;
	if (size < sizeof(uint64_t)) {
		assay_skip(run,
			   "an object of %g bytes cannot carry the serial number that is "
			   "checked on arrival; size must be at least 8",
			   size);
		return;
	}
	if (!assay_check(run, passage != NULL, "no memory for the ring"))
		return;
	enum assay_code code = spsc_ring_new(RING_SLOTS, &passage->ring, &err);
	assay_check(run, code == ASSAY_OK, "%s", err.text);
}

static void teardown(struct assay_run *run)
{
	struct passage *passage = assay_state(run);

	if (passage)
		spsc_ring_free(passage->ring);
	free(passage);
}

static void thread_teardown(struct assay_run *run)
{
	const struct allocator *a = assay_subject(run);

	if (a->thread_done)
		a->thread_done();
}

static void prepare(struct assay_run *run, uint64_t n)
{
	struct passage *passage = assay_state(run);

	if (assay_role(run) == PRODUCER)
		passage->n = n;
}

static void produce(struct assay_run *run)
{
	const struct allocator *a = assay_subject(run);
	size_t size = (size_t)assay_axis(run, "size");
	struct passage *passage = assay_state(run);
	struct spsc_ring *ring = passage->ring;
	uint64_t serial = 0, n = passage->n;

	ASSAY_LOOP (run) {
		uint64_t *object = a->alloc(size);
		*object = serial;
		spsc_ring_push_wait(ring, object);
		if (++serial == n)
			spsc_ring_flush(ring);
	}
}

static void consume(struct assay_run *run)
{
	const struct allocator *a = assay_subject(run);
	size_t size = (size_t)assay_axis(run, "size");
	struct spsc_ring *ring = ((struct passage *)assay_state(run))->ring;
	uint64_t serial = 0, wrong = 0;

	ASSAY_LOOP (run) {
		uint64_t *object = spsc_ring_pop_wait(ring);
		wrong += *object != serial++;
		a->release(object, size);
	}
	assay_check(run, wrong == 0 || !a->keeps_content,
		    "%llu of %llu objects did not arrive as they were sent",
		    (unsigned long long)wrong, (unsigned long long)serial);
}

static void body(struct assay_run *run)
{
	if (assay_role(run) == PRODUCER)
		produce(run);
	else
		consume(run);
}

const struct assay_bench assay_bench_memory_alloc_xthread = {
	.brief = "allocated by one thread, released by another",
	.source =
		"after xmalloc-test: Lever, Boreham, \"malloc() performance in a multithreaded Linux "
		"environment\", USENIX 2000; one ring instead of a lock",
	.body = body,
	.setup = setup,
	.teardown = teardown,
	.thread_teardown = thread_teardown,
	.prepare = prepare,
	.axes = ASSAY_AXES({"size", "bytes", "16,64,256,4Ki", "64"}),
	.roles = ASSAY_ROLES({"producer", 1, false}, {"consumer", 1, true}),
};
