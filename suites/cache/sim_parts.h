/* SPDX-License-Identifier: MIT */
/* sim_parts: what several policies of the simulator are made of. All inline: a request takes 10 ns. */
#ifndef ASSAY_SUITES_CACHE_SIM_PARTS_H
#define ASSAY_SUITES_CACHE_SIM_PARTS_H

#include <string.h>

#include "suites/cache/sim.h"

/*
 * Each policy is one always-inlined function of (sim, sized), instantiated twice: with a constant
 * `sized` false, all that has to do with sizes goes away.
 */
#define SIM_INLINE static inline __attribute__((always_inline))
#define SIM_RUN(function)                                                          \
	static uint64_t function##_run(const struct sim *sim)                      \
	{                                                                          \
		return sim->by_bytes ? function(sim, true) : function(sim, false); \
	}

/* What request i is charged; and an object of the cache, by the size it came in with. */
SIM_INLINE uint64_t sim_charge(const struct trace *t, uint32_t i, bool sized)
{
	return sized ? t->sizes[i] : 1;
}

SIM_INLINE uint64_t sim_held(const uint32_t *held, uint32_t object, bool sized)
{
	return sized ? held[object] : 1;
}

/* The most objects that can be in the cache at once. */
SIM_INLINE size_t sim_most_objects(const struct sim *sim)
{
	uint64_t objects = sim->trace->n_objects;
	return !sim->by_bytes && sim->capacity < objects ? sim->capacity : objects;
}

/* Carve arrays out of the policy's memory; sizes are rounded up so that each starts aligned. */
struct sim_carver {
	char *memory;
	size_t used;
};
SIM_INLINE size_t sim_rounded(size_t bytes)
{
	return (bytes + 63) & ~(size_t)63;
}
SIM_INLINE void *sim_carve(struct sim_carver *carver, size_t bytes)
{
	void *at = carver->memory + carver->used;
	carver->used += sim_rounded(bytes);
	return at;
}

/* A queue of objects, oldest first, in a ring of a power of two. */
struct sim_queue {
	uint32_t *ring;
	uint32_t mask;
	uint32_t head, tail; /* oldest; one past the newest */
	uint64_t used;       /* sizes of what is in it */
};
SIM_INLINE size_t sim_queue_slots(size_t most)
{
	size_t slots = 2;
	while (slots < most + 1)
		slots *= 2;
	return slots;
}
SIM_INLINE void sim_queue_init(struct sim_queue *q, struct sim_carver *carver, size_t most)
{
	size_t slots = sim_queue_slots(most);
	*q = (struct sim_queue){.ring = sim_carve(carver, slots * sizeof(uint32_t)),
				.mask = (uint32_t)(slots - 1)};
}
SIM_INLINE bool sim_queue_empty(const struct sim_queue *q)
{
	return q->head == q->tail;
}
SIM_INLINE void sim_queue_push(struct sim_queue *q, uint32_t object, uint64_t size)
{
	q->ring[q->tail++ & q->mask] = object;
	q->used += size;
}
SIM_INLINE uint32_t sim_queue_oldest(const struct sim_queue *q)
{
	return q->ring[q->head & q->mask];
}
SIM_INLINE void sim_queue_pop(struct sim_queue *q, uint64_t size)
{
	q->head++;
	q->used -= size;
}

/*
 * Doubly linked lists over one array, oldest first. Element i of the array belongs to object i, and
 * elements from n_objects on are the heads of lists, so that no operation has a special case.
 */
struct sim_link {
	uint32_t older, newer;
};
SIM_INLINE void sim_list_init(struct sim_link *links, uint32_t head)
{
	links[head] = (struct sim_link){head, head};
}
SIM_INLINE bool sim_list_empty(const struct sim_link *links, uint32_t head)
{
	return links[head].newer == head;
}
SIM_INLINE uint32_t sim_list_oldest(const struct sim_link *links, uint32_t head)
{
	return links[head].newer;
}
SIM_INLINE void sim_list_remove(struct sim_link *links, uint32_t i)
{
	struct sim_link at = links[i];
	links[at.older].newer = at.newer;
	links[at.newer].older = at.older;
}
SIM_INLINE void sim_list_add_newest(struct sim_link *links, uint32_t head, uint32_t i)
{
	uint32_t before = links[head].older;
	links[i] = (struct sim_link){before, head};
	links[before].newer = i;
	links[head].older = i;
}

#endif
