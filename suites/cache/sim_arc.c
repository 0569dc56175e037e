/* SPDX-License-Identifier: MIT */
/*
 * sim_arc: two LRU lists, of objects seen once and more often, whose shares adapt to which of their
 * ghosts are asked for. Source: Megiddo & Modha, "ARC: a self-tuning, low overhead replacement cache",
 * FAST 2003, figure 4, with a target of real value. Sizes take the place of lengths when they count.
 */
#include "suites/cache/sim_parts.h"

enum { T1, T2, B1, B2, LISTS, ABSENT = LISTS };

struct arc {
	uint8_t *where;
	uint32_t *held;
	struct sim_link *links;
	uint32_t lists;       /* list l has its head at lists + l */
	uint64_t used[LISTS]; /* sizes of what is in each */
	double target;        /* of T1: p in the paper */
	uint64_t capacity;
};

static size_t arc_bytes(const struct sim *sim)
{
	size_t n = sim->trace->n_objects;
	return sim_rounded(n) + sim_rounded(n * sizeof(uint32_t)) +
	       sim_rounded((n + LISTS) * sizeof(struct sim_link));
}

SIM_INLINE void leave(struct arc *a, uint32_t object, bool sized)
{
	unsigned list = a->where[object];
	sim_list_remove(a->links, object);
	a->used[list] -= sim_held(a->held, object, sized);
	a->where[object] = ABSENT;
}

SIM_INLINE void enter(struct arc *a, unsigned list, uint32_t object, bool sized)
{
	sim_list_add_newest(a->links, a->lists + list, object);
	a->used[list] += sim_held(a->held, object, sized);
	a->where[object] = (uint8_t)list;
}

SIM_INLINE bool is_empty(const struct arc *a, unsigned list)
{
	return sim_list_empty(a->links, a->lists + list);
}

SIM_INLINE void drop_oldest(struct arc *a, unsigned list, bool sized)
{
	leave(a, sim_list_oldest(a->links, a->lists + list), sized);
}

/* REPLACE of the paper, until `size` fits. */
SIM_INLINE void replace(struct arc *a, uint64_t size, bool in_b2, bool sized)
{
	while (a->used[T1] + a->used[T2] + size > a->capacity) {
		double t1 = (double)a->used[T1];
		bool from_t1 = !is_empty(a, T1) &&
			       (t1 > a->target || (in_b2 && t1 == a->target) || is_empty(a, T2));
		uint32_t victim = sim_list_oldest(a->links, a->lists + (from_t1 ? T1 : T2));
		leave(a, victim, sized);
		enter(a, from_t1 ? B1 : B2, victim, sized);
	}
}

/* Cases II and III: a ghost is asked for, so its list should have been longer. */
SIM_INLINE void adapt(struct arc *a, bool in_b2, uint64_t size)
{
	double mine = (double)a->used[in_b2 ? B2 : B1], other = (double)a->used[in_b2 ? B1 : B2];
	double step = (other > mine ? other / mine : 1) * (double)size;
	double most = (double)a->capacity;
	if (in_b2)
		a->target = a->target > step ? a->target - step : 0;
	else
		a->target = a->target + step < most ? a->target + step : most;
}

/* Case IV: room among the ghosts, and in the cache, for what was never seen or is long forgotten. */
SIM_INLINE void make_room(struct arc *a, uint64_t size, bool sized)
{
	uint64_t c = a->capacity;
	if (a->used[T1] + a->used[B1] + size > c) {
		while (a->used[T1] + a->used[B1] + size > c && !is_empty(a, B1))
			drop_oldest(a, B1, sized);
		while (a->used[T1] + size > c)
			drop_oldest(a, T1, sized);
	} else {
		while (a->used[T1] + a->used[T2] + a->used[B1] + a->used[B2] + size > 2 * c &&
		       !is_empty(a, B2))
			drop_oldest(a, B2, sized);
	}
	replace(a, size, false, sized);
}

SIM_INLINE uint64_t arc(const struct sim *sim, bool sized)
{
	const struct trace *t = sim->trace;
	struct sim_carver carver = {.memory = sim->memory};
	struct arc a = {.where = sim_carve(&carver, t->n_objects),
			.held = sim_carve(&carver, t->n_objects * sizeof(uint32_t)),
			.lists = t->n_objects,
			.capacity = sim->capacity};
	a.links = sim_carve(&carver, ((size_t)t->n_objects + LISTS) * sizeof(*a.links));
	for (uint32_t l = 0; l < LISTS; l++)
		sim_list_init(a.links, a.lists + l);
	memset(a.where, ABSENT, t->n_objects);
	uint64_t misses = 0;
	for (uint32_t i = 0; i < t->n; i++) {
		uint32_t object = t->objects[i];
		unsigned where = a.where[object];
		if (where <= T2) {
			leave(&a, object, sized);
			enter(&a, T2, object, sized);
			continue;
		}
		misses++;
		uint64_t size = sim_charge(t, i, sized);
		bool ghost = where != ABSENT;
		if (ghost) {
			adapt(&a, where == B2, size);
			leave(&a, object, sized);
		}
		if (size > sim->capacity)
			continue;
		if (ghost)
			replace(&a, size, where == B2, sized);
		else
			make_room(&a, size, sized);
		if (sized)
			a.held[object] = (uint32_t)size;
		enter(&a, ghost ? T2 : T1, object, sized);
	}
	return misses;
}
SIM_RUN(arc)

const struct sim_policy sim_arc = {
	"ARC", "recent and frequent objects share the cache as their ghosts demand", arc_bytes,
	arc_run};
