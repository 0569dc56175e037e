/* SPDX-License-Identifier: MIT */
/* page: the first touch of a page: the fault, the zeroing, the entry in the page table. */
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "harness/base/clock.h"
#include "suites/memory/chase.h"

/* The most that one batch maps. */
#define BATCH_BYTES ((size_t)128 << 20)
#define SMALL_BYTES ((size_t)4096)
#define HUGE_BYTES  ((size_t)2 << 20)

struct touching {
	struct pages pages;
	enum pages_kind kind;
	size_t step;
	uint64_t n;
};

static void setup(struct assay_run *run)
{
	struct touching *t = calloc(1, sizeof(*t));
	struct assay_err err = {0};

	assay_set_state(run, t);
	if (!assay_check(run, t != NULL, "no memory"))
		return;
	t->kind = (enum pages_kind)assay_axis(run, "pages");
	t->step = t->kind == PAGES_HUGE ? HUGE_BYTES : SMALL_BYTES;
	/* Once to see that such pages are to be had. */
	enum assay_code code = pages_map(t->kind, HUGE_BYTES, &t->pages, &err);
	if (code == ASSAY_OK) {
		pages_touch(&t->pages);
		code = pages_confirm(&t->pages, t->kind, &err);
	}
	if (code == ASSAY_OK && t->kind == PAGES_HUGE && t->pages.bytes != HUGE_BYTES)
		code = assay_fail(&err, ASSAY_SKIP, "huge pages are %zu MiB here, not 2",
				  t->pages.bytes >> 20);
	pages_done(&t->pages);
	memory_settle(run, code, &err);
	assay_set_ops_per_iteration(run, HUGE_BYTES / t->step);
}

/* New pages for every batch: two mebibytes to each turn of the loop. */
static void prepare(struct assay_run *run, uint64_t n)
{
	struct touching *t = assay_state(run);
	struct assay_err err = {0};

	pages_done(&t->pages);
	t->n = n;
	memory_settle(run, pages_map(t->kind, n * HUGE_BYTES, &t->pages, &err), &err);
}

static long faults(void)
{
	struct rusage usage;

	getrusage(RUSAGE_THREAD, &usage);
	return usage.ru_minflt;
}

static void body(struct assay_run *run)
{
	const struct touching *t = assay_state(run);
	volatile char *at = t->pages.base;
	size_t step = t->step;

	if (!at) { /* prepare() had no memory, and said so */
		ASSAY_LOOP (run)
			assay_clobber();
		return;
	}
	long before = faults();
	uint64_t began = assay_now_ns();

	ASSAY_LOOP (run) {
		for (size_t i = 0; i < HUGE_BYTES; i += step)
			at[i] = 1;
		at += HUGE_BYTES;
	}
	double seconds = (double)(assay_now_ns() - began) * 1e-9;
	double touched = (double)t->n * (double)(HUGE_BYTES / step);
	assay_metric(run, "zeroed", "B/s", ASSAY_HIGHER,
		     (double)t->n * (double)HUGE_BYTES / seconds);
	assay_metric(run, "faults", "per op", ASSAY_LOWER, (double)(faults() - before) / touched);
}

static void teardown(struct assay_run *run)
{
	struct touching *t = assay_state(run);

	if (t)
		pages_done(&t->pages);
	free(t);
}

const struct assay_bench assay_bench_memory_page = {
	.brief = "first touch of a page, small or huge",
	.source = "lmbench lat_pagefault, anonymous memory",
	.body = body,
	.setup = setup,
	.teardown = teardown,
	.prepare = prepare,
	.axes = ASSAY_AXES({"pages", "name", "4k,huge"}),
	.subjects = ASSAY_NO_SUBJECT,
	.max_ops = BATCH_BYTES / HUGE_BYTES,
};
