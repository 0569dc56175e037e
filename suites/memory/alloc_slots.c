/* SPDX-License-Identifier: MIT */
/*
 * alloc_slots: a block of a full table, chosen at random, is released and one of another size takes its
 * place. Slots and both sizes are drawn beforehand and nothing is written into blocks: all that is left beside
 * the allocator is a load, a store and the two calls.
 */
#include <stdlib.h>

#include "suites/memory/memory.h"
#include "suites/memory/memory_use.h"
#include "suites/memory/size_law.h"

enum { STEPS = 1 << 14, MOST_SLOTS = 1 << 16, MOST_BYTES = 0xffff };

struct step {
	uint16_t slot, old_size, new_size;
};

struct table {
	struct step steps[STEPS]; /* gone through round and round, so that the sizes fit again */
	size_t at;
	size_t slots;
	void **blocks;
	uint16_t *sizes;
};

/* Sizes of the slots after one round are those they begin the next with. */
static void draw(struct table *t, size_t largest, uint64_t seed)
{
	struct assay_rng rng;

	assay_rng_init(&rng, seed);
	for (size_t i = 0; i < t->slots; i++)
		t->sizes[i] = (uint16_t)size_draw(LAW_UNIFORM, largest, &rng);
	for (size_t i = 0; i < STEPS; i++) {
		t->steps[i].slot = (uint16_t)assay_rng_below(&rng, t->slots);
		t->steps[i].new_size = (uint16_t)size_draw(LAW_UNIFORM, largest, &rng);
	}
	for (int round = 0; round < 2; round++)
		for (struct step *s = t->steps; s < t->steps + STEPS; s++) {
			s->old_size = t->sizes[s->slot];
			t->sizes[s->slot] = s->new_size;
		}
}

static void thread_setup(struct assay_run *run)
{
	const struct allocator *a = assay_subject(run);
	struct table *t = calloc(1, sizeof(*t));
	double slots = assay_axis(run, "slots"), largest = assay_axis(run, "largest");

	assay_set_thread_state(run, t);
	if (!assay_check(run, t != NULL, "no memory"))
		return;
	if (slots < 1 || slots > MOST_SLOTS || largest < 8 || largest > MOST_BYTES) {
		assay_skip(run, "there can be 1 to %d slots, with blocks of 8 to %d bytes",
			   MOST_SLOTS, MOST_BYTES);
		return;
	}
	t->slots = (size_t)slots;
	t->blocks = calloc(t->slots, sizeof(*t->blocks));
	t->sizes = calloc(t->slots, sizeof(*t->sizes));
	if (!assay_check(run, t->blocks && t->sizes, "no memory for %zu slots", t->slots))
		return;
	draw(t, (size_t)largest, assay_seed(run));
	for (size_t i = 0; i < t->slots; i++) {
		t->blocks[i] = a->alloc(t->sizes[i]);
		if (!assay_check(run, t->blocks[i] != NULL, "the allocator ran out of memory"))
			return;
	}
}

/* The sizes in the slots are those of the steps gone since the round began. */
static void thread_teardown(struct assay_run *run)
{
	const struct allocator *a = assay_subject(run);
	struct table *t = assay_thread_state(run);

	for (size_t i = 0; t && i < t->at % STEPS; i++)
		t->sizes[t->steps[i].slot] = t->steps[i].new_size;
	for (size_t i = 0; t && t->blocks && i < t->slots; i++)
		if (t->blocks[i])
			a->release(t->blocks[i], t->sizes[i]);
	if (t) {
		free(t->blocks);
		free(t->sizes);
	}
	free(t);
	if (a->thread_done)
		a->thread_done();
}

static __attribute__((aligned(ASSAY_CACHE_LINE))) void body(struct assay_run *run)
{
	const struct allocator *a = assay_subject(run);
	struct table *t = assay_thread_state(run);
	void *(*alloc)(size_t) = a->alloc;
	void (*release)(void *, size_t) = a->release;
	const struct step *steps = t->steps;
	void **blocks = t->blocks;
	size_t at = t->at, before = at;
	long faults = memory_faults();

	ASSAY_LOOP (run) {
		const struct step *step = &steps[at++ % STEPS];
		void **slot = &blocks[step->slot];
		release(*slot, step->old_size);
		*slot = alloc(step->new_size);
	}
	t->at = at;
	assay_metric(run, "faults", "per op", ASSAY_LOWER,
		     (double)(memory_faults() - faults) / (double)(at - before));
}

const struct assay_bench assay_bench_memory_alloc_slots = {
	.brief = "a block of a full table replaced by one of another size",
	.source = "random replacement in a fixed table, as in mimalloc-bench's alloc-test",
	.body = body,
	.thread_setup = thread_setup,
	.thread_teardown = thread_teardown,
	.axes = ASSAY_AXES({"slots", "", "4096"}, {"largest", "bytes", "128,1Ki,8Ki", "1Ki"}),
};
