/* SPDX-License-Identifier: MIT */
/* verdict: what gates decided, kept with the runs they compared. Same rules as store.h. */
#ifndef ASSAY_STORE_VERDICT_H
#define ASSAY_STORE_VERDICT_H

#include "harness/store/store.h"

/* A series that a gate decided on. Texts are borrowed on write, owned by the list on read. */
struct assay_stored_verdict {
	/*
	 * On write: names the series by suite, benchmark, version, subject, metric, parameters, threads and
	 * name; nothing else of it is looked at. NULL on read.
	 */
	const struct assay_result *series;
	const char *decision; /* "REGRESSED" */
	const char *reason;   /* "" when the numbers say it all */
	const char *method;   /* "paired", "stored", "counts" */
	const char *policy;   /* JSON: margins, levels, looks */
	size_t n;             /* pairs or samples that counted */
	double ratio, lo, hi; /* in the sense of worse; NaN unknown */
	double p;             /* NaN unknown */
	/* Set by the store, for readers. */
	int64_t id, run, against; /* against: 0 unknown or gone */
	const char *name, *metric, *unit;
	enum assay_better better;
	uint8_t series_key[32];
	uint8_t fingerprint[32]; /* of the machine of `run` */
	/* Commits of the two runs; NULL unknown. */
	const char *commit, *against_commit;
	bool dirty; /* `run` measured uncommitted changes on top of `commit` */
	uint64_t made_ns;
};

/*
 * Add all verdicts of one gate in one transaction: all of them or none. `run` holds the candidate's
 * results, `against` the base's, 0 when they are not in this store. Series that the store has not met are added. ASSAY_EUSAGE
 * when a run is unknown.
 */
enum assay_code assay_store_add_verdicts(struct assay_store *store, int64_t run, int64_t against,
					 const struct assay_stored_verdict *verdicts, size_t n,
					 struct assay_err *err);

struct assay_verdict_list {
	struct assay_stored_verdict *verdicts; /* newest first, as they were added within a gate */
	size_t n;
	void *memory;
};
void assay_verdict_list_done(struct assay_verdict_list *list);

/* Verdicts of one run (0: any) on one series (NULL: any), at most the newest `limit` (0: all). */
enum assay_code assay_store_verdicts(struct assay_store *store, int64_t run,
				     const uint8_t series_key[32], size_t limit,
				     struct assay_verdict_list *ret, struct assay_err *err);

#endif
