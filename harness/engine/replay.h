/* SPDX-License-Identifier: MIT */
/*
 * replay: one case once more, in a simulator that counts: valgrind's callgrind. Times mean nothing
 * there, but the counts of a single-threaded case are the same again every time, and a machine without
 * performance counters has them too. See docs/counts.md.
 */
#ifndef ASSAY_ENGINE_REPLAY_H
#define ASSAY_ENGINE_REPLAY_H

#include <signal.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/engine/case.h"
#include "harness/engine/replay_dump.h"
#include "harness/result.h"
#include "harness/source.h"

/* What is replayed, and by which program: a side of a comparison is a program and its plug-ins. */
struct assay_replay {
	const char *program;        /* an assay, e.g. "/proc/self/exe" */
	const char *const *plugins; /* NULL-terminated; may be NULL */
	const char *case_name;      /* "memory/alloc_pair/size:256/subject:pool/threads:1" */
	const char *const
		*environment; /* "NAME=VALUE" of the subject, NULL-terminated; may be NULL */
	uint64_t operations;  /* in the round that counts; 0: chosen by their cost */
	uint64_t timeout_ns;
	uint64_t memory_bytes;                    /* limit of private memory, 0: none */
	const volatile sig_atomic_t *interrupted; /* non-zero: stop at once; may be NULL */
};

/* What came of it. */
struct assay_replayed {
	enum assay_status status; /* OK: all of counts[] are there; else why not in `reason` */
	char reason[512];
	uint64_t operations; /* iterations in the round that counts: give it to the other side */
	/* By enum assay_replay_event. value: per operation; raw: of the whole round. */
	struct assay_count counts[ASSAY_REPLAY_EVENTS];
};

/*
 * Can this program replay anything here? ASSAY_OK, or ASSAY_SKIP: what is missing and the package that
 * has it. Cheap.
 */
enum assay_code assay_replay_probe(struct assay_err *err);

/* The same of a case that is known here: ASSAY_SKIP says why it is none for a replay. */
enum assay_code assay_replay_probe_case(const struct assay_case *c, struct assay_err *err);

/*
 * Replay a case in a fresh process and wait for it. Whatever goes wrong with the case is a status:
 * SKIPPED where a replay is not possible (no valgrind, threads, a mode about time, an instruction that
 * valgrind does not know), else as for assay_launch_run(), with the same care for deadlines and what it
 * started; the caller must be a child subreaper. ASSAY_EINTR when interrupted; other errors mean that
 * nothing could be started. Not thread-safe: the process' address layout is switched for a moment.
 */
enum assay_code assay_replay_case(const struct assay_replay *replay, struct assay_replayed *ret,
				  struct assay_err *err);

/*
 * Put the counts of a replay among the counters of a result, counters[*n] of `capacity`. A logical event
 * that nothing else could count is filled in; one that something else has counted appears again behind
 * the prefix "callgrind:". A replay that did not work leaves unavailable counters with its reason.
 */
void assay_replay_add(const struct assay_replayed *replayed, struct assay_count *counters,
		      size_t capacity, size_t *n);

#endif
