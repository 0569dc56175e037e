/* SPDX-License-Identifier: MIT */
/*
 * ack: what people said about changes: accepted up to a limit, or a false alarm. Same rules as store.h. A row
 * is never deleted: retiring one ends it now, so that the past stays on record.
 */
#ifndef ASSAY_STORE_ACK_H
#define ASSAY_STORE_ACK_H

#include "harness/store/store.h"

enum assay_ack_kind {
	ASSAY_ACK_ACCEPTED,    /* may be worse by up to limit_ratio */
	ASSAY_ACK_FALSE_ALARM, /* a verdict was wrong; changes nothing later */
	ASSAY_ACK_TRACKED,     /* known and looked into elsewhere; changes nothing later */
};
/* "accepted", "false-alarm", "tracked": static. */
const char *assay_ack_kind_name(enum assay_ack_kind kind);

/* One acknowledgement. Texts are borrowed on write, owned by the list on read. */
struct assay_ack {
	uint8_t series_key[32];
	bool one_machine;
	uint8_t fingerprint[32]; /* of that machine */
	enum assay_ack_kind kind;
	/* Commits of the base it was accepted against and of the candidate; NULL or "" unknown. */
	const char *from, *to;
	double limit_ratio; /* accepted: up to this, in the sense of worse, above 1; else NaN */
	const char *author, *note;
	uint64_t made_ns;    /* wall clock; 0 on write: now */
	uint64_t expires_ns; /* wall clock; 0: never */
	/* Set by the store, for readers. */
	int64_t id;
	uint8_t uuid[16];
	const char *name, *metric; /* NULL when this store has not met the series */
	enum assay_better better;
};

/* Add one; *ret_id is its number. ASSAY_EUSAGE when the limit makes no sense. */
enum assay_code assay_store_add_ack(struct assay_store *store, const struct assay_ack *ack,
				    int64_t *ret_id, struct assay_err *err);
/* End one now. ASSAY_EUSAGE when there is none of that number, or it has ended already. */
enum assay_code assay_store_retire_ack(struct assay_store *store, int64_t id,
				       struct assay_err *err);

struct assay_ack_list {
	struct assay_ack *acks; /* newest first */
	size_t n;
	void *memory;
};
void assay_ack_list_done(struct assay_ack_list *list);
/* Those about one series (NULL: any), ended ones among them. */
enum assay_code assay_store_acks(struct assay_store *store, const uint8_t series_key[32],
				 struct assay_ack_list *ret, struct assay_err *err);

/* When the store's first run on that clean commit began, wall clock; *ret_ns is 0 when it has none. */
enum assay_code assay_store_first_run(struct assay_store *store, const char *commit,
				      uint64_t *ret_ns, struct assay_err *err);

/* A series as people name it. */
struct assay_series_info {
	uint8_t key[32];
	const char *name, *metric, *unit;
	enum assay_better better;
	bool primary; /* what its benchmark is about */
};
struct assay_series_list {
	struct assay_series_info *series; /* by name, primary metric first */
	size_t n;
	void *memory;
};
void assay_series_list_done(struct assay_series_list *list);
/* Series whose case name matches `pattern` (glob, or its beginning up to a '/'; NULL: all). */
enum assay_code assay_store_series(struct assay_store *store, const char *pattern,
				   struct assay_series_list *ret, struct assay_err *err);

#endif
