/* SPDX-License-Identifier: MIT */
/*
 * source.h: all that a counter source includes.
 *
 * A source counts events (instructions, page faults, ...) around a region on one thread. It says
 * what it can count by trying, never by asking a library whether it could: queries lie. A counter
 * is a number with its quality, or a reason in words; never a silent zero.
 */
#ifndef ASSAY_SOURCE_H
#define ASSAY_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/base/err.h"

struct assay_gpu_trace;

enum assay_quality {
	ASSAY_UNAVAILABLE, /* no number; `reason` says why */
	ASSAY_EXACT,       /* counted all the time */
	ASSAY_SCALED,      /* multiplexed: value = raw * enabled / running */
	ASSAY_SIMULATED,   /* from a simulator, not from this machine */
	ASSAY_DERIVED,     /* computed from other measurements */
};

/*
 * One event to count and what came of it. `event` is a logical name ("instructions", see
 * assay_event_table) or a source's own name behind its prefix ("papi:perf::TASK-CLOCK").
 */
struct assay_count {
	char event[64];
	char source[16]; /* who counts it; empty while nobody does */
	char unit[8];    /* "" for pure counts, "ns", "B"; see assay_count_is_level() */
	enum assay_quality quality;
	double value; /* over the region, scaled when multiplexed */
	uint64_t raw;
	uint64_t enabled_ns; /* how long it should have counted; 0 where the source cannot say */
	uint64_t running_ns; /* how long it did */
	char reason[160];    /* when unavailable: why; otherwise empty or a remark */
};

/* Source of counts that a benchmark stated itself with assay_counter(): whole numbers of the case. */
#define ASSAY_SOURCE_STATED "benchmark"

/* Remark of a count that leaves out threads which the subject under test started itself. */
#define ASSAY_PARTIAL_COUNT "of the calling thread only; the subject's threads are not counted"

/* The logical events that `--counters default` asks for, NULL-terminated. */
extern const char *const assay_default_events[];

/*
 * A counter source: one const descriptor, one file, in profiler/. All functions are called on the
 * thread that is being counted, between its start and its end.
 */
struct assay_source {
	const char *name; /* "papi" */
	const char *brief;
	/* Logical events it may count, NULL-terminated; NULL where that is not known before trying. */
	const char *const *events;
	/* Is the source usable at all here? ASSAY_OK, or ASSAY_SKIP and why. Cheap, repeatable. */
	enum assay_code (*probe)(struct assay_err *err);
	/*
	 * Try to count every counts[i] whose quality is still ASSAY_UNAVAILABLE: add, start, work, stop.
	 * Those that work get source, unit and quality set; the others get a reason. *ret_state is
	 * set when at least one was taken, else NULL. Fails only when the source itself broke.
	 */
	enum assay_code (*open)(struct assay_count *counts, size_t n, void **ret_state,
				struct assay_err *err);
	enum assay_code (*start)(void *state, struct assay_err *err);
	/* Stop and fill value, raw, enabled_ns, running_ns of the counts that open() took. */
	enum assay_code (*stop)(void *state, struct assay_count *counts, size_t n,
				struct assay_err *err);
	void (*close)(void *state); /* takes NULL */

	/* The rest is optional. Counts in a pass of its own: what it does would disturb others, or they it. */
	bool alone;
	/* `alone`: the shortest region that it can say anything about; 0: any. */
	uint64_t shortest_ns;
	/* `alone`, after stop(): must the same work be counted once more before there are values? */
	bool (*again)(void *state);
	/* After stop(): add what devices did in the region, one by one. */
	enum assay_code (*trace)(void *state, struct assay_gpu_trace *into, struct assay_err *err);
};

/* Is it a level ("ratio", "Hz", "W", "degC"), which holds for the region as a whole and not per operation? */
bool assay_count_is_level(const struct assay_count *count);

const char *assay_quality_name(enum assay_quality quality);
/* The quality of that name; ASSAY_UNAVAILABLE when it is none. */
enum assay_quality assay_quality_parse(const char *name);

#endif
