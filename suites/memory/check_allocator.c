/* SPDX-License-Identifier: MIT */
/*
 * check_allocator: the oracle of allocators. Random allocations and releases against a list of what is
 * live: aligned, apart from each other, contents as they were written; across two threads in both
 * directions and beyond the end of one; and memory that was released is used again.
 */
#include <pthread.h>
#include <stdlib.h>

#include "harness/base/rng.h"
#include "suites/memory/memory.h"
#include "suites/memory/spsc_ring.h"

enum {
	SLOTS = 192,
	STEPS = 4000,
	PASSED = 2000, /* objects each way between two threads */
	KEPT = 64,     /* of which the second thread leaves behind when it ends */
	PAIRS = 4096,
	PAIR_BYTES = 1000,
};

/* One live object. The pattern follows from the serial number. */
struct object {
	unsigned char *bytes;
	size_t size;
	uint64_t serial;
};

/* The law of sizes: mostly small, now and then past every class an allocator may have. */
static size_t draw_size(struct assay_rng *rng)
{
	switch (assay_rng_below(rng, 32)) {
	case 0:
		return 8192 + assay_rng_below(rng, 70000);
	case 1:
	case 2:
	case 3:
		return 1 + assay_rng_below(rng, 10000);
	case 4:
		return (size_t)16 << assay_rng_below(rng, 11); /* exactly at a limit */
	default:
		return 1 + assay_rng_below(rng, 600);
	}
}

static uint64_t pattern_start(const struct object *o)
{
	uint64_t state = o->serial ^ (uint64_t)o->size << 40;

	return assay_splitmix(&state);
}

static void fill(const struct object *o)
{
	uint64_t word = pattern_start(o);
	size_t i = 0;

	for (; i + sizeof(word) <= o->size; i += sizeof(word), word += 0x0101010101010101u)
		memcpy(o->bytes + i, &word, sizeof(word));
	memcpy(o->bytes + i, &word, o->size - i);
}

static bool intact(const struct object *o)
{
	uint64_t word = pattern_start(o);
	size_t i = 0;

	for (; i + sizeof(word) <= o->size; i += sizeof(word), word += 0x0101010101010101u)
		if (memcmp(o->bytes + i, &word, sizeof(word)) != 0)
			return false;
	return memcmp(o->bytes + i, &word, o->size - i) == 0;
}

static enum assay_code take(const struct allocator *a, struct object *o, size_t size,
			    uint64_t serial, struct assay_err *err)
{
	*o = (struct object){a->alloc(size), size, serial};
	if (!o->bytes)
		return assay_fail(err, ASSAY_ECHECK, "alloc(%zu) gave NULL", size);
	if ((uintptr_t)o->bytes % MEMORY_ALIGNMENT(size) != 0)
		return assay_fail(err, ASSAY_ECHECK, "alloc(%zu) gave %p, not aligned to %u", size,
				  (void *)o->bytes, MEMORY_ALIGNMENT(size));
	if (a->keeps_content)
		fill(o);
	return ASSAY_OK;
}

static enum assay_code give(const struct allocator *a, struct object *o, struct assay_err *err)
{
	if (a->keeps_content && !intact(o))
		return assay_fail(err, ASSAY_ECHECK,
				  "the contents of %zu bytes at %p changed while they were live",
				  o->size, (void *)o->bytes);
	a->release(o->bytes, o->size);
	o->bytes = NULL;
	return ASSAY_OK;
}

static enum assay_code check_apart(const struct object *slots, const struct object *o,
				   struct assay_err *err)
{
	for (const struct object *s = slots; s < slots + SLOTS; s++)
		if (s != o && s->bytes && o->bytes < s->bytes + s->size &&
		    s->bytes < o->bytes + o->size)
			return assay_fail(err, ASSAY_ECHECK,
					  "%zu bytes at %p overlap the live %zu bytes at %p",
					  o->size, (void *)o->bytes, s->size, (void *)s->bytes);
	return ASSAY_OK;
}

/* One thread: a random slot is filled when empty and emptied when full. */
static enum assay_code check_alone(const struct allocator *a, struct assay_rng *rng,
				   struct assay_err *err)
{
	struct object slots[SLOTS] = {0};
	enum assay_code code = ASSAY_OK;

	for (uint64_t step = 0; code == ASSAY_OK && step < STEPS; step++) {
		struct object *o = &slots[assay_rng_below(rng, SLOTS)];
		if (o->bytes) {
			code = give(a, o, err);
			continue;
		}
		code = take(a, o, draw_size(rng), step, err);
		if (code == ASSAY_OK && a->keeps_content)
			code = check_apart(slots, o, err);
	}
	for (size_t i = 0; code == ASSAY_OK && i < SLOTS; i++)
		if (slots[i].bytes)
			code = give(a, &slots[i], err);
	return code;
}

static int by_address(const void *left, const void *right)
{
	uintptr_t l = *(const uintptr_t *)left, r = *(const uintptr_t *)right;

	return (l > r) - (l < r);
}

/*
 * An allocator that never uses an address again would pass all else, and run out of memory. Not asked
 * of AddressSanitizer, whose malloc keeps what is released out of use on purpose.
 */
static enum assay_code check_reuse(const struct allocator *a, struct assay_err *err)
{
	uintptr_t *seen = calloc(PAIRS, sizeof(*seen));
	size_t distinct = 1;

	if (!seen)
		return assay_fail(err, ASSAY_ENOMEM, "no memory for the oracle of allocators");
	for (size_t i = 0; i < PAIRS; i++) {
		void *ptr = a->alloc(PAIR_BYTES);
		seen[i] = (uintptr_t)ptr;
		if (ptr)
			a->release(ptr, PAIR_BYTES);
	}
	qsort(seen, PAIRS, sizeof(*seen), by_address);
	for (size_t i = 1; i < PAIRS; i++)
		distinct += seen[i] != seen[i - 1];
	bool exhausted = seen[0] == 0;
	free(seen);
	if (exhausted)
		return assay_fail(err, ASSAY_ECHECK, "alloc(%d) gave NULL", PAIR_BYTES);
	if (distinct > PAIRS / 2)
		return assay_fail(err, ASSAY_ECHECK,
				  "%d allocations, each released at once, took %zu addresses: "
				  "released memory is not used again",
				  PAIRS, distinct);
	return ASSAY_OK;
}

/* Two threads. Objects lie in arrays, so that only the blocks come from the allocator. */
struct exchange {
	const struct allocator *a;
	struct spsc_ring *to_other, *to_main;
	struct object *of_main, *of_other; /* PASSED each */
	struct assay_rng rng;              /* the other thread's */
	struct assay_err err;              /* the other thread's */
};

/*
 * Take and pass on PASSED objects of one's own while giving back the PASSED that arrive. After a
 * failure the traffic goes on, so that neither side waits for ever.
 */
static enum assay_code trade(struct exchange *x, struct object *own, struct spsc_ring *out,
			     struct spsc_ring *in, size_t to_give, struct assay_rng *rng,
			     struct assay_err *err)
{
	enum assay_code code = ASSAY_OK;

	for (size_t sent = 0, given = 0; sent < PASSED || given < to_give;) {
		struct object *arrived = NULL;
		if (given < to_give)
			arrived = sent < PASSED ? spsc_ring_pop(in) : spsc_ring_pop_wait(in);
		if (arrived) {
			given++;
			if (code == ASSAY_OK && arrived->bytes)
				code = give(x->a, arrived, err);
			continue;
		}
		if (code == ASSAY_OK)
			code = take(x->a, &own[sent], draw_size(rng) % 4096 + 1, sent, err);
		spsc_ring_push_wait(out, &own[sent]);
		if (++sent == PASSED)
			spsc_ring_flush(out);
	}
	return code;
}

static void *other_thread(void *argument)
{
	struct exchange *x = argument;

	trade(x, x->of_other, x->to_main, x->to_other, PASSED, &x->rng, &x->err);
	if (x->a->thread_done)
		x->a->thread_done();
	return NULL;
}

static enum assay_code run_exchange(struct exchange *x, struct assay_rng *rng,
				    struct assay_err *err)
{
	pthread_t other;
	int error = pthread_create(&other, NULL, other_thread, x);

	if (error)
		return assay_fail(err, ASSAY_EIO, "start a thread: %s", strerror(error));
	/* What is left arrives while its thread is at its end or gone. */
	enum assay_code code =
		trade(x, x->of_main, x->to_other, x->to_main, PASSED - KEPT, rng, err);
	pthread_join(other, NULL);
	for (size_t i = 0; i < KEPT; i++) {
		struct object *o = spsc_ring_pop_wait(x->to_main);
		if (code == ASSAY_OK && o->bytes && x->err.code == ASSAY_OK)
			code = give(x->a, o, err);
	}
	if (code == ASSAY_OK && x->err.code != ASSAY_OK) {
		*err = x->err;
		code = x->err.code;
	}
	return code;
}

static enum assay_code check_threads(const struct allocator *a, struct assay_rng *rng,
				     struct assay_err *err)
{
	struct exchange x = {.a = a};
	/* Each ring takes all that is passed, so that neither side can block the other. */
	enum assay_code code = spsc_ring_new(2048, &x.to_other, err);

	_Static_assert(PASSED <= 2048, "the rings hold everything");
	if (code == ASSAY_OK)
		code = spsc_ring_new(2048, &x.to_main, err);
	x.of_main = calloc(PASSED, sizeof(*x.of_main));
	x.of_other = calloc(PASSED, sizeof(*x.of_other));
	if (code == ASSAY_OK && (!x.of_main || !x.of_other))
		code = assay_fail(err, ASSAY_ENOMEM, "no memory for the oracle of allocators");
	assay_rng_init(&x.rng, assay_rng_next(rng));
	if (code == ASSAY_OK)
		code = run_exchange(&x, rng, err);
	spsc_ring_free(x.to_other);
	spsc_ring_free(x.to_main);
	free(x.of_main);
	free(x.of_other);
	return code;
}

/* What was taken before a scope outlives it, and what was taken in it is used again. */
static enum assay_code check_scope(const struct allocator *a, struct assay_rng *rng,
				   struct assay_err *err)
{
	struct object before[KEPT], within[KEPT];
	enum assay_code code = ASSAY_OK;

	for (int round = 0; code == ASSAY_OK && round < 20; round++) {
		for (size_t i = 0; code == ASSAY_OK && i < KEPT; i++)
			code = take(a, &before[i], draw_size(rng), i, err);
		a->scope_begin();
		for (size_t i = 0; code == ASSAY_OK && i < KEPT; i++)
			code = take(a, &within[i], draw_size(rng), i + KEPT, err);
		for (size_t i = 0; code == ASSAY_OK && i < KEPT; i++)
			if (!intact(&within[i]))
				code = assay_fail(err, ASSAY_ECHECK,
						  "%zu bytes taken in a scope changed",
						  within[i].size);
		a->scope_end();
		for (size_t i = 0; code == ASSAY_OK && i < KEPT; i++)
			code = give(a, &before[i], err);
	}
	return code;
}

enum assay_code memory_check_allocator(const struct allocator *allocator, uint64_t seed,
				       struct assay_err *err)
{
	struct assay_rng rng;

	assay_rng_init(&rng, seed);
	enum assay_code code = check_alone(allocator, &rng, err);
	if (code == ASSAY_OK && allocator->trim)
		allocator->trim();
	if (code == ASSAY_OK && allocator->scope_begin)
		code = check_scope(allocator, &rng, err);
	if (code == ASSAY_OK && !allocator->one_thread)
		code = check_threads(allocator, &rng, err);
	/* Once more: heaps of ended threads are taken over, and their blocks are in use again. */
	if (code == ASSAY_OK && !allocator->one_thread)
		code = check_threads(allocator, &rng, err);
	if (code == ASSAY_OK && allocator->keeps_content && !ASSAY_ASAN)
		code = check_reuse(allocator, err);
	return assay_context(err, code, "seed %llu", (unsigned long long)seed);
}
