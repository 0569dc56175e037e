/* SPDX-License-Identifier: MIT */
/* sql: the store's connection: cached statements, binding, transactions, errors in plain words. */
#ifndef ASSAY_STORE_SQL_H
#define ASSAY_STORE_SQL_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#include "harness/base/err.h"
#include "harness/base/str.h"
#include "harness/store/arena.h"
#include "harness/store/merge_source.h"
#include "harness/store/opened.h"
#include "harness/store/payload.h"
#include "harness/store/series.h"
#include "harness/store/store.h"

enum {
	STORE_STATEMENTS = 256, /* more than there are kinds of them: a test uses all */
	STORE_LOG_PAGES = 4000, /* of the log, after which a commit moves them to the file */
};

struct store_statement {
	const char *sql; /* the literal itself is the key */
	sqlite3_stmt *statement;
};

/* What one merge leaves to the next. */
struct store_folding {
	struct store_ahead *ahead;
	struct store_drain *drain;
	/* temp.merge_series holds all series of this dictionary, while nobody else has written since. */
	bool mapped;
	uint8_t dictionary[32];
	int64_t data_version;
};

struct assay_store {
	sqlite3 *db;
	char *path;
	enum assay_store_mode mode;
	int version; /* user_version of the file */
	int busy_ms;
	bool immutable; /* opened as a file that nobody writes */
	int open_rc;    /* SQLite's answer to the first look at the content */
	struct store_statement statements[STORE_STATEMENTS];
	size_t n_statements;
	struct store_series_cache series;
	struct store_codec codec;
	/* The run that results go to, with what every result repeats of it. */
	int64_t run, run_machine, run_revision;
	unsigned depth; /* of transactions begun inside one another */
	struct store_folding folding;
	struct store_opened opened;
};

/* Columns kind, name, encoding, size, crc, data of an attachment: are its bytes what they were? ASSAY_ESTORE. */
enum assay_code store_check_attachment(sqlite3_stmt *row, struct assay_err *err);

/* Keep an attachment of a run, or (not 0) of one of its results, inside a transaction. */
enum assay_code store_attach(struct assay_store *store, int64_t run, int64_t result,
			     const struct assay_attachment *attachment, struct assay_err *err);
/* Keep what devices did for a result, if it says so, inside a transaction. */
enum assay_code store_add_activities(struct assay_store *store, int64_t run, int64_t result,
				     const struct assay_result *r, struct assay_err *err);

/* `file` as SQLite's URI with these parameters: special bytes escaped. */
void store_uri(struct assay_str *ret, const char *file, const char *parameters);

/*
 * Add the runs of the store at `path` to `store`: all of them and what else it knows, or the one with the id `only`.
 * `source` is what the caller found out about the file.
 */
struct assay_merged;
enum assay_code store_merge_runs(struct assay_store *store, const char *path,
				 const struct store_source *source, int64_t only,
				 struct assay_merged *ret, struct assay_err *err);

/* Of the series in temp.merge_series that are not known: ASSAY_ESTORE names the one whose key is another's. */
enum assay_code store_merge_check_keys(struct assay_store *store, struct assay_err *err);

/*
 * The prepared statement of `sql`, a string literal; kept for the life of the store. NULL on failure.
 * Take it with STORE_QUERY, which resets it at the end of the scope.
 */
sqlite3_stmt *store_query(struct assay_store *store, const char *sql, struct assay_err *err);
void store_query_done(sqlite3_stmt **statement);
#define STORE_QUERY ASSAY_AUTO(store_query_done) sqlite3_stmt

/* Step: *ret_row tells whether a row is there. `doing` completes "cannot ...". */
enum assay_code store_step(struct assay_store *store, sqlite3_stmt *statement, bool *ret_row,
			   const char *doing, struct assay_err *err);
/* Step a statement that yields no rows. */
enum assay_code store_run_once(struct assay_store *store, sqlite3_stmt *statement,
			       const char *doing, struct assay_err *err);
/* Run text that may hold several statements: schema, migrations, pragmas. */
enum assay_code store_script(struct assay_store *store, const char *sql, const char *doing,
			     struct assay_err *err);
/* The first column of the first row of `sql`; 0 when there is no row. Not cached. */
enum assay_code store_number(struct assay_store *store, const char *sql, int64_t *ret,
			     struct assay_err *err);

/*
 * Begin a transaction, or become part of the one that is under way: then all of it ends with the outermost
 * store_end(), which must be told of a failure inside.
 */
enum assay_code store_begin(struct assay_store *store, struct assay_err *err);
/*
 * End a transaction of SQLite's that is still under way, without its changes. Where memory was short that itself may
 * fail: so also before the next one begins.
 */
void store_abandon(struct assay_store *store);
/* Give up the transaction, and those it is inside of. */
void store_rollback(struct assay_store *store);
/* Commit when `code` is ASSAY_OK, else roll back; returns what came of it. */
enum assay_code store_end(struct assay_store *store, enum assay_code code, struct assay_err *err);

/* ASSAY_ESTORE, or ASSAY_ENOMEM, for a SQLite result code: one sentence that says what to do. */
enum assay_code store_failed(struct assay_store *store, int rc, const char *doing,
			     struct assay_err *err);
/* ASSAY_ESTORE unless the store was opened for writing. */
enum assay_code store_writable(struct assay_store *store, struct assay_err *err);

/* Binds one parameter after the other; the first failure sticks. Texts and blobs are borrowed until
 * the statement is reset. */
struct store_binder {
	sqlite3_stmt *statement;
	int at;
	int rc;
};
void store_bind_int(struct store_binder *binder, int64_t value);
void store_bind_real(struct store_binder *binder, double value);     /* NaN becomes NULL */
void store_bind_text(struct store_binder *binder, const char *text); /* NULL stays NULL */
void store_bind_blob(struct store_binder *binder, const void *bytes, size_t size);
void store_bind_null(struct store_binder *binder);

/* Columns. */
double store_column_real(sqlite3_stmt *statement, int column); /* NULL becomes NaN */
/* Never NULL; valid until the next step. */
const char *store_column_text(sqlite3_stmt *statement, int column);
/* Copied to the arena; NULL stays NULL, *ret_failed is set when memory runs out. */
const char *store_column_copy(sqlite3_stmt *statement, int column, struct store_arena *arena,
			      bool *ret_failed);
/* Copies a blob of exactly `size` bytes; false, and zeroes, when it is not one. */
bool store_column_bytes(sqlite3_stmt *statement, int column, void *to, size_t size);

/*
 * The runs of gates: pairs for a verdict, of whatever two sides somebody held against each other, and of
 * old commits while a regression is looked for. They are not how a series went.
 */
#define STORE_GATE_RUNS "(SELECT run FROM run_tag WHERE key = 'gate' AND value IN ('base', 'cand'))"

/* A series' newest points. A test asks SQLite whether the covering index answers it. */
#define STORE_HISTORY_QUERY                                                                         \
	"SELECT r.run, r.started_ns, r.median, r.lo, r.hi, r.status, m.fingerprint, v.sha, v.dirty" \
	" FROM result r JOIN machine m ON m.id = r.machine"                                         \
	" LEFT JOIN revision v ON v.id = r.revision"                                                \
	" WHERE r.series = ? AND r.run NOT IN " STORE_GATE_RUNS                                     \
	" ORDER BY r.started_ns DESC, r.run DESC LIMIT ?"

#endif
