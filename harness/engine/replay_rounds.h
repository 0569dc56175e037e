/* SPDX-License-Identifier: MIT */
/* replay_rounds: a worker's part of a replay: the rounds of a case inside the simulator. */
#ifndef ASSAY_ENGINE_REPLAY_ROUNDS_H
#define ASSAY_ENGINE_REPLAY_ROUNDS_H

#include "harness/engine/gang.h"
#include "harness/engine/worker.h"

#define ASSAY_REPLAY_SOURCE "callgrind" /* of the counts; also the prefix of second names */
#define ASSAY_REPLAY_FILE   "out"       /* what the simulator's files in job->replay begin with */

/* Was this program built with the simulator's header? ASSAY_OK, or ASSAY_SKIP and what to install. */
enum assay_code assay_replay_built(struct assay_err *err);

/* Is this a case whose counts mean something? ASSAY_OK, or ASSAY_SKIP and why not: several threads, a
 * mode that is about time. */
enum assay_code assay_replay_suits(const struct assay_case *c, struct assay_err *err);

/*
 * Can this process replay the case? ASSAY_OK, or ASSAY_SKIP and why not: the above, or no simulator
 * around us. Cheap; before the gang is made.
 */
enum assay_code assay_replay_fits(const struct assay_case *c, struct assay_err *err);

/* Make the state of malloc independent of what this process did so far; before the gang is made. */
void assay_replay_level_heap(void);

/*
 * Run rounds of 1, 8, 64, ... operations until one has enough instructions (or, when job->effort.batch
 * is given, until that many operations), then twice the same without a break, and write the counts of
 * the second as records: one ASSAY_FRAME_BATCH and one ASSAY_FRAME_COUNTER per event. Only what lies in the
 * timed loop is counted, its clocks not. Failures of the benchmark are marked on the gang; errors mean
 * that the simulator did not do as it should, or that nobody listens.
 */
enum assay_code assay_replay_measure(struct gang *gang, const struct assay_job *job,
				     struct assay_err *err);

#endif
