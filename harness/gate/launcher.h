/* SPDX-License-Identifier: MIT */
/* launcher: the source of a live gate: each launch is a worker process of one side. */
#ifndef ASSAY_GATE_LAUNCHER_H
#define ASSAY_GATE_LAUNCHER_H

#include "harness/engine/collect.h"
#include "harness/engine/measure.h"
#include "harness/engine/replay.h"
#include "harness/gate/session.h"
#include "harness/gate/side.h"

/* A case that both sides can measure, by its places in their plans. */
struct assay_gate_match {
	size_t index[2]; /* by enum assay_gate_which */
};

struct assay_gate_launcher_options {
	const char *program; /* executed for workers, except those of builds */
	const char *sandbox; /* path of bubblewrap: each worker inside it; NULL: none */
	const char *metric;  /* NULL: the primary one of each case */
	struct assay_effort effort;
	uint64_t timeout_ns;   /* per launch */
	uint64_t memory_bytes; /* per worker; 0: none */
	uint64_t seed;         /* of oracles, calibration and the choice of variants */
	const volatile sig_atomic_t *interrupted;
	/* As in struct assay_gate_source; may be NULL. */
	void (*progress)(void *context, size_t item, size_t pairs_done, size_t open);
	void *context;
};

struct assay_gate_launcher;

/* A replay and the list it points to. */
struct assay_gate_replay_of {
	struct assay_replay replay;
	const char *plugins[2];
};

/*
 * For the matched cases of two sides, both of which must outlive it; `sides` may be the same side twice.
 * The first launch of each case asks the oracles of its subjects on both sides and finds, on the
 * base, how many operations fill a sample: both sides then do as many. Placement is the base's.
 */
enum assay_code assay_gate_launcher_new(const struct assay_gate_side *const sides[2],
					const struct assay_gate_match *matches, size_t n,
					const struct assay_gate_launcher_options *options,
					struct assay_gate_launcher **ret, struct assay_err *err);
void assay_gate_launcher_free(struct assay_gate_launcher *launcher);

/* The source that launches; valid as long as the launcher. */
struct assay_gate_source assay_gate_launcher_source(struct assay_gate_launcher *launcher);

/* The metric of item's summaries; the launcher's, known from the first launch on, else the planned one. */
struct assay_metric_info assay_gate_launcher_metric(const struct assay_gate_launcher *launcher,
						    size_t item);

/* How long the launches of item took, both sides together. */
uint64_t assay_gate_launcher_elapsed_ns(const struct assay_gate_launcher *launcher, size_t item);

/* What counts item on one side, in its first variant. ASSAY_SKIP for what a replay cannot do. */
enum assay_code assay_gate_launcher_replay(const struct assay_gate_launcher *launcher, size_t item,
					   enum assay_gate_which side,
					   struct assay_gate_replay_of *ret, struct assay_err *err);

/* Has this side of the case been launched to the end, however it ended? Else it has no results of its own. */
bool assay_gate_launcher_launched(const struct assay_gate_launcher *launcher, size_t item,
				  enum assay_gate_which side);

/* Hand out the results of item on one side, all its metrics, from all launches. */
enum assay_code assay_gate_launcher_results(const struct assay_gate_launcher *launcher, size_t item,
					    enum assay_gate_which side, char noise,
					    assay_result_fn on_result, void *context,
					    struct assay_err *err);

#endif
