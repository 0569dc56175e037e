/* SPDX-License-Identifier: MIT */
/*
 * tiers: a stack of caches, fast and small above, slow and large below: an array per thread, the shared
 * set-associative table, our log on disk, Redis, SQLite; below all of them the origin, which can make any
 * value and takes its time.
 *
 * A get goes down until it finds the key; with promotion what it finds is put into all tiers above. A
 * put goes to all tiers (write-through), or to memory and a list of dirty entries that is written down
 * together (write-back): when it is full, every few milliseconds by a thread, and on tiers_sync().
 * Lower tiers hold what upper ones hold, so that evicting above is demotion and loses nothing.
 *
 * Any number of threads, each with an array of its own. Gets are linearisable per key: what is read below
 * goes up under the lock that puts take, and an array's entry counts only while no put has fallen on the
 * counter of its key.
 */
#ifndef ASSAY_SUITES_CACHE_TIERS_H
#define ASSAY_SUITES_CACHE_TIERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/base/err.h"

enum { TIERS_WORDS = 16 }; /* 8-byte words in every value */

/* How far down it goes; each includes those above. */
enum tiers_depth { TIERS_MEMORY, TIERS_DISK, TIERS_REDIS, TIERS_SQLITE };

/* Where a get found its key. */
enum tier {
	TIER_THREAD,
	TIER_SHARED,
	TIER_DIRTY,
	TIER_DISK,
	TIER_REDIS,
	TIER_SQLITE,
	TIER_ORIGIN,
	TIER_COUNT
};

struct tiers_config {
	enum tiers_depth depth;
	bool write_back, promote;
	size_t shared_bytes; /* of the shared table, metadata included */
	uint64_t most_keys;  /* different ones, on disk */
	/* Make the value of a key that no tier has. */
	void (*origin)(void *context, uint64_t key, uint64_t value[TIERS_WORDS]);
	void *context;
};

struct tiers;
struct tiers_thread;

/* ASSAY_SKIP when a tier is not possible here, with the reason. */
enum assay_code tiers_new(const struct tiers_config *config, struct tiers **ret,
			  struct assay_err *err);
/* Writes what is dirty first. All threads must have been freed. */
void tiers_free(struct tiers *tiers);

/* A thread's own tier; NULL without memory. */
struct tiers_thread *tiers_thread_new(struct tiers *tiers);
void tiers_thread_free(struct tiers_thread *thread);
/* How many entries it has room for now: 16 to 512, by what they were worth of late. */
uint32_t tiers_thread_entries(const struct tiers_thread *thread);

enum tier tiers_get(struct tiers_thread *thread, uint64_t key, uint64_t value[TIERS_WORDS]);
void tiers_put(struct tiers_thread *thread, uint64_t key, const uint64_t value[TIERS_WORDS]);
/* Write down what is dirty. */
enum assay_code tiers_sync(struct tiers *tiers, struct assay_err *err);

/* The first thing that went wrong in a lower tier since it was made; NULL when nothing did. */
const char *tiers_error(struct tiers *tiers);
/* Bytes of values that went up or down between tiers so far. */
uint64_t tiers_bytes_moved(struct tiers *tiers);

#endif
