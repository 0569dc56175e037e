/* SPDX-License-Identifier: MIT */
/*
 * counts: two sides of one case compared by what they execute instead of how long they take. Each side
 * is replayed twice (harness/engine/replay.h); counts that come again exactly can be compared exactly,
 * so that one pair of replays says what no number of timings can. They gate change, not magnitude: half
 * as many instructions again were a third more time in one case and none in others.
 */
#ifndef ASSAY_GATE_COUNTS_H
#define ASSAY_GATE_COUNTS_H

#include <stdbool.h>

#include "harness/engine/replay.h"

#define ASSAY_COUNTS_LIMIT        0.005 /* default limit: worse by this or more is a regression */
#define ASSAY_COUNTS_REPEAT_LIMIT 0.001 /* two replays of one side may differ by this */

enum assay_counts_decision {
	ASSAY_COUNTS_SAME,              /* no difference in anything that is gated */
	ASSAY_COUNTS_CHANGED,           /* a difference below the limit */
	ASSAY_COUNTS_IMPROVED,          /* better by the limit or more, and nothing worse */
	ASSAY_COUNTS_REGRESSED,         /* worse by the limit or more */
	ASSAY_COUNTS_NOT_DETERMINISTIC, /* one side's two replays differ: not gated */
	ASSAY_COUNTS_SKIPPED,           /* a side cannot be replayed: not gated */
	ASSAY_COUNTS_FAILED,            /* a side went wrong in its replay */
	ASSAY_COUNTS_DECISIONS,
};
/* "same", "changed", "improved", "regressed", "not deterministic", "skipped", "failed": static. */
const char *assay_counts_decision_name(enum assay_counts_decision decision);

/* One event of both sides. */
struct assay_counts_row {
	enum assay_replay_event event;
	bool gated;        /* else it is advisory: shown, never decided on */
	double base, cand; /* per operation, of the first replays */
	double change;     /* cand / base - 1; 0 when equal, INFINITY when only the base is 0 */
	enum assay_counts_decision decision; /* SAME to REGRESSED, as for the whole */
};

/* One case. */
struct assay_counts_case {
	enum assay_counts_decision decision;
	enum assay_status status; /* FAILED: how it ended */
	char reason[600];         /* one clause: what is worse, or why nothing was decided */
	uint64_t operations;      /* in the round that was counted; 0: none was */
	struct assay_counts_row rows[ASSAY_REPLAY_EVENTS]; /* n = 0 unless both sides have counts */
	size_t n;
};

/*
 * Decide from two replays of each side. Instructions, data reads, data writes and both kinds of
 * mispredictions are gated; cache misses are advisory, because they follow addresses. A change is worse
 * (or better) when it is `limit` or more (0.005 is half a per cent) of the base, and, but for
 * instructions, also more than a tenth of `limit` of the base's instructions: a misprediction more in a
 * million instructions is no news, however few there were. Between sides that repeat within
 * ASSAY_COUNTS_REPEAT_LIMIT but not exactly, the change is the gap between their ranges. Pure.
 */
void assay_counts_decide(const struct assay_replayed base[2], const struct assay_replayed cand[2],
			 double limit, struct assay_counts_case *ret);

/*
 * Replay both sides twice, the same number of operations, and decide. Both name the same case. A side
 * whose first replay did not work is not replayed again. ASSAY_EUSAGE for a limit outside [0, 1); other
 * errors as assay_replay_case(). What a side does wrong is a decision.
 */
enum assay_code assay_counts_compare(const struct assay_replay *base,
				     const struct assay_replay *cand, double limit,
				     struct assay_counts_case *ret, struct assay_err *err);

#endif
