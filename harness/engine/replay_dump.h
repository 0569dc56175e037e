/* SPDX-License-Identifier: MIT */
/* replay_dump: the counts in a file that callgrind wrote. */
#ifndef ASSAY_ENGINE_REPLAY_DUMP_H
#define ASSAY_ENGINE_REPLAY_DUMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/base/err.h"

/* What a replay counts; assay_replay_event_name() gives the names they have as counters. */
enum assay_replay_event {
	ASSAY_REPLAY_INSTRUCTIONS,
	ASSAY_REPLAY_DATA_READS,
	ASSAY_REPLAY_DATA_WRITES,
	ASSAY_REPLAY_CONDITIONAL_MISSES, /* conditional branches that were predicted wrongly */
	ASSAY_REPLAY_INDIRECT_MISSES,    /* the same of indirect jumps and calls */
	ASSAY_REPLAY_BRANCH_MISSES,      /* both of them */
	ASSAY_REPLAY_L1D_MISSES,         /* reads and writes that missed the first data cache */
	ASSAY_REPLAY_CACHE_MISSES,       /* fetches, reads and writes that missed the last cache */
	ASSAY_REPLAY_EVENTS,
};
/* "instructions", "data_reads", ...: static. */
const char *assay_replay_event_name(enum assay_replay_event event);

/* One dump. */
struct assay_replay_dump {
	char trigger
		[64]; /* "Client Request: " and the text that was given there; "" when it says none */
	char creator[32]; /* "callgrind-3.19.0" */
	uint64_t pid;     /* of the process that wrote it; 0 when it does not say */
	uint64_t counts[ASSAY_REPLAY_EVENTS]; /* totals of the dump */
};

/*
 * Read text[length], a callgrind profile in format version 1 [valgrind manual, "Callgrind Format
 * Specification"]: the event names of its header against the numbers of its last `totals` line, where
 * zeros at the end may be left out. ASSAY_EPARSE names what is missing or malformed: a file that
 * lacks one of the events that are counted here, has no totals, or numbers that do not fit.
 */
enum assay_code assay_replay_dump_read(const char *text, size_t length,
				       struct assay_replay_dump *ret, struct assay_err *err);

/*
 * Is it the dump that process `pid` asked for with the text `tag`? Beside it lie the one that callgrind
 * writes at the end, earlier ones, and those of processes that the case forked.
 */
bool assay_replay_dump_is(const struct assay_replay_dump *dump, const char *tag, uint64_t pid);

#endif
