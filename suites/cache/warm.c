/* SPDX-License-Identifier: MIT */
/*
 * warm: a cache that starts cold, from a snapshot, or that learned which key follows which. What counts
 * is not time but requests until the hit ratio is 95 % of its steady value, and how many of the keys
 * fetched ahead were never asked for: whole numbers, the same for the same seed.
 *
 * Keys are asked for in sessions: a session starts at a popular place and goes on to the next keys for a
 * while, so that there is something to learn. Successors as in Mithril [Yang et al., SoCC 2017], with a
 * single successor per key.
 */
#include <stdlib.h>

#include "harness/base/rng.h"
#include "harness/bench.h"
#include "suites/cache/zipf.h"

enum { KEYS = 20000, CAPACITY = 4000, REQUESTS = 200000, WINDOW = 500, SESSION = 12 };
enum way { NONE, SNAPSHOT, SUCCESSOR };
#define NOBODY UINT32_MAX

/* CLOCK over CAPACITY keys; one byte of state per key. */
struct clock_cache {
	uint32_t ring[CAPACITY];
	uint8_t state[KEYS]; /* 0: not here, 1: here, 2: hit since the hand passed */
	bool ahead[KEYS];    /* fetched ahead and not asked for yet */
	uint32_t hand, used;
	uint64_t fetched, wasted;
};

struct outcome {
	uint64_t requests_to_95, wasted, fetched;
	double steady;
};

struct state {
	enum way way;
	uint32_t *before, *after; /* REQUESTS each: yesterday's and today's */
	uint32_t successor[KEYS];
	struct outcome outcome;
};

/* Take a key in; whoever leaves without having been asked for was fetched in vain. */
static void take_in(struct clock_cache *c, uint32_t key, bool ahead)
{
	uint32_t at = c->used;
	if (c->used < CAPACITY) {
		c->used++;
	} else {
		while (c->state[c->ring[c->hand]] == 2) {
			c->state[c->ring[c->hand]] = 1;
			c->hand = (c->hand + 1) % CAPACITY;
		}
		at = c->hand;
		uint32_t victim = c->ring[at];
		c->wasted += c->ahead[victim];
		c->ahead[victim] = false;
		c->state[victim] = 0;
		c->hand = (c->hand + 1) % CAPACITY;
	}
	c->ring[at] = key;
	c->state[key] = 1;
	c->ahead[key] = ahead;
	c->fetched += ahead;
}

static bool request(struct clock_cache *c, const struct state *s, uint32_t key)
{
	bool hit = c->state[key] != 0;
	if (hit)
		c->state[key] = 2;
	else
		take_in(c, key, false);
	c->ahead[key] = false;
	uint32_t next = s->way == SUCCESSOR ? s->successor[key] : NOBODY;
	if (next != NOBODY && !c->state[next])
		take_in(c, next, true);
	return hit;
}

static void make_requests(uint32_t *keys, uint64_t seed)
{
	struct zipf zipf;
	struct assay_rng rng;
	zipf_init(&zipf, KEYS / SESSION, 0.9);
	assay_rng_init(&rng, seed);
	for (size_t i = 0; i < REQUESTS;) {
		uint32_t place = (uint32_t)zipf_next(&zipf, &rng) - 1;
		uint64_t length = 1 + assay_rng_below(&rng, SESSION);
		for (uint64_t k = 0; k < length && i < REQUESTS; k++)
			keys[i++] = (uint32_t)(place * SESSION + k) % KEYS;
	}
}

/* Yesterday's requests say who follows whom, twice in a row to be believed. */
static void learn(struct state *s)
{
	uint32_t candidate[KEYS];
	for (size_t i = 0; i < KEYS; i++)
		s->successor[i] = candidate[i] = NOBODY;
	for (size_t i = 0; i + 1 < REQUESTS; i++) {
		uint32_t key = s->before[i], next = s->before[i + 1];
		if (candidate[key] == next)
			s->successor[key] = next;
		candidate[key] = next;
	}
}

static struct clock_cache *cold(void)
{
	return calloc(1, sizeof(struct clock_cache));
}

static double steady_ratio(const struct state *s, struct clock_cache *c)
{
	uint64_t hits = 0;
	for (size_t i = 0; i < REQUESTS; i++) {
		bool hit = request(c, s, s->before[i]);
		hits += hit && i >= REQUESTS / 2;
	}
	return (double)hits / (REQUESTS / 2.0);
}

/* A day: yesterday to the steady state, then today from a cold start, or from what was kept. */
static bool run_day(struct state *s)
{
	struct clock_cache *yesterday = cold(), *today = cold();
	bool ok = yesterday && today;
	enum way way = s->way;
	if (ok) {
		s->way = NONE; /* the aim is that of the plain cache, for all ways alike */
		s->outcome = (struct outcome){.requests_to_95 = REQUESTS,
					      .steady = steady_ratio(s, yesterday)};
		s->way = way;
		for (uint32_t i = 0; way == SNAPSHOT && i < yesterday->used; i++)
			take_in(today, yesterday->ring[i], true);
		uint64_t hits = 0;
		for (size_t i = 0; i < REQUESTS; i++) {
			hits += request(today, s, s->after[i]);
			if ((i + 1) % WINDOW)
				continue;
			if ((double)hits >= 0.95 * s->outcome.steady * WINDOW &&
			    s->outcome.requests_to_95 == REQUESTS)
				s->outcome.requests_to_95 = i + 1;
			hits = 0;
		}
		for (uint32_t key = 0; key < KEYS; key++)
			today->wasted += today->ahead[key];
		s->outcome.wasted = today->wasted;
		s->outcome.fetched = today->fetched;
	}
	free(yesterday);
	free(today);
	return ok;
}

static void setup(struct assay_run *run)
{
	struct state *s = calloc(1, sizeof(*s));
	if (!assay_check(run, s, "out of memory"))
		return;
	assay_set_state(run, s);
	s->way = (enum way)assay_axis(run, "way");
	s->before = calloc(REQUESTS, sizeof(*s->before));
	s->after = calloc(REQUESTS, sizeof(*s->after));
	if (!assay_check(run, s->before && s->after, "out of memory"))
		return;
	make_requests(s->before, 1); /* the same in every launch: what counts are whole numbers */
	make_requests(s->after, 2);
	learn(s);
	assay_set_ops_per_iteration(run, 2 * REQUESTS);
}

static void teardown(struct assay_run *run)
{
	struct state *s = assay_state(run);
	if (!s)
		return;
	free(s->before);
	free(s->after);
	free(s);
}

static void body(struct assay_run *run)
{
	struct state *s = assay_state(run);
	bool ok = true;

	ASSAY_LOOP (run)
		ok &= run_day(s);
	const struct outcome *o = &s->outcome;
	if (!assay_check(run, ok, "out of memory"))
		return;
	assay_check(run, o->wasted <= o->fetched && (s->way != NONE || o->fetched == 0),
		    "more keys wasted than fetched ahead");
	assay_counter(run, "requests_to_95", o->requests_to_95);
	assay_counter(run, "fetched_ahead", o->fetched);
	assay_counter(run, "wasted", o->wasted);
	assay_metric(run, "to_95", "op", ASSAY_LOWER, (double)o->requests_to_95);
	if (o->fetched)
		assay_metric(run, "wasted_share", "ratio", ASSAY_LOWER,
			     (double)o->wasted / (double)o->fetched);
}

const struct assay_bench assay_bench_cache_warm = {
	.brief = "requests until a cache is warm: from nothing, a snapshot, or learned successors",
	.source = "successors as in Mithril [Yang et al., SoCC 2017]",
	.claim = "S2.warm",
	.body = body,
	.setup = setup,
	.teardown = teardown,
	.subjects = ASSAY_NO_SUBJECT,
	.axes = ASSAY_AXES({"way", "name", "none,snapshot,successor", NULL}),
};
