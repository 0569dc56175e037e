/* SPDX-License-Identifier: MIT */
/* reading: the interface of ways to read a record that is now and then replaced. */
#ifndef ASSAY_SUITES_CONCURRENCY_READING_H
#define ASSAY_SUITES_CONCURRENCY_READING_H

#include "harness/bench.h"

#define READING_INTERFACE "reading"

enum { READING_WORDS = 4 };

/* A record is whole when its words follow from the first. */
struct record {
	uint64_t words[READING_WORDS];
};

static inline struct record record_of(uint64_t version)
{
	struct record record;
	for (uint64_t i = 0; i < READING_WORDS; i++)
		record.words[i] = version + i;
	return record;
}

static inline bool record_is_whole(const struct record *record)
{
	bool whole = true;
	for (uint64_t i = 0; i < READING_WORDS; i++)
		whole &= record->words[i] == record->words[0] + i;
	return whole;
}

/* Each subject has its own. */
struct reading;

struct reading_ops {
	/* A place that holds record_of(0), for `threads` threads. */
	enum assay_code (*create)(unsigned threads, struct reading **ret, struct assay_err *err);
	/* Each thread before its first and after its last use; both may be NULL. */
	void (*enter)(struct reading *r, unsigned thread);
	void (*leave)(struct reading *r, unsigned thread);
	/* A copy of one record that was there during the call. */
	void (*read)(struct reading *r, unsigned thread, struct record *ret);
	/* Replace it. When this returns nobody reads the record before any more. */
	void (*write)(struct reading *r, unsigned thread, const struct record *record);
	void (*destroy)(struct reading *r); /* NULL is allowed */
	bool protects_nothing;              /* null: never checked */
};

/* The oracle: no record torn, none from the past, none used after it was given back. */
enum assay_code reading_check(const struct assay_subject *subject, uint64_t seed,
			      struct assay_err *err);

#endif
