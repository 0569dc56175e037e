/* SPDX-License-Identifier: MIT */
/* pool_trim: how long an allocator stops its caller when it is asked to give back what is not in use. */
#include "suites/memory/churn_bench.h"
#include "suites/memory/memory_use.h"

enum { STEPS_BETWEEN = 1000, LARGEST_BYTES = 8192 };

static void setup(struct assay_run *run)
{
	const struct allocator *a = assay_subject(run);

	if (!a->trim)
		assay_skip(run, "this allocator has no way to be asked for memory back");
}

static void thread_setup(struct assay_run *run)
{
	churn_thread_setup(run, (size_t)assay_axis(run, "slots"), LAW_PROGRAM, LARGEST_BYTES,
			   CHURN_WHOLE);
}

/* Every other block goes, so that there is something to give back and something that stays. */
static void release_half(struct churn *churn, const struct allocator *a)
{
	for (size_t i = 0; i < churn->n_slots; i += 2)
		if (churn->slots[i].block)
			churn_release(churn, a, &churn->slots[i], i);
}

static void body(struct assay_run *run)
{
	const struct allocator *a = assay_subject(run);
	struct churn *churn = assay_thread_state(run);
	bool filled = true;

	ASSAY_LOOP (run) {
		for (int i = 0; i < STEPS_BETWEEN; i++)
			churn_step(churn, a);
		release_half(churn, a);
		uint64_t stamp = assay_op_begin(run);
		a->trim();
		assay_op_end(run, stamp);
		filled &= churn_fill(churn, a);
	}
	assay_check(run, filled, "the allocator ran out of memory");
	assay_check(run, churn->wrong == 0,
		    "%llu blocks were not what had been written into them, or were refused",
		    (unsigned long long)churn->wrong);
	assay_metric(run, "rss", "B", ASSAY_LOWER, (double)memory_rss());
}

const struct assay_bench assay_bench_memory_pool_trim = {
	.brief = "the pause of giving unused memory back to the system",
	.source = "pauses as garbage collectors report them: the whole distribution",
	.claim = "S1.pause",
	.body = body,
	.setup = setup,
	.thread_setup = thread_setup,
	.thread_teardown = churn_thread_teardown,
	.axes = ASSAY_AXES({"slots", "", "1000,20000", "20000"}),
	.mode = ASSAY_LATENCY,
	.thorough = true,
};
