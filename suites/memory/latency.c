/* SPDX-License-Identifier: MIT */
/* latency: one load per operation, whose address is the result of the load before it. */
#include <stdlib.h>

#include "suites/memory/chain.h"
#include "suites/memory/memory.h"
#include "suites/memory/pages.h"

static void setup(struct assay_run *run)
{
	struct assay_err err = {0};
	enum pages_kind kind = (enum pages_kind)assay_axis(run, "pages");
	size_t size = (size_t)assay_axis(run, "size");
	struct pages *pages = calloc(1, sizeof(*pages));

	assay_set_state(run, pages);
	if (!assay_check(run, pages != NULL, "no memory"))
		return;
	if (size < CHAIN_LINE_BYTES) {
		assay_skip(run, "a chain needs at least one line of %d bytes", CHAIN_LINE_BYTES);
		return;
	}
	enum assay_code code = pages_map(kind, size, pages, &err);
	if (code == ASSAY_OK) {
		pages_touch(pages);
		code = pages_confirm(pages, kind, &err);
	}
	if (code == ASSAY_OK)
		code = chain_random(pages->base, size / CHAIN_LINE_BYTES, assay_seed(run), &err);
	if (code == ASSAY_SKIP)
		assay_skip(run, "%s", err.text);
	else
		assay_check(run, code == ASSAY_OK, "%s", err.text);
}

/* The walk that checks the chain also brings it into the caches of the thread that is measured. */
static void thread_setup(struct assay_run *run)
{
	struct pages *pages = assay_state(run);
	size_t lines = (size_t)assay_axis(run, "size") / CHAIN_LINE_BYTES;

	assay_check(run, chain_is_one_cycle(pages->base, lines),
		    "the chain does not visit each of its %zu lines exactly once", lines);
	assay_set_thread_state(run, pages->base);
}

static void teardown(struct assay_run *run)
{
	struct pages *pages = assay_state(run);

	if (pages)
		pages_done(pages);
	free(pages);
}

/*
 * Not unrolled: the two instructions that count run beside the load and wait for nothing, so that
 * the chain alone sets the pace, down to a first-level hit.
 */
static void body(struct assay_run *run)
{
	void *at = assay_thread_state(run);

	ASSAY_LOOP (run)
		at = *(void **)at;
	/* The next batch goes on from here: a large chain is never walked twice over the same part. */
	assay_set_thread_state(run, assay_keep(at));
}

const struct assay_bench assay_bench_memory_latency = {
	.brief = "load-to-use latency along one random cycle over all lines",
	.source =
		"lmbench lat_mem_rd and multichase; cycle by Sattolo, Information Processing Letters "
		"22(6), 1986",
	.body = body,
	.setup = setup,
	.teardown = teardown,
	.thread_setup = thread_setup,
	.axes = ASSAY_AXES({"size", "bytes", "4Ki..4*llc:x2"}, {"chain", "name", "random"},
			   {"pages", "name", "4k,huge"}),
	.subjects = ASSAY_NO_SUBJECT,
};
