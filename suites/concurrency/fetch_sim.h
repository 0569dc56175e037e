/* SPDX-License-Identifier: MIT */
/* fetch_sim: a reader that asks for values which are far away, and a loader that fetches some ahead. */
#ifndef ASSAY_SUITES_CONCURRENCY_FETCH_SIM_H
#define ASSAY_SUITES_CONCURRENCY_FETCH_SIM_H

#include "suites/concurrency/guess.h"

enum fetch_pattern {
	FETCH_SEQUENTIAL, /* runs of 1000 keys in order */
	FETCH_STRIDED,    /* runs of 1000 keys, 7 apart */
	FETCH_CHAIN,      /* a fixed random order of 4096 keys, again and again */
	FETCH_RANDOM,     /* any of 4096 keys */
};

enum { FETCH_ROOM_MAX = 1024, FETCH_SLOTS_MAX = 64 };

struct fetch_sim_config {
	enum guess_rule rule;
	enum fetch_pattern pattern;
	double strays;     /* share of requests that are for any key instead */
	unsigned ahead;    /* keys fetched ahead, up to GUESS_MOST */
	unsigned slots;    /* fetches ahead under way at a time, 1 to FETCH_SLOTS_MAX */
	unsigned room;     /* values kept, 1 to FETCH_ROOM_MAX: the newest */
	uint64_t fetch_ns; /* how long one takes */
	double think_ns;   /* mean time between an answer and the next request, exponential */
	uint32_t requests;
	uint64_t seed;
};

/* Each request is a hit (there), late (fetched ahead, on its way) or a miss. */
struct fetch_sim_result {
	uint32_t hits, late, misses;
	uint32_t ahead, wasted; /* fetched ahead; of these never asked for, or thrown out before */
	double waited_ns;       /* all requests together */
};

/* ASSAY_EUSAGE, ASSAY_ENOMEM. Any number may run at a time. */
enum assay_code fetch_sim(const struct fetch_sim_config *config, struct fetch_sim_result *ret,
			  struct assay_err *err);

#endif
