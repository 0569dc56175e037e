/* SPDX-License-Identifier: MIT */
/*
 * store: every result, in one SQLite file. The only code that knows SQL. One transaction per
 * finished result; what was acknowledged survives kill -9 at any moment.
 *
 * A store belongs to one thread. All functions may return ASSAY_ESTORE with one clear sentence; the
 * file is never left half-written.
 */
#ifndef ASSAY_STORE_STORE_H
#define ASSAY_STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/base/err.h"
#include "harness/result.h"

struct assay_store;

enum assay_store_mode {
	ASSAY_STORE_READ,  /* must exist; never written, older and newer schemas are read */
	ASSAY_STORE_WRITE, /* created when absent; migrated after a backup when older */
};

/*
 * Open a store. WAL with synchronous=NORMAL on file systems known to be local, else DELETE with
 * EXTRA. Refused untouched with ASSAY_ESTORE: not a database, not ours (application_id), damaged,
 * newer (for writing), read-only folder, full disk.
 */
enum assay_code assay_store_open(const char *path, enum assay_store_mode mode,
				 struct assay_store **ret, struct assay_err *err);
/* Close; NULL is fine. */
void assay_store_close(struct assay_store *store);

enum assay_run_status {
	ASSAY_RUN_RUNNING,
	ASSAY_RUN_COMPLETE,
	ASSAY_RUN_INTERRUPTED,
	ASSAY_RUN_CRASHED, /* found "running" with its owner gone */
	ASSAY_RUN_IMPORTED,
};
/* "running", "complete", ...: static. */
const char *assay_run_status_name(enum assay_run_status status);

struct assay_tag {
	const char *key, *value;
};

/* One invocation of `assay run`. Texts are borrowed on write; owned by the list on read. */
struct assay_run_info {
	int64_t id;       /* set by the store */
	uint8_t uuid[16]; /* set by assay_store_begin_run when all zero */
	enum assay_run_status status;
	uint64_t started_ns, finished_ns; /* wall clock */
	uint64_t seed;
	const char *profile; /* of the run; NULL until assay_store_history_profiles() */
	const char *command; /* JSON array of the arguments */
	const char *plan;    /* JSON: what --resume needs to plan the same cases */
	char noise;          /* grade at start */
	const char *machine_name;
	uint8_t fingerprint[32];
	const char *topology_xml; /* may be NULL */
	const char *machine_json; /* shape and measured clock */
	const char *environment_json;
	uint8_t environment_hash[32];
	const char *version; /* of assay */
	const char *commit;  /* of the code under test; NULL unknown */
	bool dirty;
	const struct assay_tag *tags;
	size_t n_tags;
	size_t n_results; /* on read */
};

/* Insert the run as "running", owned by this process; *ret_run is its id. */
enum assay_code assay_store_begin_run(struct assay_store *store, const struct assay_run_info *info,
				      int64_t *ret_run, struct assay_err *err);
/*
 * Add one result in one transaction. Adding the same (run, series) again replaces it (resume).
 * When it returns ASSAY_OK no crash of this process loses it; after assay_store_sync() no loss of power does.
 */
enum assay_code assay_store_add_result(struct assay_store *store, int64_t run,
				       const struct assay_result *result, struct assay_err *err);
enum assay_code assay_store_finish_run(struct assay_store *store, int64_t run,
				       enum assay_run_status status, struct assay_err *err);
/*
 * Wait until all that was stored is on the disk: before a result is called stored. Finished runs, imports, merges and
 * acknowledgements have done so themselves.
 */
enum assay_code assay_store_sync(struct assay_store *store, struct assay_err *err);
/* Take over an unfinished run for --resume: status "running", this process the owner. Refused when
 * its owner is alive. */
enum assay_code assay_store_resume_run(struct assay_store *store, int64_t run,
				       struct assay_err *err);

/*
 * What makes a series, in this store and any other: SHA-256 over suite, benchmark, version, subject, metric
 * (name, unit, direction) and the parameters sorted by name, `threads` among them. Each text is preceded by
 * its length as 8 bytes little-endian, so that no two different series share an encoding.
 */
enum assay_code assay_series_key(const struct assay_result *result, uint8_t ret[32],
				 struct assay_err *err);

struct assay_run_list {
	struct assay_run_info *runs;
	size_t n;
	void *memory; /* of the texts */
};
void assay_run_list_done(struct assay_run_list *list);

/*
 * Runs a reference names, newest first: "@last", "@last~2" (two before), "@base" (the baseline),
 * "tag:KEY=VALUE" or "tag:VALUE", "commit:SHA" (prefix), "machine:NAME", a run's id, a UUID prefix of
 * 8 or more digits, or "" for all. Unknown or ambiguous references: ASSAY_EUSAGE with what exists.
 */
enum assay_code assay_store_runs(struct assay_store *store, const char *reference,
				 struct assay_run_list *ret, struct assay_err *err);

enum {
	ASSAY_LOAD_SUMMARY = 0,
	ASSAY_LOAD_SAMPLES = 1,
	ASSAY_LOAD_COUNTERS = 2,
};

struct assay_result_list {
	struct assay_result *results; /* by name, primary metric first */
	size_t n;
	void *memory;
};
void assay_result_list_done(struct assay_result_list *list);
/* The order of case names: like strcmp(), but values such as `size:64` and `size:4Ki` compare by size. */
int assay_compare_names(const char *a, const char *b);

/* Results of one run whose case name matches `pattern` (glob, NULL: all). `load` says what beside the
 * summary to read. */
enum assay_code assay_store_results(struct assay_store *store, int64_t run, const char *pattern,
				    unsigned load, struct assay_result_list *ret,
				    struct assay_err *err);

/* Bytes that belong to a run, such as call stacks. Borrowed when given, owned by the list when read. */
struct assay_attachment {
	const char *kind; /* what the bytes are: "stacks" */
	const char *name; /* what they are about: a case's name */
	const void *bytes;
	size_t size;
};
/* Keep them with the run, compressed where that pays, in one transaction. */
enum assay_code assay_store_attach(struct assay_store *store, int64_t run,
				   const struct assay_attachment *attachment,
				   struct assay_err *err);
struct assay_attachment_list {
	struct assay_attachment *attachments; /* in the order they were given */
	size_t n;
	void *memory;
};
void assay_attachment_list_done(struct assay_attachment_list *list);
/* Those of one run and kind. ASSAY_ESTORE when one does not match its checksum. */
enum assay_code assay_store_attachments(struct assay_store *store, int64_t run, const char *kind,
					struct assay_attachment_list *ret, struct assay_err *err);

/* A run made elsewhere. Everything is borrowed. */
struct assay_import {
	const struct assay_run_info *run; /* its UUID tells whether the store has it already */
	const struct assay_result *results;
	size_t n_results;
	const struct assay_attachment *attachments;
	size_t n_attachments;
};
/*
 * Keep it in one transaction, so that all of it is there or nothing. *ret_run is its id, or 0 when
 * the store has a run of that UUID: then nothing is written.
 */
enum assay_code assay_store_import(struct assay_store *store, const struct assay_import *import,
				   int64_t *ret_run, struct assay_err *err);

/* One point of a series' history. */
struct assay_history_point {
	int64_t run;
	uint64_t started_ns;
	double median, lo, hi;
	enum assay_status status;
	uint8_t fingerprint[32];
	const char *commit;
	bool dirty;          /* with uncommitted changes on top of it */
	const char *profile; /* of the run; NULL until assay_store_history_profiles() */
};
struct assay_history {
	int64_t id; /* of the series, in this store */
	char *name; /* the case */
	char *metric, *unit;
	enum assay_better better;
	bool primary;                       /* the metric the benchmark is about */
	struct assay_history_point *points; /* oldest first */
	size_t n;
};
struct assay_history_list {
	struct assay_history *series;
	size_t n;
	void *memory;
};
void assay_history_list_done(struct assay_history_list *list);
/* Every series whose case name matches `pattern`, at most `limit` newest points each (0: all). */
enum assay_code assay_store_history(struct assay_store *store, const char *pattern, size_t limit,
				    struct assay_history_list *ret, struct assay_err *err);
/* The same for every series that `run` has a result of. */
enum assay_code assay_store_run_history(struct assay_store *store, int64_t run, size_t limit,
					struct assay_history_list *ret, struct assay_err *err);
/*
 * Fill in the profiles of all points of `list`, with texts that live as long as it does. Apart from reading the points,
 * because the index that answers a history does not have them.
 */
enum assay_code assay_store_history_profiles(struct assay_store *store,
					     struct assay_history_list *list,
					     struct assay_err *err);

/* What is known about a place in a history where the level may have changed. */
enum assay_change_state {
	ASSAY_CHANGE_PROPOSED,  /* the numbers look like it; nobody has measured again */
	ASSAY_CHANGE_CONFIRMED, /* a paired gate of both sides says so too */
	ASSAY_CHANGE_DISMISSED, /* a paired gate found no such change */
};
/* "proposed", "confirmed", "dismissed": static. */
const char *assay_change_state_name(enum assay_change_state state);

struct assay_change_point {
	int64_t id;                /* set by the store */
	int64_t series;            /* assay_history.id */
	const char *name, *metric; /* of the series; on read */
	enum assay_better better;  /* on read */
	int64_t run;               /* the first one at the new level */
	uint8_t fingerprint[32];   /* of its machine; on read */
	enum assay_change_state state;
	const char *method;   /* how it was found; after settling also what was measured */
	double ratio, lo, hi; /* level after to level before, with its 95 % interval */
	double p;             /* chance of it without a change, at most */
	uint64_t made_ns;     /* wall clock */
};
struct assay_change_list {
	struct assay_change_point *points; /* by series, then in the order of the runs */
	size_t n;
	void *memory;
};
void assay_change_list_done(struct assay_change_list *list);
/* All change points of one series, of every machine. */
enum assay_code assay_store_changes(struct assay_store *store, int64_t series,
				    struct assay_change_list *ret, struct assay_err *err);
/* The one of this id, alone in its list. ASSAY_EUSAGE when there is none. */
enum assay_code assay_store_change(struct assay_store *store, int64_t id,
				   struct assay_change_list *ret, struct assay_err *err);
/* Keep a proposal; *ret_id is 0, and nothing is written, when there is one of this series and run. */
enum assay_code assay_store_propose_change(struct assay_store *store,
					   const struct assay_change_point *change, int64_t *ret_id,
					   struct assay_err *err);
/*
 * Settle a change point, after a paired gate alone: `how` is added to its method, such as "gate: REGRESSED, 1.052
 * [1.047, 1.058]". May be settled again by a later gate. ASSAY_EUSAGE when there is none of this id.
 */
enum assay_code assay_store_settle_change(struct assay_store *store, int64_t id,
					  enum assay_change_state state, const char *how,
					  struct assay_err *err);

/* Maintenance. */
struct assay_store_report {
	int schema_version, newest_version;
	uint64_t runs, results, samples, bytes;
	uint64_t orphans,
		damaged; /* damaged: samples and attachments whose CRC or counts disagree */
	char journal_mode[16];
	char problem[200]; /* first problem found; empty when sound */
};
/* Full check: SQLite's integrity_check, foreign keys, CRC of every sample set and attachment. */
enum assay_code assay_store_check(const char *path, struct assay_store_report *ret,
				  struct assay_err *err);
enum assay_code assay_store_backup(struct assay_store *store, const char *to,
				   struct assay_err *err);
struct assay_retention {
	uint64_t keep_samples_ns; /* age above which sample sets go (0: keep); summaries stay */
	uint64_t keep_runs_ns;    /* age above which whole runs go (0: keep), see below */
	bool dry_run;             /* only count; a store open for reading will do */
};
struct assay_swept {
	uint64_t runs, sample_sets;
	uint64_t sample_bytes; /* of the sample sets as they are stored, compressed mostly */
};
/*
 * Drop what `policy` lets go, and give its space back. Baselines and runs in progress stay whole; tagged runs, those at
 * which a change was confirmed, and those of a commit that an acknowledgement names lose their samples at most.
 */
enum assay_code assay_store_gc(struct assay_store *store, const struct assay_retention *policy,
			       struct assay_swept *ret, struct assay_err *err);
/* Mark `run` as the baseline that "@base" names. */
enum assay_code assay_store_set_baseline(struct assay_store *store, int64_t run,
					 struct assay_err *err);

#endif
