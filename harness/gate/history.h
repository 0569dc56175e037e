/* SPDX-License-Identifier: MIT */
/*
 * history: where the level of a stored series seems to have changed. The values are put on a logarithmic
 * scale and looked at by the scan of harness/stats/changepoint.h after every run, each machine by itself: what
 * is found is a proposal, kept in the store, and only a paired gate makes more of it.
 */
#ifndef ASSAY_GATE_HISTORY_H
#define ASSAY_GATE_HISTORY_H

#include "harness/gate/verdict.h"
#include "harness/stats/changepoint.h"
#include "harness/store/store.h"

/*
 * Points of a series that are looked at where not all are asked for: the scan forgets what is longer ago than
 * its own window, and these leave it some to begin with.
 */
enum { ASSAY_HISTORY_POINTS = 4 * ASSAY_SCAN_MOST };

/* The policy of the scan: level 0.001 per look, 1 %, and twice the noise within the parts. */
struct assay_change_policy assay_history_policy(void);

/* One change. Indices are into the points of its series; all three are points of one machine. */
struct assay_shift {
	size_t at;       /* the first point after it */
	size_t from, to; /* it may as well be any of these; from == to == at when only stored */
	size_t before;   /* the last point of this machine before `from` with a value */
	double ratio, lo, hi; /* level after to level before, with its 95 % interval */
	bool found;           /* by the scan over these points; else it is known from the store */
	int64_t change;       /* id of the change point; 0: not in the store */
	enum assay_change_state state;
	const char *method; /* as stored, or what a proposal would say; lives as long as `known` */
};

struct assay_shift_list {
	struct assay_shift *shifts; /* in the order of the points */
	size_t n;
};
void assay_shift_list_done(struct assay_shift_list *list);

/*
 * The changes of a series: what the scan finds in its points, each with the state of the change point in
 * `known` (of the same series; NULL: none) whose run is one of those where it may have been; and the
 * change points in `known` that the scan does not find here but whose run is among the points. Values that
 * are not there, not measured or not above 0 are gaps. ASSAY_ENOMEM.
 */
enum assay_code assay_history_shifts(const struct assay_history *series,
				     const struct assay_change_list *known,
				     struct assay_shift_list *ret, struct assay_err *err);

/* The same with what the store knows; *ret_known owns texts of *ret. */
enum assay_code assay_history_read_shifts(struct assay_store *store,
					  const struct assay_history *series,
					  struct assay_change_list *ret_known,
					  struct assay_shift_list *ret, struct assay_err *err);

/* Keep those of `list` that the store lacks as proposals, and give them ids; adds how many to *ret_n. */
enum assay_code assay_history_propose(struct assay_store *store, const struct assay_history *series,
				      struct assay_shift_list *list, size_t *ret_n,
				      struct assay_err *err);

/*
 * What a paired gate of both sides of `change` says of it: *ret_state is confirmed when the gate found a
 * change in the same direction, dismissed when it found none or one the other way, and the store has it with
 * what was measured. Still proposed, and nothing written, when the gate could not say. ASSAY_EUSAGE: no
 * row of this series, the sides were not paired, or are of different machines.
 */
enum assay_code assay_history_settle(struct assay_store *store,
				     const struct assay_change_point *change,
				     const struct assay_gate_report *report,
				     enum assay_change_state *ret_state, struct assay_err *err);

/* Does this point have a value? */
bool assay_history_measured(const struct assay_history_point *point);

#endif
