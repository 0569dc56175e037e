/* SPDX-License-Identifier: MIT */
/*
 * get: one look-up of a Zipf-distributed key; a hit is verified, a miss makes the value and puts it.
 *
 * The misses are part of the operation, so a cache cannot win by forgetting quickly. Keys are drawn
 * before the clock starts and streamed from memory (drawing one costs as much as a good get); ranks
 * are hashed to keys, so that popular keys do not sit side by side. Timing starts in the steady
 * state: every cache is first filled, then driven until it has evicted its capacity once more.
 */
#include "suites/cache/requests.h"

static void thread_setup(struct assay_run *run)
{
	requests_thread_setup(run, 1);
}

static void body(struct assay_run *run)
{
	const struct requests *s = assay_state(run);
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
	requests_check(run);
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
	.setup = requests_setup,
	.teardown = requests_teardown,
	.thread_setup = thread_setup,
	.thread_teardown = requests_thread_teardown,
	.axes = ASSAY_AXES({"value", "bytes", "16,256", "16"},
			   {"budget", "bytes", "2Mi,32Mi", "2Mi"}, {"keys", "count", "128Ki", NULL},
			   {"skew", "exponent", "0.99", NULL}),
	.threads = "1..ncores",
	.mode = ASSAY_CONTENDED,
	.unit = "op/s",
	.version = 2, /* liburcu's own thread is on any processor */
};
