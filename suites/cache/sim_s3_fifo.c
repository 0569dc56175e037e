/* SPDX-License-Identifier: MIT */
/*
 * sim_s3_fifo: a small queue that filters, a main queue, and a ghost queue of names.
 *
 * Source: Yang et al., "FIFO queues are all you need for cache eviction", SOSP 2023, in the reading
 * of libCacheSim: small may exceed its tenth until main has filled, promotion at two hits, ghosts for
 * nine tenths of the capacity, and an object not under small's share is never admitted.
 */
#include "suites/cache/sim_parts.h"

/* One byte per object: where it is in the high bits, hits up to three in the low ones. */
enum { ABSENT = 0, GHOST = 4, SMALL = 8, MAIN = 12, WHERE = 12, HITS = 3 };

struct s3 {
	uint8_t *state;
	uint32_t *held;
	struct sim_queue small, main;
	struct sim_link *links; /* ghosts: they leave from the middle */
	uint32_t ghosts;        /* head of their list */
	uint64_t ghost_used, ghost_capacity, main_capacity;
};

static size_t s3_bytes(const struct sim *sim)
{
	size_t n = sim->trace->n_objects;
	return sim_rounded(n) + sim_rounded(n * sizeof(uint32_t)) +
	       2 * sim_rounded(sim_queue_slots(sim_most_objects(sim)) * sizeof(uint32_t)) +
	       sim_rounded((n + 1) * sizeof(struct sim_link));
}

SIM_INLINE void ghost_leave(struct s3 *s, uint32_t object, bool sized)
{
	sim_list_remove(s->links, object);
	s->ghost_used -= sim_held(s->held, object, sized);
	s->state[object] = ABSENT;
}

SIM_INLINE void ghost_enter(struct s3 *s, uint32_t object, uint64_t size, bool sized)
{
	while (s->ghost_used + size > s->ghost_capacity && !sim_list_empty(s->links, s->ghosts))
		ghost_leave(s, sim_list_oldest(s->links, s->ghosts), sized);
	s->state[object] = ABSENT;
	if (s->ghost_used + size > s->ghost_capacity)
		return;
	sim_list_add_newest(s->links, s->ghosts, object);
	s->ghost_used += size;
	s->state[object] = GHOST;
}

SIM_INLINE void evict_small(struct s3 *s, bool sized)
{
	while (!sim_queue_empty(&s->small)) {
		uint32_t object = sim_queue_oldest(&s->small);
		uint64_t size = sim_held(s->held, object, sized);
		sim_queue_pop(&s->small, size);
		if ((s->state[object] & HITS) < 2) {
			ghost_enter(s, object, size, sized);
			return;
		}
		s->state[object] = MAIN;
		sim_queue_push(&s->main, object, size);
	}
}

SIM_INLINE void evict_main(struct s3 *s, bool sized)
{
	for (;;) {
		uint32_t object = sim_queue_oldest(&s->main);
		uint64_t size = sim_held(s->held, object, sized);
		sim_queue_pop(&s->main, size);
		if ((s->state[object] & HITS) == 0) {
			s->state[object] = ABSENT;
			return;
		}
		s->state[object]--;
		sim_queue_push(&s->main, object, size);
	}
}

SIM_INLINE void s3_miss(struct s3 *s, uint32_t object, uint64_t size, uint64_t capacity, bool sized)
{
	bool known = s->state[object] == GHOST;
	if (known)
		ghost_leave(s, object, sized);
	while (s->small.used + s->main.used + size > capacity) {
		if (s->main.used > s->main_capacity || sim_queue_empty(&s->small))
			evict_main(s, sized);
		else
			evict_small(s, sized);
	}
	if (sized)
		s->held[object] = (uint32_t)size;
	s->state[object] = known ? MAIN : SMALL;
	sim_queue_push(known ? &s->main : &s->small, object, size);
}

SIM_INLINE uint64_t s3(const struct sim *sim, bool sized)
{
	const struct trace *t = sim->trace;
	struct sim_carver carver = {.memory = sim->memory};
	size_t most = sim_most_objects(sim);
	uint64_t small_capacity = (uint64_t)(0.10 * (double)sim->capacity);
	struct s3 s = {.state = sim_carve(&carver, t->n_objects),
		       .held = sim_carve(&carver, t->n_objects * sizeof(uint32_t)),
		       .ghosts = t->n_objects,
		       .ghost_capacity = (uint64_t)(0.90 * (double)sim->capacity),
		       .main_capacity = sim->capacity - small_capacity};
	sim_queue_init(&s.small, &carver, most);
	sim_queue_init(&s.main, &carver, most);
	s.links = sim_carve(&carver, (t->n_objects + 1) * sizeof(*s.links));
	sim_list_init(s.links, s.ghosts);
	memset(s.state, ABSENT, t->n_objects);
	uint64_t misses = 0;
	for (uint32_t i = 0; i < t->n; i++) {
		uint32_t object = t->objects[i];
		uint8_t state = s.state[object];
		if (state >= SMALL) {
			s.state[object] = (uint8_t)(state + ((state & HITS) < HITS));
			continue;
		}
		uint64_t size = sim_charge(t, i, sized);
		misses++;
		if (size < small_capacity)
			s3_miss(&s, object, size, sim->capacity, sized);
	}
	return misses;
}
SIM_RUN(s3)

const struct sim_policy sim_s3_fifo = {
	"S3-FIFO", "a small FIFO filters for a main one, ghosts remember what left", s3_bytes,
	s3_run};
