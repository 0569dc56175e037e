/* SPDX-License-Identifier: MIT */
/* alloc_law: a block of a full table replaced, sizes by a law, each written as a whole. */
#include <stdlib.h>

#include "suites/memory/churn_bench.h"

static void setup(struct assay_run *run)
{
	struct memory_watch *watch = calloc(1, sizeof(*watch));

	assay_set_state(run, watch);
	if (assay_check(run, watch != NULL, "no memory"))
		memory_watch_begin(watch, run,
				   assay_threads(run) *
					   churn_own_bytes((size_t)assay_axis(run, "slots")));
}

static void teardown(struct assay_run *run)
{
	free(assay_state(run));
}

static void thread_setup(struct assay_run *run)
{
	churn_thread_setup(run, (size_t)assay_axis(run, "slots"),
			   (enum size_law)assay_axis(run, "law"), assay_axis(run, "largest"),
			   CHURN_WHOLE);
}

static void body(struct assay_run *run)
{
	const struct allocator *a = assay_subject(run);
	struct churn *churn = assay_thread_state(run);
	size_t before = churn->at;
	long faults = memory_faults();

	ASSAY_LOOP (run)
		churn_step(churn, a);
	churn_report(run, churn, assay_state(run),
		     (double)assay_threads(run) * (double)churn->n_slots, faults,
		     churn->at - before);
}

const struct assay_bench assay_bench_memory_alloc_law = {
	.brief = "a block of a full table replaced, sizes by a law, each written as a whole",
	.source =
		"P. R. Wilson et al., \"Dynamic storage allocation: a survey and critical review\", IWMM 1995, on why one law is not enough",
	.body = body,
	.setup = setup,
	.teardown = teardown,
	.thread_setup = thread_setup,
	.thread_teardown = churn_thread_teardown,
	.axes = ASSAY_AXES({"law", "name", "uniform,pareto,bimodal,program"}, {"slots", "", "4096"},
			   {"largest", "bytes", "32Ki"}),
	.threads = "1",
	.thorough = true,
};
