/* SPDX-License-Identifier: MIT */
/*
 * requests: what benchmarks of concurrent caches share: making and filling the cache, and a stream of
 * keys per thread, drawn before the clock starts.
 */
#ifndef ASSAY_SUITES_CACHE_REQUESTS_H
#define ASSAY_SUITES_CACHE_REQUESTS_H

#include "suites/cache/cache.h"

struct requests {
	const struct cache_ops *ops;
	struct cache *cache;
	size_t value_words;
	uint64_t n_keys;
};

struct stream {
	uint64_t *keys; /* popular ones often; the top bit is free for the benchmark */
	uint64_t mask;  /* length - 1 */
	uint64_t position;
};

/*
 * setup: the cache of this case from the axes `value`, `budget`, `keys`, with every key put once, least
 * popular first, so that what is left is near the steady state. Skips with the reason.
 */
void requests_setup(struct assay_run *run);
void requests_teardown(struct assay_run *run);

/*
 * thread_setup: a stream of keys by the axis `skew`; requests whose random number in [0, 1) is at least
 * `read` get their top bit set, meaning put. Then drives the cache into the steady state: until this
 * thread's misses have evicted its part of the capacity, or, where nearly everything fits and there is
 * little left to evict, for 32 requests per entry.
 */
void requests_thread_setup(struct assay_run *run, double read);
void requests_thread_teardown(struct assay_run *run);

#define REQUEST_PUT (UINT64_C(1) << 63)

/* After the loop: fail the case when the cache itself broke (a server that died). */
void requests_check(struct assay_run *run);

#endif
