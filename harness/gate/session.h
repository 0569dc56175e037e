/* SPDX-License-Identifier: MIT */
/*
 * session: the protocol of a paired gate: which case is launched when, on which side, and when it is
 * decided. Where launches come from is the source's affair: worker processes, a recording, or a
 * simulation.
 *
 * A pair is one launch of each side, adjacent in time, in coin-flip order, and with the same seed. All
 * cases are taken in turn, shuffled anew each round, so that whatever the machine does it does to many
 * of them. Screen and looks are those of harness/stats/gate_math.h.
 */
#ifndef ASSAY_GATE_SESSION_H
#define ASSAY_GATE_SESSION_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/base/err.h"
#include "harness/result.h"
#include "harness/stats/gate_math.h"

enum assay_gate_which { ASSAY_GATE_BASE, ASSAY_GATE_CAND };

/* One launch as its source tells it. */
struct assay_gate_launch {
	enum assay_status status; /* other than OK: the case has failed on this side */
	char reason[512];
	double summary; /* see assay_gate_launch(); NaN: it gave no usable sample */
	enum assay_better better;
	unsigned variant;            /* placement variant that was drawn */
	size_t samples, preempted;   /* taken, and how many of them were interrupted */
	const double *values;        /* the samples, until the next launch; may be NULL */
	uint64_t steal_ticks, ticks; /* of the machine while it ran; 0 unknown */
	bool suspended;              /* the machine slept meanwhile: it does not count */
};

struct assay_gate_source {
	/* Called for both sides of a case before its first launch; only status and reason of *ret
	 * matter. May be NULL. */
	enum assay_code (*prepare)(void *context, size_t item, enum assay_gate_which side,
				   struct assay_gate_launch *ret, struct assay_err *err);
	/* Launch case `item` on one side. An error ends the gate; a bad end of the launch does not. */
	enum assay_code (*launch)(void *context, size_t item, enum assay_gate_which side,
				  uint64_t seed, struct assay_gate_launch *ret,
				  struct assay_err *err);
	/* Between pairs, never during one; may be NULL. */
	void (*progress)(void *context, size_t item, size_t pairs_done, size_t open);
	void *context;
};

struct assay_gate_pair {
	double base, cand; /* summaries; NaN: the pair was lost */
	unsigned variant_base, variant_cand;
	bool cand_first;
};

/* All that is known of one case. Zero-initialise but for the policy. */
struct assay_gate_trial {
	struct assay_gate_policy policy; /* the gate's with this case's own margins */
	struct assay_gate_pair *pairs;   /* n, in the order they ran */
	size_t n, screening;             /* the first `screening` of them were for the screen */
	size_t lost;                     /* pairs that had to be repeated or given up */
	struct assay_gate_state state;
	bool cut_short; /* time ran out, or it was interrupted, before the last look */
	enum assay_better better;
	enum assay_status status; /* other than OK: how the worst launch of `failed_side` ended */
	enum assay_gate_which failed_side;
	char reason[512];
	size_t samples, preempted;
	uint64_t steal_ticks, ticks;
};

struct assay_gate_session_options {
	struct assay_gate_policy policy; /* levels and looks; see the trials for margins */
	uint64_t seed;
	uint64_t budget_ns; /* 0: none */
	const volatile sig_atomic_t *interrupted;
};

struct assay_gate_tally {
	size_t launches, survivors, suspended;
	bool out_of_time, interrupted;
};

/*
 * Run the gate over trials[n]. Every trial ends decided, or failed with a status. An interruption or a spent
 * budget ends it early: what was open then becomes OK or INCONCLUSIVE by what is known. Errors are the
 * source's, and ASSAY_ENOMEM; trials hold what was measured until then.
 */
enum assay_code assay_gate_session(const struct assay_gate_source *source,
				   const struct assay_gate_session_options *options,
				   struct assay_gate_trial *trials, size_t n,
				   struct assay_gate_tally *ret, struct assay_err *err);

/* The differences d of pairs [from, to) of a trial, see assay_gate_difference(), to ret[to - from]. */
void assay_gate_trial_differences(const struct assay_gate_trial *trial, size_t from, size_t to,
				  double *ret);

void assay_gate_trials_done(struct assay_gate_trial *trials, size_t n);

#endif
