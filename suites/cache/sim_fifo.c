/* SPDX-License-Identifier: MIT */
/*
 * sim_fifo: the policies that need no list: null, FIFO and LRU.
 *
 * FIFO: an object is in the cache exactly while it was inserted later than what was evicted last, so
 * one number per object is all there is to look up.
 *
 * LRU: the trace itself is the queue. An entry of it stands when the object has not been requested
 * since; eviction walks it from the far end over entries that no longer stand. Each is passed once,
 * nothing is linked or moved on a hit.
 */
#include "suites/cache/sim_parts.h"

static size_t nothing_bytes(const struct sim *sim)
{
	return 0;
}

/* Reads every request, keeps nothing: what it costs to stream the trace. */
static uint64_t nothing_run(const struct sim *sim)
{
	const struct trace *t = sim->trace;
	uint64_t misses = 0;
	for (uint32_t i = 0; i < t->n; i++) {
		uint32_t object = t->objects[i];
		__asm__ volatile("" : "+r"(object));
		misses++;
	}
	return misses;
}

const struct sim_policy sim_null = {"null", "keeps nothing: reading the trace", nothing_bytes,
				    nothing_run};

/* Per object: its stamp, and its size. FIFO has the order of insertions as well. */
static size_t stamps_bytes(const struct sim *sim)
{
	size_t per_object = sim_rounded(sim->trace->n_objects * sizeof(uint32_t));
	return 2 * per_object + sim_rounded(sim_queue_slots(sim->trace->n_objects) * 4);
}

SIM_INLINE uint64_t fifo(const struct sim *sim, bool sized)
{
	const struct trace *t = sim->trace;
	struct sim_carver carver = {.memory = sim->memory};
	uint32_t *inserted = sim_carve(&carver, t->n_objects * sizeof(*inserted));
	uint32_t *held = sim_carve(&carver, t->n_objects * sizeof(*held));
	struct sim_queue queue;
	sim_queue_init(&queue, &carver, t->n_objects);
	memset(inserted, 0, t->n_objects * sizeof(*inserted));
	/* stamps count insertions from 1; those up to `evicted` are gone */
	uint32_t stamp = 0, evicted = 0;
	uint64_t misses = 0;
	for (uint32_t i = 0; i < t->n; i++) {
		uint32_t object = t->objects[i];
		if (inserted[object] > evicted)
			continue;
		misses++;
		uint64_t size = sim_charge(t, i, sized);
		if (size > sim->capacity)
			continue;
		if (sized) {
			while (queue.used + size > sim->capacity) {
				sim_queue_pop(&queue, held[sim_queue_oldest(&queue)]);
				evicted++;
			}
			sim_queue_push(&queue, object, size);
			held[object] = (uint32_t)size;
		} else if (stamp - evicted == sim->capacity) {
			evicted++;
		}
		inserted[object] = ++stamp;
	}
	return misses;
}
SIM_RUN(fifo)

const struct sim_policy sim_fifo = {"FIFO", "evicts the object inserted first", stamps_bytes,
				    fifo_run};

SIM_INLINE uint64_t lru(const struct sim *sim, bool sized)
{
	const struct trace *t = sim->trace;
	struct sim_carver carver = {.memory = sim->memory};
	uint32_t *last = sim_carve(&carver, t->n_objects * sizeof(*last));
	uint32_t *held = sim_carve(&carver, t->n_objects * sizeof(*held));
	memset(last, 0, t->n_objects * sizeof(*last));
	/* `last` counts requests from 1; what was requested last at `tail` or before is gone */
	uint32_t tail = 0;
	uint64_t used = 0, misses = 0;
	for (uint32_t i = 0; i < t->n; i++) {
		uint32_t object = t->objects[i];
		if (last[object] > tail) {
			last[object] = i + 1;
			continue;
		}
		misses++;
		uint64_t size = sim_charge(t, i, sized);
		if (size > sim->capacity) {
			last[object] = 0;
			continue;
		}
		while (used + size > sim->capacity) {
			while (last[t->objects[tail]] != tail + 1)
				tail++;
			used -= sim_held(held, t->objects[tail++], sized);
		}
		used += size;
		if (sized)
			held[object] = (uint32_t)size;
		last[object] = i + 1;
	}
	return misses;
}
SIM_RUN(lru)

const struct sim_policy sim_lru = {"LRU", "evicts the object not requested for longest",
				   stamps_bytes, lru_run};
