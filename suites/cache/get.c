/* SPDX-License-Identifier: MIT */
/*
 * get: one look-up of a Zipf-distributed key; a hit is verified, a miss makes the value and puts it.
 *
 * The misses are part of the operation, so a cache cannot win by forgetting quickly. Keys are drawn
 * before the clock starts and streamed from memory (drawing one costs as much as a good get); ranks
 * are hashed to keys, so that popular keys do not sit side by side. Timing starts in the steady
 * state: every cache is first filled, then driven until it has evicted its capacity once more.
 */
#include <stdlib.h>

#include "harness/base/rng.h"
#include "suites/cache/cache.h"
#include "suites/cache/zipf.h"

/*
 * Requests per thread before its stream repeats, a power of two: 32 per key. A policy that learns
 * frequencies learns a short stream by heart: repeated after 8 requests per key, it lent set_assoc
 * a point of hit ratio that endless requests do not give, after 32 a tenth of that.
 */
#define STREAM_PER_KEY 32
#define STREAM_MIN     (UINT64_C(1) << 16)
#define STREAM_MAX     (UINT64_C(1) << 24)

struct shared {
	const struct cache_ops *ops;
	struct cache *cache;
	size_t value_words;
	uint64_t n_keys;
};

struct stream {
	uint64_t *keys;
	uint64_t mask; /* length - 1 */
	uint64_t position;
};

/* A bijection, so that ranks stay distinct; different in each launch. */
static uint64_t key_of_rank(uint64_t rank, uint64_t seed)
{
	uint64_t state = rank ^ seed;
	return assay_splitmix(&state);
}

/* Least popular first, so that what is left afterwards is close to the steady state. */
static void fill(const struct shared *s, uint64_t seed)
{
	uint64_t value[CACHE_VALUE_WORDS_MAX];
	for (uint64_t rank = s->n_keys; rank >= 1; rank--) {
		uint64_t key = key_of_rank(rank, seed);
		cache_value_fill(value, s->value_words, cache_value_base(key, 0));
		s->ops->put(s->cache, key, value);
	}
}

static void setup(struct assay_run *run)
{
	double value_bytes = assay_axis(run, "value");
	double n_keys = assay_axis(run, "keys");
	if (value_bytes < 8 || value_bytes > CACHE_VALUE_WORDS_MAX * 8 ||
	    (size_t)value_bytes % 8 != 0) {
		assay_skip(run, "value must be a multiple of 8 bytes, 8 to %d",
			   CACHE_VALUE_WORDS_MAX * 8);
		return;
	}
	if (n_keys < 1 || assay_axis(run, "skew") < 0) {
		assay_skip(run, "keys must be at least 1, and skew at least 0");
		return;
	}
	struct shared *s = calloc(1, sizeof(*s));
	if (!assay_check(run, s, "out of memory"))
		return;
	assay_set_state(run, s);
	s->ops = assay_subject(run);
	s->value_words = (size_t)value_bytes / 8;
	s->n_keys = (uint64_t)n_keys;
	struct cache_config config = {
		.budget_bytes = (size_t)assay_axis(run, "budget"),
		.value_words = s->value_words,
		.threads = assay_threads(run),
	};
	struct assay_err err = {0};
	enum assay_code code = s->ops->create(&config, &s->cache, &err);
	if (code == ASSAY_SKIP || code == ASSAY_EUSAGE)
		assay_skip(run, "%s", err.text);
	else if (assay_check(run, code == ASSAY_OK, "%s", err.text))
		fill(s, assay_seed(run));
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

/*
 * This thread's share of the warm-up: until its misses have evicted its part of the capacity, or,
 * where nearly everything fits and there is little left to evict, for 32 requests per entry.
 */
static void warm_up(const struct shared *s, struct stream *stream, unsigned threads)
{
	uint64_t value[CACHE_VALUE_WORDS_MAX];
	uint64_t capacity = s->ops->capacity(s->cache);
	uint64_t entries = capacity < s->n_keys ? capacity : s->n_keys;
	uint64_t misses_left = capacity / threads;
	for (uint64_t left = 32 * entries / threads; left && misses_left; left--) {
		uint64_t key = stream->keys[stream->position++ & stream->mask];
		if (s->ops->get(s->cache, key, value))
			continue;
		cache_value_fill(value, s->value_words, cache_value_base(key, 0));
		s->ops->put(s->cache, key, value);
		misses_left--;
	}
}

static uint64_t stream_length(uint64_t n_keys)
{
	uint64_t length = STREAM_MIN;
	while (length < STREAM_MAX && length / STREAM_PER_KEY < n_keys)
		length *= 2;
	return length;
}

static void thread_setup(struct assay_run *run)
{
	const struct shared *s = assay_state(run);
	struct stream *stream = calloc(1, sizeof(*stream));
	if (!assay_check(run, stream, "out of memory"))
		return;
	assay_set_thread_state(run, stream);
	stream->mask = stream_length(s->n_keys) - 1;
	stream->keys = malloc((stream->mask + 1) * sizeof(*stream->keys));
	if (!assay_check(run, stream->keys, "no memory for the stream of keys"))
		return;
	struct zipf zipf;
	zipf_init(&zipf, s->n_keys, assay_axis(run, "skew"));
	struct assay_rng rng;
	assay_rng_init(&rng, assay_seed(run) + 1 + assay_thread(run));
	for (uint64_t i = 0; i <= stream->mask; i++)
		stream->keys[i] = key_of_rank(zipf_next(&zipf, &rng), assay_seed(run));
	warm_up(s, stream, assay_threads(run));
}

static void thread_teardown(struct assay_run *run)
{
	struct stream *stream = assay_thread_state(run);
	if (!stream)
		return;
	free(stream->keys);
	free(stream);
}

static void body(struct assay_run *run)
{
	const struct shared *s = assay_state(run);
	struct stream *stream = assay_thread_state(run);
	const struct cache_ops *ops = s->ops;
	struct cache *cache = s->cache;
	const uint64_t *keys = stream->keys;
	size_t words = s->value_words;
	uint64_t mask = stream->mask;
	uint64_t i = stream->position, misses = 0, wrong = 0;
	uint64_t value[CACHE_VALUE_WORDS_MAX];

	ASSAY_LOOP (run) {
		uint64_t key = keys[i++ & mask];
		uint64_t base = cache_value_base(key, 0);
		if (ops->get(cache, key, value)) {
			wrong += !cache_value_is(value, words, base);
		} else {
			misses++;
			cache_value_fill(value, words, base);
			ops->put(cache, key, value);
		}
	}
	uint64_t requests = i - stream->position;
	stream->position = i;
	assay_check(run, wrong == 0,
		    "%llu of %llu gets gave a value that was never put for the key",
		    (unsigned long long)wrong, (unsigned long long)requests);
	if (requests)
		assay_metric(run, "hit_ratio", "ratio", ASSAY_HIGHER,
			     (double)(requests - misses) / (double)requests);
}

const struct assay_bench assay_bench_cache_get = {
	.brief = "look-up of a zipf key, the missing value put, every hit verified",
	.source =
		"Zipf requests as in YCSB [Cooper et al., SoCC 2010]; warm-up by evictions as in "
		"CacheLib's cachebench [Berg et al., OSDI 2020]",
	.body = body,
	.setup = setup,
	.teardown = teardown,
	.thread_setup = thread_setup,
	.thread_teardown = thread_teardown,
	.axes = ASSAY_AXES({"value", "bytes", "16,256", "16"},
			   {"budget", "bytes", "2Mi,32Mi", "2Mi"}, {"keys", "count", "128Ki", NULL},
			   {"skew", "exponent", "0.99", NULL}),
	.threads = "1..ncores",
	.mode = ASSAY_CONTENDED,
	.unit = "op/s",
};
