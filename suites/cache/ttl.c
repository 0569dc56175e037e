/* SPDX-License-Identifier: MIT */
/*
 * ttl: entries with a time to live of up to a minute, in ticks of a millisecond. One operation takes an
 * entry that waits and gives it a new deadline, as a put does; time goes on by a tick for every `live`
 * / 1000 of them, and what expires comes back at once.
 */
#include <stdlib.h>

#include "harness/base/rng.h"
#include "suites/cache/parts.h"

enum { MOST_TICKS = 60000, ROUNDS = 1000 };

struct state {
	const struct expiry_ops *ops;
	struct expiry *expiry;
	uint32_t live;
	uint64_t now, expired, wrong, per_tick, until_tick;
	uint64_t *deadline;
	struct assay_rng rng;
};

static void give_deadline(struct state *s, uint32_t entry)
{
	s->deadline[entry] = s->now + 1 + (assay_rng_next(&s->rng) >> 32) * MOST_TICKS / UINT32_MAX;
	s->ops->add(s->expiry, entry, s->deadline[entry]);
}

static void come_back(void *context, uint32_t entry)
{
	struct state *s = context;
	s->wrong += s->deadline[entry] > s->now;
	s->expired++;
	give_deadline(s, entry);
}

static void setup(struct assay_run *run)
{
	struct state *s = calloc(1, sizeof(*s));
	double live = assay_axis(run, "live");
	if (!assay_check(run, s, "out of memory"))
		return;
	assay_set_state(run, s);
	if (live < 1 || live > 1 << 28) {
		assay_skip(run, "live must be 1 to 256Mi");
		return;
	}
	s->ops = assay_subject(run);
	s->live = (uint32_t)live;
	s->per_tick = s->until_tick = s->live / ROUNDS + 1;
	s->expiry = s->ops->create(s->live);
	s->deadline = calloc(s->live, sizeof(*s->deadline));
	assay_rng_init(&s->rng, assay_seed(run));
	if (!assay_check(run, s->expiry && s->deadline, "no memory for %u entries", s->live))
		return;
	for (uint32_t i = 0; i < s->live; i++)
		give_deadline(s, i);
}

static void teardown(struct assay_run *run)
{
	struct state *s = assay_state(run);
	if (!s)
		return;
	if (s->expiry)
		s->ops->destroy(s->expiry);
	free(s->deadline);
	free(s);
}

static void body(struct assay_run *run)
{
	struct state *s = assay_state(run);
	const struct expiry_ops *ops = s->ops;
	uint64_t expired = s->expired, n = 0;

	ASSAY_LOOP (run) {
		uint32_t entry = (uint32_t)((assay_rng_next(&s->rng) >> 32) * s->live >> 32);
		ops->cancel(s->expiry, entry);
		give_deadline(s, entry);
		if (--s->until_tick == 0) {
			s->until_tick = s->per_tick;
			ops->advance(s->expiry, ++s->now, come_back, s);
		}
		n++;
	}
	assay_check(run, s->wrong == 0, "%llu entries expired before their time",
		    (unsigned long long)s->wrong);
	assay_metric(run, "expired", "ratio", ASSAY_HIGHER,
		     (double)(s->expired - expired) / (double)n);
}

const struct assay_bench assay_bench_cache_ttl = {
	.brief = "entries with a time to live: new deadlines, and expiry",
	.source = "hierarchical timing wheels [Varghese & Lauck, SOSP 1987]",
	.body = body,
	.setup = setup,
	.teardown = teardown,
	.subjects = EXPIRY_INTERFACE,
	.axes = ASSAY_AXES({"live", "count", "10k,1M", "10k"}),
};
