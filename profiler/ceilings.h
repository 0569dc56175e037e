/* SPDX-License-Identifier: MIT */
/* ceilings: what this machine was measured to do at most, from the results that the store has of it. */
#ifndef ASSAY_PROFILER_CEILINGS_H
#define ASSAY_PROFILER_CEILINGS_H

#include <stdint.h>

#include "harness/store/store.h"

enum ceiling_kind { CEILING_BANDWIDTH, CEILING_FLOPS };

/* The best of one kernel's cases with one working set and number of threads. */
struct ceiling {
	enum ceiling_kind kind;
	double per_ns;  /* bytes or operations a nanosecond, of all threads together */
	uint64_t bytes; /* of memory that each thread goes through; 0: none */
	unsigned threads;
	bool stable;    /* the results behind it were */
	char from[160]; /* the case and its run */
};

struct ceilings {
	struct ceiling *list;
	size_t n;
	double clock_hz; /* the highest the core's clock was measured at; 0 unknown */
};

/*
 * Of the machine with this fingerprint: memory/bandwidth, memory/flops and memory/clock, each case's best
 * median among its newest results, because a ceiling is what was reached once. None is no error.
 */
enum assay_code ceilings_load(struct assay_store *store, const uint8_t fingerprint[32],
			      struct ceilings *ret, struct assay_err *err);
void ceilings_done(struct ceilings *ceilings);

/*
 * The one for so many threads that each go through `bytes` (0: more than any cache): of the measured numbers of
 * threads the least that is enough, else the largest; of the measured working sets likewise. NULL when
 * nothing of this kind was measured.
 */
const struct ceiling *ceiling_of(const struct ceilings *ceilings, enum ceiling_kind kind,
				 unsigned threads, uint64_t bytes);

/* The command that measures what is missing. */
#define CEILINGS_COMMAND "assay run memory/bandwidth memory/flops memory/clock"

#endif
