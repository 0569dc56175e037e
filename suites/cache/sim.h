/* SPDX-License-Identifier: MIT */
/*
 * sim: which requests of a trace miss in a cache of a given size, under each of nine policies.
 *
 * What all share: the cache starts empty and every request counts; a miss inserts the object, after
 * evicting until it fits; an object larger than the cache is not inserted. An object keeps the size
 * it was inserted with until it leaves. Objects are numbers from 0, so that all state is arrays.
 */
#ifndef ASSAY_SUITES_CACHE_SIM_H
#define ASSAY_SUITES_CACHE_SIM_H

#include <stdbool.h>
#include <stdint.h>

#include "harness/base/err.h"
#include "suites/cache/trace.h"

struct sim {
	const struct trace *trace;
	uint64_t capacity; /* objects, or bytes; at least 1 */
	bool by_bytes;     /* else every object counts 1, whatever its size */
	char *memory;      /* of the policy, its `bytes` */
};

struct sim_policy {
	const char *name;
	const char *rule; /* one line */
	/* How much memory run() needs; sim->memory is not looked at. */
	size_t (*bytes)(const struct sim *sim);
	/* The number of misses. Sets up the memory itself; the same sim may run again and again. */
	uint64_t (*run)(const struct sim *sim);
};

/* Their names in the order of sim_policies(), comma-separated: the values of the axis. */
#define SIM_POLICY_NAMES "null,FIFO,LRU,CLOCK,SIEVE,S3-FIFO,LFU,ARC,W-TinyLFU,Belady"
enum { SIM_POLICIES = 10 };
const struct sim_policy *const *sim_policies(void);
/* NULL when there is none of that name. */
const struct sim_policy *sim_policy(const char *name);

/*
 * Allocate the memory of a policy; ASSAY_EUSAGE when the capacity is 0, ASSAY_ENOMEM. `trace` must
 * outlive the sim. Free with sim_done().
 */
enum assay_code sim_init(struct sim *sim, const struct sim_policy *policy,
			 const struct trace *trace, uint64_t capacity, bool by_bytes,
			 struct assay_err *err);
void sim_done(struct sim *sim);

/*
 * The misses of LRU for every capacity in objects, in one pass: misses[c] for c = 0 .. n_objects
 * (n_objects + 1 numbers, the caller's). O(log) a request. ASSAY_ENOMEM. Stack distances as in
 * Mattson et al., "Evaluation techniques for storage hierarchies", IBM Systems Journal 9(2), 1970.
 */
enum assay_code sim_lru_curve(const struct trace *trace, uint32_t *misses, struct assay_err *err);

/* W-TinyLFU halves its counts every so many requests: ten for each object of mean size that fits. */
uint64_t sim_tiny_period(const struct sim *sim);

/* The policies, each in a file. Sources in the files. */
extern const struct sim_policy sim_null, sim_fifo, sim_lru, sim_clock, sim_sieve, sim_s3_fifo,
	sim_lfu, sim_arc, sim_w_tiny_lfu, sim_belady;

#endif
