/* SPDX-License-Identifier: MIT */
/* numa: latency of memory on the node of the measured CPU and on the one farthest from it. */
#include <sched.h>
#include <stdlib.h>

#include "suites/memory/chase.h"
#include "suites/memory/numa_nodes.h"

enum { LOCAL, REMOTE };

static enum assay_code open_there(struct assay_run *run, struct chase *chase, struct assay_err *err)
{
	struct numa_pair nodes;
	int cpu = sched_getcpu();
	enum assay_code code =
		numa_find("/sys/devices/system/node", cpu < 0 ? 0 : (unsigned)cpu, &nodes, err);

	if (code != ASSAY_OK)
		return code;
	chase->lines = (size_t)assay_axis(run, "size") / CHAIN_LINE_BYTES;
	if (!chase->lines)
		return assay_fail(err, ASSAY_SKIP, "size is less than a line");
	code = pages_map(PAGES_4K, chase->lines * CHAIN_LINE_BYTES, &chase->pages, err);
	if (code == ASSAY_OK)
		code = numa_bind(&chase->pages,
				 assay_axis(run, "memory") == LOCAL ? nodes.local : nodes.remote,
				 err);
	if (code != ASSAY_OK)
		return code;
	pages_touch(&chase->pages);
	return chain_random(chase->pages.base, chase->lines, assay_seed(run), err);
}

static void setup(struct assay_run *run)
{
	struct assay_err err = {0};
	struct chase *chase = calloc(1, sizeof(*chase));

	assay_set_state(run, chase);
	if (assay_check(run, chase != NULL, "no memory"))
		memory_settle(run, open_there(run, chase, &err), &err);
}

static void body(struct assay_run *run)
{
	void *at = assay_thread_state(run);

	ASSAY_LOOP (run)
		at = *(void **)at;
	assay_set_thread_state(run, assay_keep(at));
}

const struct assay_bench assay_bench_memory_numa = {
	.brief = "latency of memory on this node and on the farthest",
	.source = "Intel Memory Latency Checker, --latency_matrix",
	.body = body,
	.setup = setup,
	.teardown = chase_teardown,
	.thread_setup = chase_thread_setup,
	.axes = ASSAY_AXES({"memory", "name", "local,remote"}, {"size", "bytes", "4*llc", "128Mi"}),
	.subjects = ASSAY_NO_SUBJECT,
};
