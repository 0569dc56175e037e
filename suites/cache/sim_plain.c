/* SPDX-License-Identifier: MIT */
/*
 * sim_plain: each policy as its description reads, over lists that are arrays in order, oldest first.
 * Nothing is shared with the simulator but the trace.
 */
#include "suites/cache/sim_plain.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/rng.h"

enum { LISTS = 4, NOBODY = -1, TRIAL_REQUESTS = 2000, TRIAL_OBJECTS = 120 };

struct list {
	uint32_t object[SIM_PLAIN_OBJECTS_MAX];
	size_t n;
};

struct plain {
	const struct trace *t;
	uint64_t capacity;
	struct list list[LISTS];
	uint64_t size[SIM_PLAIN_OBJECTS_MAX];  /* as it came in */
	uint32_t count[SIM_PLAIN_OBJECTS_MAX]; /* frequency, mark, whatever the policy keeps */
	uint32_t asked[SIM_PLAIN_OBJECTS_MAX]; /* index of the last request */
	double target;
	uint64_t period;
	int64_t hand; /* SIEVE: object to look at next, or NOBODY */
	uint32_t now;
};

static int64_t place(const struct list *l, uint32_t object)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->object[i] == object)
			return (int64_t)i;
	return NOBODY;
}

static bool has(const struct list *l, uint32_t object)
{
	return place(l, object) != NOBODY;
}

static uint32_t cut(struct list *l, size_t at)
{
	uint32_t object = l->object[at];
	memmove(&l->object[at], &l->object[at + 1], (--l->n - at) * sizeof(l->object[0]));
	return object;
}

static void drop(struct list *l, uint32_t object)
{
	cut(l, (size_t)place(l, object));
}

static void append(struct list *l, uint32_t object)
{
	l->object[l->n++] = object;
}

static uint64_t sum(const struct plain *p, unsigned list)
{
	uint64_t total = 0;
	for (size_t i = 0; i < p->list[list].n; i++)
		total += p->size[p->list[list].object[i]];
	return total;
}

/* FIFO, LRU, CLOCK, SIEVE, LFU and Belady have one list, and differ in hit and victim. */
static void fifo_evict(struct plain *p)
{
	cut(&p->list[0], 0);
}

static void lru_hit(struct plain *p, uint32_t object)
{
	drop(&p->list[0], object);
	append(&p->list[0], object);
}

static void mark_hit(struct plain *p, uint32_t object)
{
	p->count[object] = 1;
}

static void clock_evict(struct plain *p)
{
	for (;;) {
		uint32_t oldest = cut(&p->list[0], 0);
		if (!p->count[oldest])
			return;
		p->count[oldest] = 0;
		append(&p->list[0], oldest);
	}
}

static void sieve_evict(struct plain *p)
{
	struct list *l = &p->list[0];
	size_t at = p->hand == NOBODY ? 0 : (size_t)place(l, (uint32_t)p->hand);
	while (p->count[l->object[at]]) {
		p->count[l->object[at]] = 0;
		at = (at + 1) % l->n;
	}
	cut(l, at);
	p->hand = at < l->n ? (int64_t)l->object[at] : NOBODY;
}

static void lfu_hit(struct plain *p, uint32_t object)
{
	p->count[object]++;
	lru_hit(p, object);
}

static void lfu_evict(struct plain *p)
{
	struct list *l = &p->list[0];
	size_t at = 0;
	for (size_t i = 1; i < l->n; i++)
		if (p->count[l->object[i]] < p->count[l->object[at]])
			at = i;
	cut(l, at);
}

/* Farthest next request; of those never asked for again the one asked for last. */
static void belady_evict(struct plain *p)
{
	struct list *l = &p->list[0];
	size_t at = 0;
	for (size_t i = 1; i < l->n; i++) {
		uint32_t mine = p->asked[l->object[i]], best = p->asked[l->object[at]];
		uint32_t next = p->t->next[mine], farthest = p->t->next[best];
		if (next > farthest || (next == farthest && mine > best))
			at = i;
	}
	cut(l, at);
}

static void no_hit(struct plain *p, uint32_t object)
{
}

static const struct one_list {
	const char *name;
	void (*hit)(struct plain *p, uint32_t object);
	void (*evict)(struct plain *p);
} one_lists[] = {
	{"FIFO", no_hit, fifo_evict},     {"LRU", lru_hit, fifo_evict},
	{"CLOCK", mark_hit, clock_evict}, {"SIEVE", mark_hit, sieve_evict},
	{"LFU", lfu_hit, lfu_evict},      {"Belady", no_hit, belady_evict},
};

static bool one_list_request(const struct one_list *policy, struct plain *p, uint32_t object,
			     uint64_t size)
{
	bool hit = has(&p->list[0], object);
	if (hit) {
		policy->hit(p, object);
	} else if (size <= p->capacity) {
		while (sum(p, 0) + size > p->capacity)
			policy->evict(p);
		p->size[object] = size;
		p->count[object] = 0;
		append(&p->list[0], object);
	}
	p->asked[object] = p->now;
	return hit;
}

/* S3-FIFO. */
enum { SMALL, MAIN, GHOST };

static void s3_evict(struct plain *p, uint64_t small_share)
{
	struct list *small = &p->list[SMALL], *main = &p->list[MAIN], *ghost = &p->list[GHOST];
	if (sum(p, MAIN) > p->capacity - small_share || small->n == 0) {
		uint32_t oldest = cut(main, 0);
		while (p->count[oldest]) {
			p->count[oldest] = (p->count[oldest] < 3 ? p->count[oldest] : 3) - 1;
			append(main, oldest);
			oldest = cut(main, 0);
		}
		return;
	}
	while (small->n) {
		uint32_t oldest = cut(small, 0);
		if (p->count[oldest] < 2) {
			append(ghost, oldest);
			while (sum(p, GHOST) > (uint64_t)(0.9 * (double)p->capacity))
				cut(ghost, 0);
			return;
		}
		p->count[oldest] = 0;
		append(main, oldest);
	}
}

static bool s3_request(struct plain *p, uint32_t object, uint64_t size)
{
	uint64_t small_share = (uint64_t)(0.1 * (double)p->capacity);
	if (has(&p->list[SMALL], object) || has(&p->list[MAIN], object)) {
		p->count[object]++;
		return true;
	}
	if (size >= small_share)
		return false;
	bool ghost = has(&p->list[GHOST], object);
	if (ghost)
		drop(&p->list[GHOST], object);
	while (sum(p, SMALL) + sum(p, MAIN) + size > p->capacity)
		s3_evict(p, small_share);
	p->size[object] = size;
	p->count[object] = 0;
	append(&p->list[ghost ? MAIN : SMALL], object);
	return false;
}

/* ARC, case by case as in figure 4 of the paper. */
enum { T1, T2, B1, B2 };

static void arc_replace(struct plain *p, uint64_t size, bool in_b2)
{
	while (sum(p, T1) + sum(p, T2) + size > p->capacity) {
		double t1 = (double)sum(p, T1);
		if (p->list[T2].n == 0 ||
		    (p->list[T1].n && (t1 > p->target || (in_b2 && t1 == p->target))))
			append(&p->list[B1], cut(&p->list[T1], 0));
		else
			append(&p->list[B2], cut(&p->list[T2], 0));
	}
}

static void arc_ghost(struct plain *p, uint32_t object, uint64_t size, bool in_b2)
{
	double b1 = (double)sum(p, B1), b2 = (double)sum(p, B2), c = (double)p->capacity;
	if (in_b2)
		p->target -= (b1 > b2 ? b1 / b2 : 1) * (double)size;
	else
		p->target += (b2 > b1 ? b2 / b1 : 1) * (double)size;
	p->target = p->target < 0 ? 0 : p->target > c ? c : p->target;
	drop(&p->list[in_b2 ? B2 : B1], object);
	if (size > p->capacity)
		return;
	arc_replace(p, size, in_b2);
	p->size[object] = size;
	append(&p->list[T2], object);
}

static void arc_new(struct plain *p, uint32_t object, uint64_t size)
{
	if (size > p->capacity)
		return;
	if (sum(p, T1) + sum(p, B1) + size > p->capacity) {
		while (p->list[B1].n && sum(p, T1) + sum(p, B1) + size > p->capacity)
			cut(&p->list[B1], 0);
		while (sum(p, T1) + size > p->capacity)
			cut(&p->list[T1], 0);
	} else {
		while (p->list[B2].n &&
		       sum(p, T1) + sum(p, T2) + sum(p, B1) + sum(p, B2) + size > 2 * p->capacity)
			cut(&p->list[B2], 0);
	}
	arc_replace(p, size, false);
	p->size[object] = size;
	append(&p->list[T1], object);
}

static bool arc_request(struct plain *p, uint32_t object, uint64_t size)
{
	for (unsigned t = T1; t <= T2; t++) {
		if (!has(&p->list[t], object))
			continue;
		drop(&p->list[t], object);
		append(&p->list[T2], object);
		return true;
	}
	if (has(&p->list[B1], object) || has(&p->list[B2], object))
		arc_ghost(p, object, size, has(&p->list[B2], object));
	else
		arc_new(p, object, size);
	return false;
}

/* W-TinyLFU. */
enum { WINDOW, LOWER, UPPER };

static void tiny_hit(struct plain *p, uint32_t object, uint64_t main)
{
	if (has(&p->list[WINDOW], object)) {
		drop(&p->list[WINDOW], object);
		append(&p->list[WINDOW], object);
		return;
	}
	drop(&p->list[has(&p->list[UPPER], object) ? UPPER : LOWER], object);
	append(&p->list[UPPER], object);
	while (sum(p, UPPER) > main * 4 / 5)
		append(&p->list[LOWER], cut(&p->list[UPPER], 0));
}

static void tiny_admit(struct plain *p, uint64_t main)
{
	uint32_t candidate = cut(&p->list[WINDOW], 0);
	uint64_t size = p->size[candidate];
	while (size <= main && sum(p, LOWER) + sum(p, UPPER) + size > main) {
		struct list *from = &p->list[p->list[LOWER].n ? LOWER : UPPER];
		if (p->count[candidate] <= p->count[from->object[0]])
			return;
		cut(from, 0);
	}
	if (size <= main)
		append(&p->list[LOWER], candidate);
}

static bool tiny_request(struct plain *p, uint32_t object, uint64_t size)
{
	uint64_t window = p->capacity < 100 ? 1 : p->capacity / 100;
	p->count[object]++;
	if ((p->now + 1) % p->period == 0)
		for (size_t i = 0; i < p->t->n_objects; i++)
			p->count[i] /= 2;
	for (unsigned l = WINDOW; l <= UPPER; l++) {
		if (!has(&p->list[l], object))
			continue;
		tiny_hit(p, object, p->capacity - window);
		return true;
	}
	if (size > p->capacity)
		return false;
	p->size[object] = size;
	append(&p->list[WINDOW], object);
	while (sum(p, WINDOW) > window)
		tiny_admit(p, p->capacity - window);
	return false;
}

static bool request(const char *name, struct plain *p, uint32_t object, uint64_t size)
{
	for (size_t i = 0; i < ASSAY_COUNT_OF(one_lists); i++)
		if (strcmp(one_lists[i].name, name) == 0)
			return one_list_request(&one_lists[i], p, object, size);
	if (strcmp(name, "S3-FIFO") == 0)
		return s3_request(p, object, size);
	if (strcmp(name, "ARC") == 0)
		return arc_request(p, object, size);
	if (strcmp(name, "W-TinyLFU") == 0)
		return tiny_request(p, object, size);
	return false; /* null */
}

uint64_t sim_plain_misses(const char *name, const struct trace *trace, uint64_t capacity,
			  bool by_bytes)
{
	struct sim sim = {.trace = trace, .capacity = capacity, .by_bytes = by_bytes};
	struct plain p = {
		.t = trace, .capacity = capacity, .hand = NOBODY, .period = sim_tiny_period(&sim)};
	uint64_t misses = 0;
	for (p.now = 0; p.now < trace->n; p.now++)
		misses += !request(name, &p, trace->objects[p.now],
				   by_bytes ? trace->sizes[p.now] : 1);
	return misses;
}

/* Hot objects, others, and now and then a stretch of a scan; sizes that change between requests. */
static enum assay_code make_trial(uint64_t seed, struct trace *ret, struct assay_err *err)
{
	uint64_t ids[TRIAL_REQUESTS], scan = 0;
	uint32_t sizes[TRIAL_REQUESTS];
	struct assay_rng rng;
	assay_rng_init(&rng, seed);
	for (size_t i = 0; i < TRIAL_REQUESTS; i++) {
		if (i / 100 % 4 == 3)
			ids[i] = scan++ % TRIAL_OBJECTS;
		else
			ids[i] = assay_rng_below(&rng, assay_rng_below(&rng, TRIAL_OBJECTS) + 1);
		sizes[i] = (uint32_t)(1 + (ids[i] + assay_rng_below(&rng, 2)) % 9);
	}
	return trace_from_ids(ids, sizes, TRIAL_REQUESTS, ret, err);
}

enum assay_code sim_plain_check(const struct sim_policy *policy, uint64_t seed,
				struct assay_err *err)
{
	static const struct {
		uint64_t capacity;
		bool by_bytes;
	} trials[] = {{1, false}, {25, false}, {64, false}, {101, true}, {300, true}};
	struct trace trace;
	enum assay_code rc = make_trial(seed, &trace, err);
	if (rc != ASSAY_OK)
		return rc;
	for (size_t i = 0; rc == ASSAY_OK && i < ASSAY_COUNT_OF(trials); i++) {
		struct sim sim;
		rc = sim_init(&sim, policy, &trace, trials[i].capacity, trials[i].by_bytes, err);
		if (rc != ASSAY_OK)
			break;
		uint64_t got = policy->run(&sim);
		uint64_t want = sim_plain_misses(policy->name, &trace, trials[i].capacity,
						 trials[i].by_bytes);
		sim_done(&sim);
		if (got != want)
			rc = assay_fail(err, ASSAY_ECHECK,
					"%s with %" PRIu64 " %s, seed %" PRIu64 ": %" PRIu64
					" misses, a plain list has %" PRIu64,
					policy->name, trials[i].capacity,
					trials[i].by_bytes ? "bytes" : "objects", seed, got, want);
	}
	trace_done(&trace);
	return rc;
}
