/* SPDX-License-Identifier: MIT */
/*
 * churn: a set of live blocks of which one after the other is replaced, slots and sizes drawn beforehand.
 * Unless nothing is written, each block carries its slot's number, which is looked at when it is released.
 */
#ifndef ASSAY_SUITES_MEMORY_CHURN_H
#define ASSAY_SUITES_MEMORY_CHURN_H

#include "suites/memory/memory.h"
#include "suites/memory/size_law.h"

enum { CHURN_STEPS = 1 << 15 };

/* What is written into a block when it is taken. */
enum churn_writing { CHURN_NOTHING, CHURN_WORD, CHURN_WHOLE };

struct churn_step {
	uint32_t slot, size;
};

struct churn_slot {
	uint64_t *block; /* NULL: empty */
	size_t size;
};

struct churn {
	struct churn_slot *slots;
	size_t n_slots;
	struct churn_step *steps; /* CHURN_STEPS, gone through round and round */
	size_t at;
	uint64_t wrong; /* blocks whose number was not their slot's */
	enum churn_writing writing;
	double mean_bytes; /* of the sizes drawn */
};

/*
 * `n_slots` empty slots, and steps with sizes from `law` up to `largest`, at least 8. Touches all of its
 * own memory. ASSAY_ENOMEM; free with churn_free(), after churn_drain().
 */
enum assay_code churn_new(size_t n_slots, enum size_law law, size_t largest, uint64_t seed,
			  struct churn **ret, struct assay_err *err);
void churn_free(struct churn *churn);
/* Bytes of memory that a churn of so many slots takes beside its blocks. */
size_t churn_own_bytes(size_t n_slots);
/* Release all blocks. */
void churn_drain(struct churn *churn, const struct allocator *a);
/* Fill every slot. False when the allocator ran out of memory. */
bool churn_fill(struct churn *churn, const struct allocator *a);

static inline void churn_release(struct churn *churn, const struct allocator *a,
				 struct churn_slot *slot, uint64_t number)
{
	if (churn->writing != CHURN_NOTHING)
		churn->wrong += slot->block[0] != number;
	a->release(slot->block, slot->size);
	slot->block = NULL;
}

/* Fill an empty slot. */
static inline bool churn_take(struct churn *churn, const struct allocator *a,
			      struct churn_slot *slot, uint64_t number, size_t size)
{
	uint64_t *block = assay_keep(a->alloc(size));

	if (__builtin_expect(!block, 0))
		return false;
	if (churn->writing == CHURN_WHOLE)
		memset(block, (int)number, size);
	if (churn->writing != CHURN_NOTHING)
		block[0] = number;
	*slot = (struct churn_slot){block, size};
	return true;
}

/* Replace the block of the next step's slot. */
static inline void churn_step(struct churn *churn, const struct allocator *a)
{
	const struct churn_step *step = &churn->steps[churn->at++ % CHURN_STEPS];
	struct churn_slot *slot = &churn->slots[step->slot];

	if (slot->block)
		churn_release(churn, a, slot, step->slot);
	churn->wrong += !churn_take(churn, a, slot, step->slot, step->size);
}

#endif
