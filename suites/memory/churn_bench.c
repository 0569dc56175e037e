/* SPDX-License-Identifier: MIT */
/* churn_bench: set up, tear down, report. */
#include "suites/memory/churn_bench.h"

enum { LARGEST = 1 << 20 };

bool memory_needs_exchange(struct assay_run *run)
{
	const struct allocator *a = assay_subject(run);

	if (a->one_thread)
		assay_skip(run,
			   "a block of this allocator must be released by the thread that "
			   "took it");
	return !a->one_thread;
}

void churn_thread_setup(struct assay_run *run, size_t slots, enum size_law law, double largest,
			enum churn_writing writing)
{
	const struct allocator *a = assay_subject(run);
	struct assay_err err = {0};
	struct churn *churn;

	if (largest < 8 || largest > LARGEST || !slots) {
		assay_skip(run, "blocks are of 8 bytes to 1 MiB, in at least one slot");
		return;
	}
	enum assay_code code = churn_new(slots, law, (size_t)largest,
					 assay_seed(run) + assay_thread(run), &churn, &err);
	if (!assay_check(run, code == ASSAY_OK, "%s", err.text))
		return;
	assay_set_thread_state(run, churn);
	churn->writing = writing;
	if (!assay_check(run, churn_fill(churn, a), "the allocator ran out of memory"))
		return;
	for (size_t i = 0; i < CHURN_STEPS; i++)
		churn_step(churn, a);
}

void churn_thread_teardown(struct assay_run *run)
{
	const struct allocator *a = assay_subject(run);
	struct churn *churn = assay_thread_state(run);

	if (churn)
		churn_drain(churn, a);
	churn_free(churn);
	if (a->thread_done)
		a->thread_done();
}

void churn_report(struct assay_run *run, const struct churn *churn,
		  const struct memory_watch *watch, double slots, long faults, uint64_t turns)
{
	const struct allocator *a = assay_subject(run);

	assay_check(run, churn->wrong == 0 || !a->keeps_content,
		    "%llu blocks were not what had been written into them, or were refused",
		    (unsigned long long)churn->wrong);
	if (assay_thread(run) != 0 || !turns)
		return;
	assay_metric(run, "faults", "per op", ASSAY_LOWER,
		     (double)(memory_faults() - faults) / (double)turns);
	memory_watch_report(watch, run, slots * churn->mean_bytes);
}
