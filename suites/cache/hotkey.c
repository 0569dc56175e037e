/* SPDX-License-Identifier: MIT */
/*
 * hotkey: all threads ask for one and the same key, now and then one of them updates it. A test of
 * contention and of nothing else: it says what the most popular key of a workload costs.
 */
#include "suites/cache/cache.h"

#include <stdlib.h>

#include "harness/base/rng.h"

enum { PATTERN = 4096 }; /* requests before the pattern of updates repeats, a power of two */

struct shared {
	const struct cache_ops *ops;
	struct cache *cache;
	size_t value_words;
	uint64_t key;
};

static void setup(struct assay_run *run)
{
	struct shared *s = calloc(1, sizeof(*s));
	if (!assay_check(run, s, "out of memory"))
		return;
	assay_set_state(run, s);
	s->ops = assay_subject(run);
	s->value_words = (size_t)assay_axis(run, "value") / 8;
	uint64_t seed = assay_seed(run);
	s->key = assay_splitmix(&seed);
	if (!s->value_words || s->value_words > CACHE_VALUE_WORDS_MAX) {
		assay_skip(run, "value must be 8 to %d bytes", CACHE_VALUE_WORDS_MAX * 8);
		return;
	}
	struct cache_config config = {1u << 20, s->value_words, assay_threads(run)};
	struct assay_err err = {0};
	enum assay_code rc = s->ops->create(&config, &s->cache, &err);
	if (rc == ASSAY_SKIP) {
		assay_skip(run, "%s", err.text);
	} else if (assay_check(run, rc == ASSAY_OK, "%s", err.text)) {
		uint64_t value[CACHE_VALUE_WORDS_MAX];
		cache_value_fill(value, s->value_words, cache_value_base(s->key, 0));
		s->ops->put(s->cache, s->key, value);
	}
}

static void teardown(struct assay_run *run)
{
	struct shared *s = assay_state(run);
	if (!s)
		return;
	if (s->cache)
		s->ops->destroy(s->cache);
	free(s);
}

/* Which requests of the pattern are updates, per thread. */
static void thread_setup(struct assay_run *run)
{
	bool *is_put = calloc(PATTERN, sizeof(*is_put));
	if (!assay_check(run, is_put, "out of memory"))
		return;
	assay_set_thread_state(run, is_put);
	struct assay_rng rng;
	assay_rng_init(&rng, assay_seed(run) + assay_thread(run));
	for (size_t i = 0; i < PATTERN; i++)
		is_put[i] = assay_rng_unit(&rng) >= assay_axis(run, "read");
}

static void thread_teardown(struct assay_run *run)
{
	free(assay_thread_state(run));
}

static void body(struct assay_run *run)
{
	const struct shared *s = assay_state(run);
	const bool *is_put = assay_thread_state(run);
	const struct cache_ops *ops = s->ops;
	struct cache *cache = s->cache;
	size_t words = s->value_words;
	uint64_t key = s->key, i = 0, wrong = 0, missed = 0;
	uint64_t value[CACHE_VALUE_WORDS_MAX];

	ASSAY_LOOP (run) {
		if (is_put[i++ % PATTERN]) {
			cache_value_fill(value, words, cache_value_base(key, i));
			ops->put(cache, key, value);
		} else if (ops->get(cache, key, value)) {
			wrong += !cache_value_is(value, words, value[0]);
		} else {
			missed++;
		}
	}
	const char *error = ops->error ? ops->error(cache) : NULL;
	assay_check(run, !error, "%s", error ? error : "");
	assay_check(run, wrong == 0, "%llu gets gave parts of two values",
		    (unsigned long long)wrong);
	/* the one key there is: only a subject that keeps nothing may miss it */
	assay_check(run, missed == 0 || ops->capacity(cache) == 0, "%llu gets missed the only key",
		    (unsigned long long)missed);
}

const struct assay_bench assay_bench_cache_hotkey = {
	.brief = "all threads ask for one key, which is updated now and then",
	.source = "the contention test of CacheLib's cachebench [Berg et al., OSDI 2020]",
	.body = body,
	.setup = setup,
	.teardown = teardown,
	.thread_setup = thread_setup,
	.thread_teardown = thread_teardown,
	.axes = ASSAY_AXES({"value", "bytes", "16,1Ki", "16"},
			   {"read", "share", "0.9,0.999,1", "0.999"}),
	.threads = "ncores",
	.mode = ASSAY_CONTENDED,
	.unit = "op/s",
	.version = 2, /* liburcu's own thread is on any processor */
};
