/* SPDX-License-Identifier: MIT */
/*
 * mixed: look-ups and updates of Zipf-distributed keys in a given proportion. A get that misses fills the
 * cache, as in `get`; a put gives its key a new version. A hit must be whole: every word of it belongs
 * to one version of the key that was asked for.
 */
#include "suites/cache/requests.h"

/* Versions of a key stay below this, so that a value claims a version that is far off when torn. */
#define VERSIONS (UINT64_C(1) << 40)

static void thread_setup(struct assay_run *run)
{
	requests_thread_setup(run, assay_axis(run, "read"));
}

/* Is value[words] one version of `key`, whole? */
static bool is_whole(const uint64_t *value, size_t words, uint64_t key)
{
	uint64_t version = value[0] - cache_value_base(key, 0);
	return version < VERSIONS && cache_value_is(value, words, value[0]);
}

static void body(struct assay_run *run)
{
	const struct requests *s = assay_state(run);
	struct stream *stream = assay_thread_state(run);
	const struct cache_ops *ops = s->ops;
	struct cache *cache = s->cache;
	const uint64_t *keys = stream->keys;
	size_t words = s->value_words;
	uint64_t mask = stream->mask, i = stream->position, gets = 0, misses = 0, wrong = 0;
	uint64_t value[CACHE_VALUE_WORDS_MAX];

	ASSAY_LOOP (run) {
		uint64_t request = keys[i++ & mask], key = request & ~REQUEST_PUT;
		uint64_t base = cache_value_base(key, i & (VERSIONS - 1));
		bool is_put = request & REQUEST_PUT;
		gets += !is_put;
		if (is_put || !ops->get(cache, key, value)) {
			misses += !is_put;
			cache_value_fill(value, words, base);
			ops->put(cache, key, value);
		} else {
			wrong += !is_whole(value, words, key);
		}
	}
	stream->position = i;
	requests_check(run);
	assay_check(run, wrong == 0,
		    "%llu of %llu gets gave a value that was never put for the key",
		    (unsigned long long)wrong, (unsigned long long)gets);
	if (gets)
		assay_metric(run, "hit_ratio", "ratio", ASSAY_HIGHER,
			     (double)(gets - misses) / (double)gets);
}

const struct assay_bench assay_bench_cache_mixed = {
	.brief = "look-ups and updates of zipf keys, every hit verified",
	.source = "shares of reads as in YCSB's workloads A, B, C [Cooper et al., SoCC 2010]",
	.body = body,
	.setup = requests_setup,
	.teardown = requests_teardown,
	.thread_setup = thread_setup,
	.thread_teardown = requests_thread_teardown,
	.axes = ASSAY_AXES({"value", "bytes", "16,1Ki,4Ki,64Ki", "16"},
			   {"budget", "bytes", "2Mi", NULL}, {"keys", "count", "128Ki", "16Ki"},
			   {"skew", "exponent", "0.6,0.99,1.2", "0.99"},
			   {"read", "share", "0.5,0.95", "0.95"}),
	.threads = "ncores",
	.mode = ASSAY_CONTENDED,
	.unit = "op/s",
	.version = 2, /* liburcu's own thread is on any processor */
};
