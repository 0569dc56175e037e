/* SPDX-License-Identifier: MIT */
/* tiered: requests to tiers. */
#include "suites/cache/tiered.h"

#include <stdlib.h>

#include "harness/base/clock.h"
#include "suites/cache/cache.h"
#include "suites/cache/zipf.h"

#define PUT      (UINT64_C(1) << 63)
#define VERSIONS (UINT64_C(1) << 40)
#define SHARED   ((size_t)256 << 10)
/* FRESH_MOST: keys beyond the usual ones that a benchmark may ask for, in all its batches. */
enum { WARM_REQUESTS = 4000, FRESH_MOST = 1 << 18 };

static void origin(void *context, uint64_t key, uint64_t value[TIERS_WORDS])
{
	const struct tiered *s = context;
	uint64_t until = assay_now_ns() + s->origin_ns;
	cache_value_fill(value, TIERS_WORDS, cache_value_base(key, 0));
	while (s->origin_ns && assay_now_ns() < until)
		assay_cpu_relax();
}

void tiered_setup(struct assay_run *run, const struct tiers_config *config, uint64_t origin_ns,
		  double read)
{
	struct tiered *s = calloc(1, sizeof(*s));
	if (!assay_check(run, s, "out of memory"))
		return;
	assay_set_state(run, s);
	s->seed = assay_seed(run);
	s->read = read;
	struct tiers_config full = *config;
	full.depth = (enum tiers_depth)assay_axis(run, "tiers");
	full.shared_bytes = SHARED;
	full.most_keys = TIERED_KEYS + FRESH_MOST;
	full.origin = origin;
	full.context = s;
	struct assay_err err = {0};
	enum assay_code rc = tiers_new(&full, &s->tiers, &err);
	if (rc == ASSAY_SKIP)
		assay_skip(run, "%s", err.text);
	else if (assay_check(run, rc == ASSAY_OK, "%s", err.text))
		s->origin_ns = origin_ns;
}

void tiered_teardown(struct assay_run *run)
{
	struct tiered *s = assay_state(run);
	if (!s)
		return;
	tiers_free(s->tiers);
	free(s);
}

static uint64_t key_of_rank(uint64_t rank, uint64_t seed)
{
	uint64_t state = rank ^ seed;
	return assay_splitmix(&state) & ~PUT;
}

static void forget_counts(struct tiered_client *c)
{
	memset(c->found, 0, sizeof(c->found));
	c->gets = 0;
}

void tiered_thread_setup(struct assay_run *run)
{
	struct tiered *s = assay_state(run);
	struct tiered_client *c = calloc(1, sizeof(*c));
	if (!assay_check(run, c && (c->thread = tiers_thread_new(s->tiers)), "out of memory")) {
		free(c);
		return;
	}
	assay_set_thread_state(run, c);
	struct zipf zipf;
	struct assay_rng rng;
	zipf_init(&zipf, TIERED_KEYS, 0.99);
	assay_rng_init(&rng, s->seed + 1 + assay_thread(run));
	for (size_t i = 0; i < TIERED_STREAM; i++) {
		c->keys[i] = key_of_rank(zipf_next(&zipf, &rng), s->seed);
		if (assay_rng_unit(&rng) >= s->read)
			c->keys[i] |= PUT;
	}
	uint64_t origin_ns = s->origin_ns, value[TIERS_WORDS];
	s->origin_ns = 0; /* filling is not what is measured */
	for (uint64_t rank = TIERED_KEYS; rank >= 1 && assay_thread(run) == 0; rank--)
		tiers_get(c->thread, key_of_rank(rank, s->seed), value);
	for (int i = 0; i < WARM_REQUESTS; i++)
		tiered_request(c);
	forget_counts(c);
	s->origin_ns = origin_ns;
}

void tiered_thread_teardown(struct assay_run *run)
{
	struct tiered_client *c = assay_thread_state(run);
	if (!c)
		return;
	tiers_thread_free(c->thread);
	free(c);
}

void tiered_request(struct tiered_client *c)
{
	uint64_t value[TIERS_WORDS], request = c->keys[c->position++ % TIERED_STREAM];
	uint64_t key = request & ~PUT;
	if (request & PUT) {
		cache_value_fill(value, TIERS_WORDS,
				 cache_value_base(key, ++c->version & (VERSIONS - 1)));
		tiers_put(c->thread, key, value);
		return;
	}
	c->found[tiers_get(c->thread, key, value)]++;
	c->gets++;
	uint64_t version = value[0] - cache_value_base(key, 0);
	c->wrong += version >= VERSIONS || !cache_value_is(value, TIERS_WORDS, value[0]);
}

void tiered_report(struct assay_run *run, bool each)
{
	static const char *const names[TIER_COUNT] = {"from_thread", "from_shared", "from_dirty",
						      "from_disk",   "from_redis",  "from_sqlite",
						      "from_origin"};
	struct tiered *s = assay_state(run);
	struct tiered_client *c = assay_thread_state(run);
	const char *error = tiers_error(s->tiers);
	assay_check(run, !error, "%s", error ? error : "");
	assay_check(run, c->wrong == 0, "%llu gets gave another value than was put",
		    (unsigned long long)c->wrong);
	for (size_t tier = 0; c->gets && tier < TIER_COUNT; tier++)
		if (c->found[tier] && (each || tier == TIER_ORIGIN))
			assay_metric(run, names[tier], "ratio", ASSAY_HIGHER,
				     (double)c->found[tier] / (double)c->gets);
	forget_counts(c);
}
