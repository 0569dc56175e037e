/* SPDX-License-Identifier: MIT */
/*
 * sim_sieve: CLOCK and SIEVE: queues that a hit never reorders. A hit sets a mark in one byte per
 * object; all else happens on misses.
 *
 * Sources: CLOCK with one bit, inserted clear [Corbato, "A paging experiment with the Multics system",
 * 1968]; SIEVE [Zhang et al., "SIEVE is simpler than LRU", NSDI 2024].
 */
#include "suites/cache/sim_parts.h"

enum { ABSENT = 0, PRESENT = 1, VISITED = 2 };

static size_t clock_bytes(const struct sim *sim)
{
	size_t n = sim->trace->n_objects;
	return sim_rounded(n) + sim_rounded(n * sizeof(uint32_t)) +
	       sim_rounded(sim_queue_slots(sim_most_objects(sim)) * sizeof(uint32_t));
}

SIM_INLINE uint64_t clock_(const struct sim *sim, bool sized)
{
	const struct trace *t = sim->trace;
	struct sim_carver carver = {.memory = sim->memory};
	uint8_t *state = sim_carve(&carver, t->n_objects);
	uint32_t *held = sim_carve(&carver, t->n_objects * sizeof(*held));
	struct sim_queue queue;
	sim_queue_init(&queue, &carver, sim_most_objects(sim));
	memset(state, ABSENT, t->n_objects);
	uint64_t misses = 0;
	for (uint32_t i = 0; i < t->n; i++) {
		uint32_t object = t->objects[i];
		if (state[object]) {
			state[object] = VISITED;
			continue;
		}
		misses++;
		uint64_t size = sim_charge(t, i, sized);
		if (size > sim->capacity)
			continue;
		while (queue.used + size > sim->capacity) {
			uint32_t oldest = sim_queue_oldest(&queue);
			uint64_t its = sim_held(held, oldest, sized);
			sim_queue_pop(&queue, its);
			/* visited: once more around, as the newest */
			if (--state[oldest] == PRESENT)
				sim_queue_push(&queue, oldest, its);
		}
		sim_queue_push(&queue, object, size);
		if (sized)
			held[object] = (uint32_t)size;
		state[object] = PRESENT;
	}
	return misses;
}
SIM_RUN(clock_)

const struct sim_policy sim_clock = {"CLOCK", "FIFO that spares once what was hit since",
				     clock_bytes, clock__run};

/* One place in SIEVE's queue. Place 0 is its end: newer is the tail, older the head. */
struct place {
	uint32_t object, older, newer;
};

static size_t sieve_bytes(const struct sim *sim)
{
	size_t n = sim->trace->n_objects;
	return sim_rounded(n) + sim_rounded(n * sizeof(uint32_t)) +
	       sim_rounded((sim_most_objects(sim) + 1) * sizeof(struct place));
}

struct sieve {
	struct place *places;
	uint8_t *state;
	uint32_t hand; /* place to look at next; 0: start at the tail */
	uint32_t free; /* chain of free places through `newer` */
	uint32_t fresh;
};

/* From the hand towards newer places, clearing, to the first that was not visited: it is freed. */
SIM_INLINE uint32_t sieve_evict(struct sieve *s)
{
	struct place *p = s->places;
	uint32_t at = s->hand;
	for (;; at = p[at].newer) {
		if (!at)
			at = p[0].newer;
		if (--s->state[p[at].object] == ABSENT)
			break;
	}
	s->hand = p[at].newer;
	p[p[at].older].newer = p[at].newer;
	p[p[at].newer].older = p[at].older;
	uint32_t object = p[at].object;
	p[at].newer = s->free;
	s->free = at;
	return object;
}

SIM_INLINE void sieve_insert(struct sieve *s, uint32_t object)
{
	struct place *p = s->places;
	uint32_t at = s->free ? s->free : s->fresh++;
	if (s->free)
		s->free = p[at].newer;
	p[at] = (struct place){object, p[0].older, 0};
	p[p[0].older].newer = at;
	p[0].older = at;
	s->state[object] = PRESENT;
}

SIM_INLINE uint64_t sieve(const struct sim *sim, bool sized)
{
	const struct trace *t = sim->trace;
	struct sim_carver carver = {.memory = sim->memory};
	struct sieve s = {.state = sim_carve(&carver, t->n_objects), .fresh = 1};
	uint32_t *held = sim_carve(&carver, t->n_objects * sizeof(*held));
	s.places = sim_carve(&carver, (sim_most_objects(sim) + 1) * sizeof(struct place));
	s.places[0] = (struct place){0};
	memset(s.state, ABSENT, t->n_objects);
	uint64_t misses = 0, used = 0;
	for (uint32_t i = 0; i < t->n; i++) {
		uint32_t object = t->objects[i];
		if (s.state[object]) {
			s.state[object] = VISITED;
			continue;
		}
		misses++;
		uint64_t size = sim_charge(t, i, sized);
		if (size > sim->capacity)
			continue;
		while (used + size > sim->capacity)
			used -= sim_held(held, sieve_evict(&s), sized);
		used += size;
		if (sized)
			held[object] = (uint32_t)size;
		sieve_insert(&s, object);
	}
	return misses;
}
SIM_RUN(sieve)

const struct sim_policy sim_sieve = {
	"SIEVE", "FIFO whose hand spares what was hit, in place, and goes on from there",
	sieve_bytes, sieve_run};
