/* SPDX-License-Identifier: MIT */
/*
 * sim_belady: evicts the object whose next request is farthest, which nobody can know: the bound, for
 * objects of one size and a cache that must take in what it missed.
 *
 * Source: Belady, "A study of replacement algorithms for a virtual-storage computer", IBM Systems
 * Journal 5(2), 1966. Each object in the cache stands for the moment of its next request, and these
 * are all different: the cache is a set of moments, kept as bits with summaries of 64 bits each above
 * them. A request hits when its own moment is in the set; the victim is the last bit. Objects that are
 * never asked for again are farthest, and only their sizes matter.
 */
#include "suites/cache/sim_parts.h"

enum { LEVELS_MAX = 6 };

struct moments {
	uint64_t *level[LEVELS_MAX]; /* level 0 has a bit per request, the last one a single word */
	unsigned levels;
};

static size_t words_of(size_t bits)
{
	return (bits + 63) / 64;
}

static size_t belady_bytes(const struct sim *sim)
{
	size_t bits = sim->trace->n, bytes = 0;
	do {
		bits = words_of(bits);
		bytes += sim_rounded(bits * sizeof(uint64_t));
	} while (bits > 1);
	size_t n = sim->trace->n_objects;
	return bytes + sim_rounded(n * sizeof(uint32_t)) +
	       sim_rounded(sim->trace->n_objects * sizeof(uint32_t));
}

static void moments_init(struct moments *m, struct sim_carver *carver, size_t bits)
{
	*m = (struct moments){0};
	do {
		bits = words_of(bits);
		m->level[m->levels] = sim_carve(carver, bits * sizeof(uint64_t));
		memset(m->level[m->levels++], 0, bits * sizeof(uint64_t));
	} while (bits > 1);
}

SIM_INLINE bool has(const struct moments *m, uint32_t at)
{
	return m->level[0][at / 64] >> (at % 64) & 1;
}

SIM_INLINE void add(struct moments *m, uint32_t at)
{
	for (unsigned l = 0; l < m->levels; l++, at /= 64) {
		uint64_t *word = &m->level[l][at / 64];
		bool had_some = *word != 0;
		*word |= UINT64_C(1) << (at % 64);
		if (had_some)
			return;
	}
}

SIM_INLINE void take(struct moments *m, uint32_t at)
{
	for (unsigned l = 0; l < m->levels; l++, at /= 64) {
		uint64_t *word = &m->level[l][at / 64];
		*word &= ~(UINT64_C(1) << (at % 64));
		if (*word)
			return;
	}
}

SIM_INLINE uint32_t farthest(const struct moments *m)
{
	uint32_t at = 0;
	for (unsigned l = m->levels; l-- > 0;)
		at = at * 64 + 63 - (uint32_t)__builtin_clzll(m->level[l][at]);
	return at;
}

SIM_INLINE uint64_t belady(const struct sim *sim, bool sized)
{
	const struct trace *t = sim->trace;
	struct sim_carver carver = {.memory = sim->memory};
	struct moments m;
	moments_init(&m, &carver, t->n);
	uint32_t *held = sim_carve(&carver, t->n_objects * sizeof(*held));
	/* sizes of those never asked for again; at most one entry per object */
	uint32_t *dead = sim_carve(&carver, t->n_objects * sizeof(*dead)), n_dead = 0;
	uint64_t used = 0, misses = 0;
	for (uint32_t i = 0; i < t->n; i++) {
		uint32_t object = t->objects[i], next = t->next[i];
		uint64_t size = sim_charge(t, i, sized);
		if (has(&m, i)) {
			take(&m, i);
			size = sim_held(held, object, sized);
		} else {
			misses++;
			if (size > sim->capacity)
				continue;
			while (used + size > sim->capacity) {
				if (n_dead) {
					used -= sim_held(dead, --n_dead, sized);
					continue;
				}
				uint32_t at = farthest(&m);
				take(&m, at);
				used -= sim_held(held, t->objects[at], sized);
			}
			used += size;
			if (sized)
				held[object] = (uint32_t)size;
		}
		if (next != TRACE_NEVER)
			add(&m, next);
		else if (sized)
			dead[n_dead++] = (uint32_t)size;
		else
			n_dead++;
	}
	return misses;
}
SIM_RUN(belady)

const struct sim_policy sim_belady = {"Belady",
				      "evicts the object whose next request is farthest: the bound",
				      belady_bytes, belady_run};
