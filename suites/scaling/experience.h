/* SPDX-License-Identifier: MIT */
/*
 * experience: the replay buffer of reinforcement learning: the newest entries of many actors, drawn from by learners, with equal
 * chances or in proportion to priorities. Prioritised as in [Schaul et al., Prioritized Experience Replay, ICLR 2016]: a
 * tree of sums, here of whole numbers, so that no rounding adds up. Entries are spread over shards, each with a lock
 * and a tree of its own; a draw chooses the shard by its sum. All functions may be called by any thread.
 */
#ifndef ASSAY_SUITES_SCALING_EXPERIENCE_H
#define ASSAY_SUITES_SCALING_EXPERIENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/base/err.h"
#include "harness/base/rng.h"

enum { REPLAY_WORDS = 32 }; /* 256 bytes an entry */

struct replay;

/* `capacity` entries in `shards` (1 to 64), all empty; memory is touched. Draws go by priority, or not. */
enum assay_code replay_new(size_t capacity, unsigned shards, bool prioritised, struct replay **ret,
			   struct assay_err *err);
void replay_free(struct replay *replay); /* takes NULL */

/* Add an entry in the place of the oldest; priority 1 to 2^20. Returns its number, counted from 0 over all shards. */
uint64_t replay_add(struct replay *replay, const uint64_t words[REPLAY_WORDS], uint32_t priority);

struct replay_draw {
	uint64_t words[REPLAY_WORDS];
	uint64_t number; /* as returned when it was added */
	uint32_t place;  /* for replay_set_priority() */
};
/* n independent draws with replacement; as many as there is something in it, else 0. */
size_t replay_draw(struct replay *replay, struct assay_rng *rng, size_t n,
		   struct replay_draw *draws);
/* A new priority for what was drawn; ignored when the entry has been overwritten since. */
void replay_set_priority(struct replay *replay, const struct replay_draw *draw, uint32_t priority);

/* Entries added so far. */
uint64_t replay_added(const struct replay *replay);
/* Is every sum that of its parts? For tests; nobody may be using it. */
bool replay_consistent(const struct replay *replay);

#endif
