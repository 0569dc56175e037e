/* SPDX-License-Identifier: MIT */
/* requests: the cache of a case and the streams of its threads. */
#include "suites/cache/requests.h"

#include <stdlib.h>

#include "harness/base/rng.h"
#include "suites/cache/zipf.h"

/*
 * Requests per thread before its stream repeats, a power of two: 32 per key. A policy that learns
 * frequencies learns a short stream by heart: repeated after 8 requests per key, it lent set_assoc
 * a point of hit ratio that endless requests do not give, after 32 a tenth of that.
 */
#define STREAM_PER_KEY 32
#define STREAM_MIN     (UINT64_C(1) << 16)
#define STREAM_MAX     (UINT64_C(1) << 24)
/* Keys put into a server before the clock starts: the most popular ones, for each takes 10 us. */
#define REMOTE_KEYS UINT64_C(4096)

/* A bijection but for the top bit, so that ranks stay distinct; different in each launch. */
static uint64_t key_of_rank(uint64_t rank, uint64_t seed)
{
	uint64_t state = rank ^ seed;
	return assay_splitmix(&state) & ~REQUEST_PUT;
}

static void fill(const struct requests *s, uint64_t seed)
{
	uint64_t value[CACHE_VALUE_WORDS_MAX];
	uint64_t n = s->ops->error && s->n_keys > REMOTE_KEYS ? REMOTE_KEYS : s->n_keys;
	for (uint64_t rank = n; rank >= 1; rank--) {
		uint64_t key = key_of_rank(rank, seed);
		cache_value_fill(value, s->value_words, cache_value_base(key, 0));
		s->ops->put(s->cache, key, value);
	}
}

void requests_setup(struct assay_run *run)
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
	struct requests *s = calloc(1, sizeof(*s));
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

void requests_teardown(struct assay_run *run)
{
	struct requests *s = assay_state(run);
	if (!s)
		return;
	if (s->cache)
		s->ops->destroy(s->cache);
	free(s);
}

/* This thread's share of the warm-up, as requests_thread_setup() says. */
static void warm_up(const struct requests *s, struct stream *stream, unsigned threads)
{
	uint64_t value[CACHE_VALUE_WORDS_MAX];
	uint64_t capacity = s->ops->capacity(s->cache);
	uint64_t entries = capacity < s->n_keys ? capacity : s->n_keys;
	uint64_t misses_left = capacity / threads;
	uint64_t left = s->ops->error ? REMOTE_KEYS / 8 : 32 * entries / threads;
	for (; left && misses_left; left--) {
		uint64_t key = stream->keys[stream->position++ & stream->mask] & ~REQUEST_PUT;
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

void requests_thread_setup(struct assay_run *run, double read)
{
	const struct requests *s = assay_state(run);
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
	for (uint64_t i = 0; i <= stream->mask; i++) {
		stream->keys[i] = key_of_rank(zipf_next(&zipf, &rng), assay_seed(run));
		if (read < 1 && assay_rng_unit(&rng) >= read)
			stream->keys[i] |= REQUEST_PUT;
	}
	warm_up(s, stream, assay_threads(run));
}

void requests_thread_teardown(struct assay_run *run)
{
	struct stream *stream = assay_thread_state(run);
	if (!stream)
		return;
	free(stream->keys);
	free(stream);
}

void requests_check(struct assay_run *run)
{
	const struct requests *s = assay_state(run);
	const char *error = s->ops->error ? s->ops->error(s->cache) : NULL;
	assay_check(run, !error, "%s", error ? error : "");
}
