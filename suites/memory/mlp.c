/* SPDX-License-Identifier: MIT */
/* mlp: several chains at once: how many misses the core keeps under way side by side. */
#include "suites/memory/chase.h"

enum { MOST_CHAINS = 16 };

static void setup(struct assay_run *run)
{
	double chains = assay_axis(run, "chains");

	if (chains < 1 || chains > MOST_CHAINS || chains != (unsigned)chains ||
	    ((unsigned)chains & ((unsigned)chains - 1)) != 0) {
		assay_skip(run, "%g chains: there is code for 1, 2, 4, 8 and 16", chains);
		return;
	}
	chase_setup(run, CHAIN_RANDOM);
	assay_set_ops_per_iteration(run, (uint64_t)chains);
}

/*
 * All follow the one cycle, from places far apart: at random distances, none walks in the lines another has
 * just fetched.
 */
static inline __attribute__((always_inline)) void follow(struct assay_run *run, unsigned chains)
{
	const struct chase *chase = assay_state(run);
	void *at[MOST_CHAINS];
	size_t apart = chase->lines / chains, from = 0;
	uintptr_t state = (uintptr_t)assay_thread_state(run);

	/* Batches begin elsewhere each time. */
	from = (state * 7919u) % (apart ? apart : 1);
	for (unsigned c = 0; c < chains; c++)
		at[c] = (char *)chase->pages.base + (from + c * apart) * CHAIN_LINE_BYTES;
	ASSAY_LOOP (run) {
		for (unsigned c = 0; c < chains; c++)
			at[c] = *(void **)at[c];
	}
	for (unsigned c = 0; c < chains; c++)
		assay_keep(at[c]);
	assay_set_thread_state(run, (void *)(state + 1));
}

static void thread_setup(struct assay_run *run)
{
	chase_thread_setup(run);
	assay_set_thread_state(run, (void *)(uintptr_t)1);
}

static void body(struct assay_run *run)
{
	switch ((unsigned)assay_axis(run, "chains")) {
	case 1:
		follow(run, 1);
		break;
	case 2:
		follow(run, 2);
		break;
	case 4:
		follow(run, 4);
		break;
	case 8:
		follow(run, 8);
		break;
	default:
		follow(run, 16);
	}
}

const struct assay_bench assay_bench_memory_mlp = {
	.brief = "time per load along several random chains at once",
	.source = "multichase parallel2..10; lmbench par_mem",
	.body = body,
	.setup = setup,
	.teardown = chase_teardown,
	.thread_setup = thread_setup,
	.axes = ASSAY_AXES({"chains", "", "1,2,4,8,16", "1,8"}, {"size", "bytes", "4*llc", "128Mi"},
			   {"pages", "name", "4k,huge", "huge"}),
	.subjects = ASSAY_NO_SUBJECT,
};
