/* SPDX-License-Identifier: MIT */
/* latency: one load per operation, whose address is the result of the load before it. */
#include "suites/memory/chase.h"

static void setup(struct assay_run *run)
{
	chase_setup(run, (enum chain_order)assay_axis(run, "chain"));
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
	.brief = "load-to-use latency along a cycle over all lines",
	.source =
		"lmbench lat_mem_rd and multichase; cycle by Sattolo, Information Processing Letters "
		"22(6), 1986",
	.body = body,
	.setup = setup,
	.teardown = chase_teardown,
	.thread_setup = chase_thread_setup,
	.axes = ASSAY_AXES({"size", "bytes", "4Ki..4*llc:x2", "16Ki,256Ki,2Mi,128Mi"},
			   {"chain", "name", "random,window,sequential", "random"},
			   {"pages", "name", "4k,huge"}),
	.subjects = ASSAY_NO_SUBJECT,
};
