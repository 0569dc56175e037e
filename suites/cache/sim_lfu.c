/* SPDX-License-Identifier: MIT */
/*
 * sim_lfu: evicts what was requested least often since it came in; among equals the one requested
 * least recently. One list per frequency, in the order of last requests, since joining a list is a
 * request. O(1) a request [Shah, Mitra, Matani, "An O(1) algorithm for implementing the LFU cache
 * eviction scheme", 2010].
 */
#include "suites/cache/sim_parts.h"

static size_t lfu_bytes(const struct sim *sim)
{
	size_t n = sim->trace->n_objects, lists = (size_t)sim->trace->max_count + 1;
	return 2 * sim_rounded(n * sizeof(uint32_t)) +
	       sim_rounded((n + lists) * sizeof(struct sim_link));
}

SIM_INLINE uint64_t lfu(const struct sim *sim, bool sized)
{
	const struct trace *t = sim->trace;
	struct sim_carver carver = {.memory = sim->memory};
	uint32_t *count = sim_carve(&carver, t->n_objects * sizeof(*count)); /* 0: not here */
	uint32_t *held = sim_carve(&carver, t->n_objects * sizeof(*held));
	uint32_t lists = t->n_objects; /* the list of frequency f has its head at lists + f */
	struct sim_link *links =
		sim_carve(&carver, ((size_t)lists + t->max_count + 1) * sizeof(*links));
	memset(count, 0, t->n_objects * sizeof(*count));
	for (uint32_t f = 0; f <= t->max_count; f++)
		sim_list_init(links, lists + f);
	uint32_t least = 1; /* no list below is in use */
	uint64_t misses = 0, used = 0;
	for (uint32_t i = 0; i < t->n; i++) {
		uint32_t object = t->objects[i];
		if (count[object]) {
			sim_list_remove(links, object);
			sim_list_add_newest(links, lists + ++count[object], object);
			continue;
		}
		misses++;
		uint64_t size = sim_charge(t, i, sized);
		if (size > sim->capacity)
			continue;
		while (used + size > sim->capacity) {
			while (sim_list_empty(links, lists + least))
				least++;
			uint32_t victim = sim_list_oldest(links, lists + least);
			sim_list_remove(links, victim);
			used -= sim_held(held, victim, sized);
			count[victim] = 0;
		}
		used += size;
		if (sized)
			held[object] = (uint32_t)size;
		least = count[object] = 1;
		sim_list_add_newest(links, lists + 1, object);
	}
	return misses;
}
SIM_RUN(lfu)

const struct sim_policy sim_lfu = {
	"LFU", "evicts the object requested least often since it came in", lfu_bytes, lfu_run};
