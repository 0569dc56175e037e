/* SPDX-License-Identifier: MIT */
/*
 * sim_w_tiny_lfu: a small LRU window before a segmented LRU; what leaves the window is admitted only
 * when it was requested more often than what it would displace.
 *
 * Source: Einziger, Friedman, Manes, "TinyLFU: a highly efficient cache admission policy", ACM TOS
 * 2017. Our reading: the window is a hundredth of the cache, at least one object; main is segmented
 * one to four; every request is counted, exactly instead of in a sketch (objects are numbers here,
 * so the counts are one array), and all counts are halved every ten times the capacity in requests;
 * one duel per object that leaves the window, which the newcomer wins only by a higher count.
 * libCacheSim reads it otherwise: a window without bounds of its own, several objects evicted by one
 * miss, a Bloom filter of ten hashes. docs/suites/cache.md has counts of both.
 */
#include "suites/cache/sim_parts.h"

enum { WINDOW, LOWER, UPPER, LISTS, ABSENT = LISTS };

struct tiny {
	uint8_t *where;
	uint32_t *held, *count;
	struct sim_link *links;
	uint32_t lists; /* list l has its head at lists + l */
	uint64_t used[LISTS];
	uint64_t window_capacity, main_capacity, upper_capacity;
};

static size_t tiny_bytes(const struct sim *sim)
{
	size_t n = sim->trace->n_objects;
	return sim_rounded(n) + 2 * sim_rounded(n * sizeof(uint32_t)) +
	       sim_rounded((n + LISTS) * sizeof(struct sim_link));
}

SIM_INLINE uint32_t leave(struct tiny *w, uint32_t object, bool sized)
{
	sim_list_remove(w->links, object);
	w->used[w->where[object]] -= sim_held(w->held, object, sized);
	w->where[object] = ABSENT;
	return object;
}

SIM_INLINE void enter(struct tiny *w, unsigned list, uint32_t object, bool sized)
{
	sim_list_add_newest(w->links, w->lists + list, object);
	w->used[list] += sim_held(w->held, object, sized);
	w->where[object] = (uint8_t)list;
}

SIM_INLINE uint32_t oldest(const struct tiny *w, unsigned list)
{
	return sim_list_oldest(w->links, w->lists + list);
}

SIM_INLINE bool is_empty(const struct tiny *w, unsigned list)
{
	return sim_list_empty(w->links, w->lists + list);
}

SIM_INLINE void hit(struct tiny *w, uint32_t object, bool sized)
{
	unsigned list = w->where[object];
	leave(w, object, sized);
	if (list == WINDOW) {
		enter(w, WINDOW, object, sized);
		return;
	}
	enter(w, UPPER, object, sized);
	while (w->used[UPPER] > w->upper_capacity)
		enter(w, LOWER, leave(w, oldest(w, UPPER), sized), sized);
}

/* The oldest of the window goes to main, if it fits or wins; else it is gone. */
SIM_INLINE void leave_window(struct tiny *w, bool sized)
{
	uint32_t candidate = leave(w, oldest(w, WINDOW), sized);
	uint64_t size = sim_held(w->held, candidate, sized);
	if (size > w->main_capacity)
		return;
	while (w->used[LOWER] + w->used[UPPER] + size > w->main_capacity) {
		uint32_t victim = oldest(w, is_empty(w, LOWER) ? UPPER : LOWER);
		if (w->count[candidate] <= w->count[victim])
			return;
		leave(w, victim, sized);
	}
	enter(w, LOWER, candidate, sized);
}

static void halve(uint32_t *count, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		count[i] /= 2;
}

uint64_t sim_tiny_period(const struct sim *sim)
{
	const struct trace *t = sim->trace;
	double objects = (double)sim->capacity;
	if (sim->by_bytes)
		objects *= (double)t->n_objects / (double)t->footprint_bytes;
	return objects < 1 ? 10 : (uint64_t)(10 * objects);
}

static struct tiny tiny_init(const struct sim *sim)
{
	uint32_t n = sim->trace->n_objects;
	uint64_t window = sim->capacity / 100 ? sim->capacity / 100 : 1;
	struct sim_carver carver = {.memory = sim->memory};
	struct tiny w = {.where = sim_carve(&carver, n),
			 .held = sim_carve(&carver, n * sizeof(uint32_t)),
			 .count = sim_carve(&carver, n * sizeof(uint32_t)),
			 .links = sim_carve(&carver, ((size_t)n + LISTS) * sizeof(struct sim_link)),
			 .lists = n,
			 .window_capacity = window,
			 .main_capacity = sim->capacity - window};
	w.upper_capacity = w.main_capacity * 4 / 5;
	for (uint32_t l = 0; l < LISTS; l++)
		sim_list_init(w.links, w.lists + l);
	memset(w.where, ABSENT, n);
	memset(w.count, 0, n * sizeof(uint32_t));
	return w;
}

SIM_INLINE uint64_t tiny(const struct sim *sim, bool sized)
{
	const struct trace *t = sim->trace;
	struct tiny w = tiny_init(sim);
	uint64_t period = sim_tiny_period(sim), left = period;
	uint64_t misses = 0;
	for (uint32_t i = 0; i < t->n; i++) {
		uint32_t object = t->objects[i];
		w.count[object]++;
		if (--left == 0) {
			halve(w.count, t->n_objects);
			left = period;
		}
		if (w.where[object] != ABSENT) {
			hit(&w, object, sized);
			continue;
		}
		misses++;
		uint64_t size = sim_charge(t, i, sized);
		if (size > sim->capacity)
			continue;
		if (sized)
			w.held[object] = (uint32_t)size;
		enter(&w, WINDOW, object, sized);
		while (w.used[WINDOW] > w.window_capacity)
			leave_window(&w, sized);
	}
	return misses;
}
SIM_RUN(tiny)

const struct sim_policy sim_w_tiny_lfu = {
	"W-TinyLFU", "an LRU window, then admission by frequency to a segmented LRU", tiny_bytes,
	tiny_run};
