/* SPDX-License-Identifier: MIT */
/*
 * tier_mixed: look-ups and updates over a stack of tiers: what each further tier costs and answers. Nine
 * requests in ten are look-ups of Zipf-distributed keys, of which the shared table holds a tenth.
 */
#include "suites/cache/tiered.h"

static void setup(struct assay_run *run)
{
	struct tiers_config config = {
		.write_back = strcmp(assay_axis_text(run, "write"), "back") == 0,
		.promote = strcmp(assay_axis_text(run, "promote"), "yes") == 0,
	};
	tiered_setup(run, &config, 0, 0.9);
}

static void body(struct assay_run *run)
{
	struct tiered_client *c = assay_thread_state(run);
	const struct tiered *s = assay_state(run);
	uint64_t before = tiers_bytes_moved(s->tiers), first = c->position;

	ASSAY_LOOP (run)
		tiered_request(c);
	double moved = (double)(tiers_bytes_moved(s->tiers) - before);
	if (c->position > first)
		assay_metric(run, "moved", "B", ASSAY_LOWER, moved / (double)(c->position - first));
	tiered_report(run, true);
}

const struct assay_bench assay_bench_cache_tier_mixed = {
	.brief = "look-ups and updates over memory, disk, Redis and SQLite tiers",
	.source = "mixes of YCSB [Cooper et al., SoCC 2010] over an inclusive hierarchy",
	.claim = "S0.caching",
	.body = body,
	.setup = setup,
	.teardown = tiered_teardown,
	.thread_setup = tiered_thread_setup,
	.thread_teardown = tiered_thread_teardown,
	.subjects = ASSAY_NO_SUBJECT,
	.axes = ASSAY_AXES({"tiers", "name", "memory,disk,redis,sqlite", "memory,disk"},
			   {"write", "name", "through,back", "back"},
			   {"promote", "name", "yes,no", "yes"}),
	.unit = "op/s",
	.version = 2, /* without promotion nothing goes up into the thread's array either */
};
