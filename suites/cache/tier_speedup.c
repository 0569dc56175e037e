/* SPDX-License-Identifier: MIT */
/*
 * tier_speedup: look-ups where a value that no tier has takes its origin 10 us to 1 ms: how much faster
 * than asking the origin each time. An iteration is a thousand look-ups, of which one is of a key that was never
 * asked for: so every batch has as many of these, however few iterations it is.
 */
#include "harness/base/clock.h"
#include "suites/cache/tiered.h"

enum { FRESH_EVERY = 1000 };

static void setup(struct assay_run *run)
{
	struct tiers_config config = {.promote = true};
	double cost_us = assay_axis(run, "cost");
	tiered_setup(run, &config, (uint64_t)(cost_us * 1000), 1);
	assay_set_ops_per_iteration(run, FRESH_EVERY);
}

/* Some keys are replaced by ones that were never asked for: those only the origin has. */
static void prepare(struct assay_run *run, uint64_t n)
{
	struct tiered_client *c = assay_thread_state(run);
	for (uint64_t i = 0; i < n; i++)
		c->keys[(c->position + i * FRESH_EVERY) % TIERED_STREAM] =
			UINT64_C(1) << 62 | c->version++;
}

/* Below memory nothing is forgotten: the origin is asked for what is new, and for nothing else. */
static void check_fresh(struct assay_run *run, const struct tiered_client *c)
{
	uint64_t asked = c->found[TIER_ORIGIN], due = c->gets / FRESH_EVERY;
	bool forgets = assay_axis(run, "tiers") == TIERS_MEMORY;
	assay_check(run, forgets ? asked >= due : asked == due,
		    "the origin was asked %llu times in %llu look-ups, not once in %d",
		    (unsigned long long)asked, (unsigned long long)c->gets, FRESH_EVERY);
}

static void body(struct assay_run *run)
{
	struct tiered_client *c = assay_thread_state(run);
	const struct tiered *s = assay_state(run);
	uint64_t first = c->position, begin = assay_now_ns();

	ASSAY_LOOP (run)
		for (int i = 0; i < FRESH_EVERY; i++)
			tiered_request(c);
	double each_ns = (double)(assay_now_ns() - begin) / (double)(c->position - first);
	assay_metric(run, "speedup", "ratio", ASSAY_HIGHER, (double)s->origin_ns / each_ns);
	check_fresh(run, c);
	tiered_report(run, false);
}

const struct assay_bench assay_bench_cache_tier_speedup = {
	.brief = "look-ups through tiers beside asking an origin that takes its time",
	.source =
		"mean access time of a hierarchy: Hennessy, Patterson, Computer Architecture, chapter 2",
	.claim = "S1.cache",
	.body = body,
	.setup = setup,
	.teardown = tiered_teardown,
	.thread_setup = tiered_thread_setup,
	.thread_teardown = tiered_thread_teardown,
	.prepare = prepare,
	.max_ops = TIERED_STREAM / 2 / FRESH_EVERY,
	.subjects = ASSAY_NO_SUBJECT,
	.axes = ASSAY_AXES({"tiers", "name", "memory,disk,redis,sqlite", "disk"},
			   {"cost", "us", "10,100,1000", "100"}),
	.version =
		2, /* a thousandth of new keys in every batch: in short ones it was half of them */
};
