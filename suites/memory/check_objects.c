/* SPDX-License-Identifier: MIT */
/* check_objects: the oracle of object pools: nobody else writes into an object while it is acquired. */
#include <pthread.h>
#include <stdlib.h>

#include "harness/base/rng.h"
#include "suites/memory/memory.h"

enum { HELD = 40, STEPS = 4000, THREADS = 2, BYTES = 96 };

struct borrower {
	pthread_t id;
	const struct object_pool *ops;
	void *pool;
	uint64_t seed;
	unsigned wrong, refused;
};

static void *borrow(void *argument)
{
	struct borrower *b = argument;
	uint64_t *held[HELD] = {0}, stamp[HELD] = {0};
	struct assay_rng rng;
	bool reused;

	assay_rng_init(&rng, b->seed);
	for (int i = 0; i < STEPS + HELD; i++) {
		size_t at = i < STEPS ? assay_rng_below(&rng, HELD) : (size_t)(i - STEPS);
		if (held[at]) {
			for (size_t w = 0; w < BYTES / sizeof(uint64_t); w++)
				b->wrong += held[at][w] != stamp[at] + w;
			b->ops->release(b->pool, held[at]);
			held[at] = NULL;
		} else if (i < STEPS) {
			held[at] = b->ops->acquire(b->pool, &reused);
			stamp[at] = assay_rng_next(&rng);
			b->refused += !held[at];
			for (size_t w = 0; held[at] && w < BYTES / sizeof(uint64_t); w++)
				held[at][w] = stamp[at] + w;
		}
	}
	return NULL;
}

enum assay_code memory_check_objects(const struct object_pool *ops, uint64_t seed,
				     struct assay_err *err)
{
	struct borrower b[THREADS];
	void *pool = NULL;
	int started = 0, wrong = 0;

	if (ops->is_null)
		return ASSAY_OK;
	enum assay_code code = ops->open(BYTES, &pool, err);
	if (code != ASSAY_OK)
		return code;
	for (int i = 0; i < THREADS; i++) {
		b[i] = (struct borrower){.ops = ops, .pool = pool, .seed = seed + (uint64_t)i};
		if (pthread_create(&b[i].id, NULL, borrow, &b[i]) != 0)
			break;
		started++;
	}
	for (int i = 0; i < started; i++) {
		pthread_join(b[i].id, NULL);
		wrong += (int)b[i].wrong;
		if (b[i].refused)
			code = assay_fail(err, ASSAY_ECHECK, "an object was refused");
	}
	ops->close(pool);
	if (started < THREADS)
		return assay_fail(err, ASSAY_EIO, "start a thread");
	if (wrong)
		return assay_fail(err, ASSAY_ECHECK,
				  "%d words of objects changed while they were held (seed %llu)",
				  wrong, (unsigned long long)seed);
	return code;
}
