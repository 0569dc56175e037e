/* SPDX-License-Identifier: MIT */
/* ceilings: what this machine was measured to do at most, from the results that the store has of it. */
#ifndef ASSAY_PROFILER_CEILINGS_H
#define ASSAY_PROFILER_CEILINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "harness/store/store.h"

enum ceiling_kind { CEILING_BANDWIDTH, CEILING_FLOPS, CEILING_LINK };

enum { CEILING_WORD = 24 };

/* The best of one kernel's cases with one working set and number of threads. */
struct ceiling {
	enum ceiling_kind kind;
	char device[CEILING_WORD]; /* subject of suites/gpu; "": the processor */
	char key[CEILING_WORD]; /* of a device: type of the numbers, hot or cold, way of the link */
	double per_ns;          /* bytes or operations a nanosecond, of all threads together */
	uint64_t bytes;         /* of memory that each thread goes through; 0: none */
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
 * Of the machine with this fingerprint: memory/bandwidth, memory/flops and memory/clock, and of its devices gpu/stream,
 * gpu/roofline, gpu/gemm by a library and gpu/transfer of pinned memory; each case's best median among its newest
 * results, because a ceiling is what was reached once. None is no error.
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

/* That of a device: another than the processor's in any case. */
const struct ceiling *ceiling_of_device(const struct ceilings *ceilings, enum ceiling_kind kind,
					const char *device, const char *key, uint64_t bytes);
/* Is it one of the benchmarks whose results are ceilings of devices? These may come from the run that wants them. */
bool ceilings_from(const char *suite, const char *benchmark);

/* The command that measures what is missing. */
#define CEILINGS_COMMAND    "assay run memory/bandwidth memory/flops memory/clock"
#define CEILINGS_OF_DEVICES "assay run gpu/stream gpu/roofline gpu/gemm gpu/transfer"

#endif
