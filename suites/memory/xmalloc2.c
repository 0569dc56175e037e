/* SPDX-License-Identifier: MIT */
/*
 * xmalloc2: every thread takes blocks for the next one and releases those of the one before it. After
 * xmalloc-test, with a ring between neighbours instead of one list under one lock, which with two threads
 * measures the lock.
 */
#include <stdlib.h>

#include "suites/memory/churn_bench.h"
#include "suites/memory/spsc_ring.h"

#define RING_SLOTS (8 * SPSC_BATCH)

struct circle {
	struct spsc_ring **to; /* to[t]: filled by the thread before t */
	unsigned n;
	uint64_t turns; /* in this batch, the same for all */
};

static void setup(struct assay_run *run)
{
	struct circle *circle = calloc(1, sizeof(*circle));
	struct assay_err err = {0};

	assay_set_state(run, circle);
	if (!assay_check(run, circle != NULL, "no memory") || !memory_needs_exchange(run))
		return;
	if (assay_axis(run, "size") < sizeof(uint64_t)) {
		assay_skip(run, "blocks carry a number of 8 bytes; size must be at least 8");
		return;
	}
	circle->n = assay_threads(run);
	circle->to = calloc(circle->n, sizeof(*circle->to));
	enum assay_code code = circle->to ? ASSAY_OK : ASSAY_ENOMEM;
	for (unsigned t = 0; code == ASSAY_OK && t < circle->n; t++)
		code = spsc_ring_new(RING_SLOTS, &circle->to[t], &err);
	assay_check(run, code == ASSAY_OK, "no memory for the rings");
}

static void teardown(struct assay_run *run)
{
	struct circle *circle = assay_state(run);

	for (unsigned t = 0; circle && circle->to && t < circle->n; t++)
		spsc_ring_free(circle->to[t]);
	if (circle)
		free(circle->to);
	free(circle);
}

static void thread_teardown(struct assay_run *run)
{
	const struct allocator *a = assay_subject(run);

	if (a->thread_done)
		a->thread_done();
}

static void prepare(struct assay_run *run, uint64_t n)
{
	if (assay_thread(run) == 0)
		((struct circle *)assay_state(run))->turns = n;
}

/* This thread's two ends, and how far it has come. */
struct place {
	const struct allocator *a;
	struct spsc_ring *in, *out;
	size_t size;
	uint64_t sent, received, wrong;
};

static void receive(struct place *p, uint64_t *block)
{
	p->wrong += *block != p->received++;
	p->a->release(block, p->size);
}

static void pass_on(struct place *p)
{
	uint64_t *block = p->a->alloc(p->size), *arrived;

	*block = p->sent++;
	/* While the next thread is behind, the one before may be waiting for us. */
	while (!spsc_ring_push(p->out, block)) {
		arrived = spsc_ring_pop(p->in);
		if (arrived)
			receive(p, arrived);
	}
	arrived = spsc_ring_pop(p->in);
	if (arrived)
		receive(p, arrived);
}

static void body(struct assay_run *run)
{
	const struct circle *circle = assay_state(run);
	struct place p = {
		.a = assay_subject(run),
		.in = circle->to[assay_thread(run)],
		.out = circle->to[(assay_thread(run) + 1) % circle->n],
		.size = (size_t)assay_axis(run, "size"),
	};

	ASSAY_LOOP (run) {
		pass_on(&p);
		if (p.sent == circle->turns) { /* the last turn: nothing stays under way */
			spsc_ring_flush(p.out);
			while (p.received < circle->turns)
				receive(&p, spsc_ring_pop_wait(p.in));
		}
	}
	assay_check(run, p.wrong == 0 || !p.a->keeps_content,
		    "%llu of %llu blocks did not arrive as they were sent",
		    (unsigned long long)p.wrong, (unsigned long long)p.received);
}

const struct assay_bench assay_bench_memory_xmalloc2 = {
	.brief = "every thread releases what the one before it has taken",
	.source =
		"after xmalloc-test: Lever, Boreham, \"malloc() performance in a multithreaded "
		"Linux environment\", USENIX 2000",
	.body = body,
	.setup = setup,
	.teardown = teardown,
	.thread_teardown = thread_teardown,
	.prepare = prepare,
	.axes = ASSAY_AXES({"size", "bytes", "64,512"}),
	.threads = "ncores",
	.thorough = true,
};
