/* SPDX-License-Identifier: MIT */
/*
 * acceptance: what earlier acknowledgements mean for a gate. An accepted limit L moves what a series is compared
 * with: it is REGRESSED only when it is slower than L * (1 + m0), so an accepted +6 % does not hide a later
 * +12 %. An acceptance ends when it expires, and it is spent once the base contains the change it was made for.
 */
#ifndef ASSAY_GATE_ACCEPTANCE_H
#define ASSAY_GATE_ACCEPTANCE_H

#include "harness/gate/verdict.h"
#include "harness/store/ack.h"

/* Is an accepted change part of the base? */
enum assay_gate_contains {
	ASSAY_CONTAINS_UNKNOWN,
	ASSAY_CONTAINS_NO,
	ASSAY_CONTAINS_YES,
};

/* When and against what a gate runs. */
struct assay_acceptance_when {
	uint64_t now_ns;            /* wall clock */
	const char *base_commit;    /* NULL or "": unknown */
	const uint8_t *fingerprint; /* 32 bytes, of this machine; NULL: unknown */
};

enum assay_ack_state {
	ASSAY_ACK_IN_FORCE,
	ASSAY_ACK_EXPIRED,
	ASSAY_ACK_SPENT,     /* the base contains the accepted change */
	ASSAY_ACK_ELSEWHERE, /* made for another machine */
	ASSAY_ACK_RECORD,    /* accepts nothing: a false alarm, or tracked */
};
/* "in force", "expired", "spent", "other machine", "record": static. */
const char *assay_ack_state_name(enum assay_ack_state state);

/*
 * The state of one acknowledgement. `contains`: whether the base's commit contains ack->to, as far as anybody
 * can tell; only asked when the commits themselves do not answer. Pure.
 */
enum assay_ack_state assay_ack_state(const struct assay_ack *ack,
				     const struct assay_acceptance_when *when,
				     enum assay_gate_contains contains);

/*
 * What the acknowledgements of one series come to: the newest in force decides, so that a later one may
 * narrow an earlier one. contains[n] as above. The texts of the result are borrowed from acks. Pure.
 */
struct assay_gate_acceptance assay_gate_accept(const struct assay_ack *acks,
					       const enum assay_gate_contains *contains, size_t n,
					       const struct assay_acceptance_when *when);

/* Does commit `in` contain `change`? From whoever knows the history, such as git. */
struct assay_gate_ancestry {
	enum assay_gate_contains (*contains)(void *context, const char *in, const char *change);
	void *context;
};

/* The acknowledgements of a whole store, weighed for one gate. Zero-initialise. */
struct assay_gate_acceptances {
	struct assay_ack_list list; /* newest first */
	enum assay_gate_contains *contains;
	struct assay_acceptance_when when; /* its pointers are the caller's and must live on */
};
void assay_gate_acceptances_done(struct assay_gate_acceptances *table);

/*
 * Load them all. `ancestry` may be NULL. Where it does not know, the order in which the store first measured
 * the two commits stands in for it.
 */
enum assay_code assay_gate_acceptances_load(struct assay_store *store,
					    const struct assay_acceptance_when *when,
					    const struct assay_gate_ancestry *ancestry,
					    struct assay_gate_acceptances *ret,
					    struct assay_err *err);

/* Fill row->acceptance for row->series_key; the row owns the texts. ASSAY_ENOMEM. */
enum assay_code assay_gate_acceptances_apply(const struct assay_gate_acceptances *table,
					     struct assay_gate_row *row, struct assay_err *err);

#endif
