/* SPDX-License-Identifier: MIT */
/*
 * larson2: each thread replaces blocks of a table at random, and between batches the tables pass on to
 * the next thread, so that what one has taken another releases. After Larson's server benchmark, with
 * threads that live on instead of being created anew each round, and blocks written as a whole.
 */
#include <stdlib.h>

#include "suites/memory/churn_bench.h"

struct tables {
	struct churn **of; /* by thread, in the first round */
	unsigned n;
	struct memory_watch watch;
};

static void setup(struct assay_run *run)
{
	struct tables *tables = calloc(1, sizeof(*tables));

	assay_set_state(run, tables);
	if (!assay_check(run, tables != NULL, "no memory") || !memory_needs_exchange(run))
		return;
	tables->n = assay_threads(run);
	tables->of = calloc(tables->n, sizeof(struct churn *));
	if (assay_check(run, tables->of != NULL, "no memory for the tables"))
		memory_watch_begin(&tables->watch, run,
				   tables->n * churn_own_bytes((size_t)assay_axis(run, "slots")));
}

static void teardown(struct assay_run *run)
{
	struct tables *tables = assay_state(run);

	if (tables)
		free(tables->of);
	free(tables);
}

static void thread_setup(struct assay_run *run)
{
	const struct tables *tables = assay_state(run);

	churn_thread_setup(run, (size_t)assay_axis(run, "slots"), LAW_UNIFORM,
			   assay_axis(run, "largest"), CHURN_WHOLE);
	tables->of[assay_thread(run)] = assay_thread_state(run);
}

/* All threads have ended the batch before, so nobody is at work in a table that passes on. */
static void prepare(struct assay_run *run, uint64_t n)
{
	const struct tables *tables = assay_state(run);
	const struct churn *mine = assay_thread_state(run);
	unsigned at = 0;

	(void)n;
	while (at < tables->n && tables->of[at] != mine)
		at++;
	assay_set_thread_state(run, tables->of[(at + 1) % tables->n]);
}

static void body(struct assay_run *run)
{
	const struct allocator *a = assay_subject(run);
	const struct tables *tables = assay_state(run);
	struct churn *churn = assay_thread_state(run);
	size_t before = churn->at;
	long faults = memory_faults();

	ASSAY_LOOP (run)
		churn_step(churn, a);
	churn_report(run, churn, &tables->watch, (double)tables->n * (double)churn->n_slots, faults,
		     churn->at - before);
}

const struct assay_bench assay_bench_memory_larson2 = {
	.brief = "random replacement by threads that take over each other's tables",
	.source =
		"after P.-A. Larson, M. Krishnan, \"Memory allocation for long-running server "
		"applications\", ISMM 1998",
	.body = body,
	.setup = setup,
	.teardown = teardown,
	.thread_setup = thread_setup,
	.thread_teardown = churn_thread_teardown,
	.prepare = prepare,
	.axes = ASSAY_AXES({"slots", "", "1000"}, {"largest", "bytes", "1Ki"}),
	.threads = "1..ncores:x2",
	.thorough = true,
	.version = 1, /* faults are those of one thread */
};
