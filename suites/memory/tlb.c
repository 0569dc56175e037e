/* SPDX-License-Identifier: MIT */
/* tlb: one line of each of so many pages: the same lines on small and on huge pages, so that the difference
 * is what translation costs. */
#include <stdlib.h>

#include "suites/memory/chase.h"

static enum assay_code open_pages(struct assay_run *run, struct chase *chase, struct assay_err *err)
{
	enum pages_kind kind = (enum pages_kind)assay_axis(run, "pages");
	size_t count = (size_t)assay_axis(run, "count");

	chase->lines = count;
	if (count == 0)
		return assay_fail(err, ASSAY_SKIP, "count must be at least 1");
	enum assay_code code = pages_map(kind, count * CHAIN_PAGE_BYTES, &chase->pages, err);
	if (code == ASSAY_OK) {
		pages_touch(&chase->pages);
		code = pages_confirm(&chase->pages, kind, err);
	}
	return code == ASSAY_OK ? chain_pages(chase->pages.base, count, assay_seed(run), err)
				: code;
}

static void setup(struct assay_run *run)
{
	struct assay_err err = {0};
	struct chase *chase = calloc(1, sizeof(*chase));

	assay_set_state(run, chase);
	if (assay_check(run, chase != NULL, "no memory"))
		memory_settle(run, open_pages(run, chase, &err), &err);
}

static void thread_setup(struct assay_run *run)
{
	const struct chase *chase = assay_state(run);

	assay_check(run,
		    chain_length(chase->pages.base, chase->pages.bytes, chase->lines) ==
			    chase->lines,
		    "the chain does not visit each of its %zu pages exactly once", chase->lines);
	assay_set_thread_state(run, chase->pages.base);
}

static void body(struct assay_run *run)
{
	void *at = assay_thread_state(run);

	ASSAY_LOOP (run)
		at = *(void **)at;
	assay_set_thread_state(run, assay_keep(at));
}

const struct assay_bench assay_bench_memory_tlb = {
	.brief = "latency along one line of each of many pages: what translation adds",
	.source =
		"R. H. Saavedra, A. J. Smith, \"Measuring cache and TLB performance\", IEEE TC "
		"44(10), 1995",
	.body = body,
	.setup = setup,
	.teardown = chase_teardown,
	.thread_setup = thread_setup,
	.axes = ASSAY_AXES({"count", "pages of 4 KiB", "8..64Ki:x2", "32,4Ki"},
			   {"pages", "name", "4k,huge"}),
	.subjects = ASSAY_NO_SUBJECT,
};
