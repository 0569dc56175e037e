/* SPDX-License-Identifier: MIT */
/*
 * miss_curve: the misses of LRU at every capacity at once, from stack distances in one pass; one
 * operation is one request. Held against the simulated cache at every capacity that is shown.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "suites/cache/replay.h"
#include "suites/cache/sim.h"

/* Shown: these shares of the distinct objects, in thousandths. */
static const unsigned shares[] = {1, 3, 10, 30, 100, 300, 1000};

struct curve {
	struct trace trace;
	uint32_t *misses; /* for capacities 0 .. n_objects */
};

static uint32_t capacity_at(const struct trace *t, unsigned share)
{
	uint32_t capacity = (uint32_t)((uint64_t)t->n_objects * share / 1000);
	return capacity + (capacity == 0);
}

static enum assay_code check_curve(const struct curve *c, struct assay_err *err)
{
	for (size_t i = 0; i < ASSAY_COUNT_OF(shares); i++) {
		uint32_t capacity = capacity_at(&c->trace, shares[i]);
		struct sim sim;
		enum assay_code rc = sim_init(&sim, &sim_lru, &c->trace, capacity, false, err);
		if (rc != ASSAY_OK)
			return rc;
		uint64_t misses = sim_lru.run(&sim);
		sim_done(&sim);
		if (misses != c->misses[capacity])
			return assay_fail(err, ASSAY_ECHECK,
					  "%" PRIu32 " misses at %" PRIu32
					  " objects, where the simulated cache has %" PRIu64,
					  c->misses[capacity], capacity, misses);
	}
	return ASSAY_OK;
}

static void setup(struct assay_run *run)
{
	struct curve *c = calloc(1, sizeof(*c));
	if (!assay_check(run, c, "out of memory"))
		return;
	assay_set_state(run, c);
	struct assay_err err = {0};
	enum assay_code rc = replay_load(run, &c->trace, &err);
	if (!assay_check(run, rc == ASSAY_OK, "%s", err.text))
		return;
	c->misses = malloc(((size_t)c->trace.n_objects + 1) * sizeof(*c->misses));
	if (!assay_check(run, c->misses, "no memory for a curve of %" PRIu32 " points",
			 c->trace.n_objects))
		return;
	rc = sim_lru_curve(&c->trace, c->misses, &err);
	if (rc == ASSAY_OK)
		rc = check_curve(c, &err);
	assay_check(run, rc == ASSAY_OK, "%s", err.text);
	assay_set_ops_per_iteration(run, c->trace.n);
}

static void teardown(struct assay_run *run)
{
	struct curve *c = assay_state(run);
	if (!c)
		return;
	free(c->misses);
	trace_done(&c->trace);
	free(c);
}

static void body(struct assay_run *run)
{
	struct curve *c = assay_state(run);
	struct assay_err err = {0};
	enum assay_code rc = ASSAY_OK;

	ASSAY_LOOP (run)
		if (sim_lru_curve(&c->trace, c->misses, &err) != ASSAY_OK)
			rc = err.code;
	if (!assay_check(run, rc == ASSAY_OK, "%s", err.text))
		return;
	assay_counter(run, "requests", c->trace.n);
	for (size_t i = 0; i < ASSAY_COUNT_OF(shares); i++) {
		uint32_t capacity = capacity_at(&c->trace, shares[i]);
		char name[32];
		snprintf(name, sizeof(name), "misses_at_%" PRIu32, capacity);
		assay_counter(run, name, c->misses[capacity]);
	}
}

const struct assay_bench assay_bench_cache_miss_curve = {
	.brief = "the misses of LRU at every capacity at once, in one pass over a trace",
	.source =
		"stack distances [Mattson et al., IBM Systems Journal 9(2), 1970]; marks on a line "
		"[Bennett & Kruskal, IBM J. Res. Dev. 19(4), 1975]",
	.claim = "S3.hits",
	.body = body,
	.setup = setup,
	.teardown = teardown,
	.subjects = ASSAY_NO_SUBJECT,
	.axes = ASSAY_AXES({"trace", "text", TRACE_SYNTHETIC_NAMES, "zipf"}),
	.unit = "op/s",
};
