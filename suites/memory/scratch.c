/* SPDX-License-Identifier: MIT */
/*
 * scratch: blocks that one thread took side by side are released by as many threads, each of which then
 * takes one of its own and writes to it over and over. An allocator that hands the neighbours out again
 * makes the threads take one line from each other. After Hoard's cache-scratch.
 */
#include <stdlib.h>

#include "harness/base/clock.h"
#include "suites/memory/churn_bench.h"

struct scratch {
	uint64_t **given; /* one to each thread, all taken by the first */
	unsigned n;
};

static void setup(struct assay_run *run)
{
	const struct allocator *a = assay_subject(run);
	struct scratch *s = calloc(1, sizeof(*s));
	size_t size = (size_t)assay_axis(run, "size");

	assay_set_state(run, s);
	if (!assay_check(run, s != NULL, "no memory") || !memory_needs_exchange(run))
		return;
	if (size < sizeof(uint64_t)) {
		assay_skip(run, "size must be at least 8");
		return;
	}
	s->n = assay_threads(run);
	s->given = calloc(s->n, sizeof(*s->given));
	bool all = s->given != NULL;
	for (unsigned t = 0; all && t < s->n; t++)
		all = (s->given[t] = a->alloc(size)) != NULL;
	assay_check(run, all, "no memory for the blocks");
}

static void teardown(struct assay_run *run)
{
	struct scratch *s = assay_state(run);

	if (s)
		free(s->given);
	free(s);
}

static void thread_setup(struct assay_run *run)
{
	const struct allocator *a = assay_subject(run);
	const struct scratch *s = assay_state(run);

	a->release(s->given[assay_thread(run)], (size_t)assay_axis(run, "size"));
}

static void thread_teardown(struct assay_run *run)
{
	const struct allocator *a = assay_subject(run);

	if (a->thread_done)
		a->thread_done();
}

static void write_over(volatile uint64_t *word, uint64_t writes)
{
	for (uint64_t i = 0; i < writes; i++)
		(*word)++;
}

/* What the writes take in a line that nobody else has. */
static double alone_ns(uint64_t writes)
{
	enum { TIMES = 100 };
	_Alignas(2 * ASSAY_CACHE_LINE) uint64_t line[2 * ASSAY_CACHE_LINE / sizeof(uint64_t)] = {0};
	uint64_t began = assay_now_ns();

	for (int i = 0; i < TIMES; i++)
		write_over(line, writes);
	return (double)(assay_now_ns() - began) / TIMES;
}

static void prepare(struct assay_run *run, uint64_t n)
{
	assay_set_thread_state(run, (void *)(uintptr_t)n);
}

static void body(struct assay_run *run)
{
	const struct allocator *a = assay_subject(run);
	size_t size = (size_t)assay_axis(run, "size");
	uint64_t writes = (uint64_t)assay_axis(run, "writes"), wrong = 0;
	uint64_t turns = (uint64_t)(uintptr_t)assay_thread_state(run);
	uint64_t began = assay_now_ns();

	ASSAY_LOOP (run) {
		uint64_t *block = assay_keep(a->alloc(size));
		*block = 0;
		write_over(block, writes);
		wrong += *block != writes;
		a->release(block, size);
	}
	double each_ns = (double)(assay_now_ns() - began) / (double)turns;
	assay_metric(run, "slowdown", "ratio", ASSAY_LOWER, each_ns / alone_ns(writes));
	assay_check(run, wrong == 0 || !a->keeps_content,
		    "%llu blocks were written by two threads at once", (unsigned long long)wrong);
}

const struct assay_bench assay_bench_memory_scratch = {
	.brief = "small blocks written over and over, taken where neighbours were released",
	.source = "after cache-scratch: E. Berger et al., \"Hoard\", ASPLOS 2000",
	.body = body,
	.setup = setup,
	.teardown = teardown,
	.thread_setup = thread_setup,
	.thread_teardown = thread_teardown,
	.prepare = prepare,
	.axes = ASSAY_AXES({"size", "bytes", "8"}, {"writes", "", "1000"}),
	.threads = "ncores",
	.thorough = true,
};
