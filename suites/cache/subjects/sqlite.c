/* SPDX-License-Identifier: MIT */
/*
 * sqlite: a table of integer keys and blobs in SQLite, write-ahead log, synchronous=OFF: with
 * NORMAL it waits for the disk at each checkpoint, which nobody else here does. A transaction is always open, sync
 * commits it and begins the next; the statements are prepared once.
 */
#include <stdio.h>
#include <stdlib.h>

#include "suites/cache/peer.h"
#include "suites/cache/store.h"

/* Of sqlite3.h, whose interface is stable for all of version 3. */
struct sqlite3;
struct sqlite3_stmt;
enum { SQLITE_OK = 0, SQLITE_ROW = 100, SQLITE_DONE = 101 };
static struct {
	int (*open)(const char *path, struct sqlite3 **db);
	int (*close)(struct sqlite3 *db);
	int (*exec)(struct sqlite3 *db, const char *sql, void *callback, void *context,
		    char **error);
	int (*prepare)(struct sqlite3 *db, const char *sql, int n, struct sqlite3_stmt **stmt,
		       const char **tail);
	int (*bind_int64)(struct sqlite3_stmt *stmt, int index, long long value);
	int (*bind_blob)(struct sqlite3_stmt *stmt, int index, const void *bytes, int n,
			 void (*destructor)(void *));
	int (*step)(struct sqlite3_stmt *stmt);
	int (*reset)(struct sqlite3_stmt *stmt);
	int (*finalize)(struct sqlite3_stmt *stmt);
	const void *(*column_blob)(struct sqlite3_stmt *stmt, int column);
	int (*column_bytes)(struct sqlite3_stmt *stmt, int column);
	const char *(*errmsg)(struct sqlite3 *db);
} sq;

static enum assay_code probe(struct assay_err *err)
{
	const struct peer_symbol symbols[] = {
		{"sqlite3_open", &sq.open},
		{"sqlite3_close", &sq.close},
		{"sqlite3_exec", &sq.exec},
		{"sqlite3_prepare_v2", &sq.prepare},
		{"sqlite3_bind_int64", &sq.bind_int64},
		{"sqlite3_bind_blob", &sq.bind_blob},
		{"sqlite3_step", &sq.step},
		{"sqlite3_reset", &sq.reset},
		{"sqlite3_finalize", &sq.finalize},
		{"sqlite3_column_blob", &sq.column_blob},
		{"sqlite3_column_bytes", &sq.column_bytes},
		{"sqlite3_errmsg", &sq.errmsg},
		{NULL, NULL},
	};
	return peer_open("libsqlite3.so.0", "libsqlite3-0", symbols, err);
}

struct kv_store {
	struct sqlite3 *db;
	struct sqlite3_stmt *select, *insert;
	size_t value_bytes;
};

static enum assay_code failed(const struct kv_store *s, const char *what, struct assay_err *err)
{
	return assay_fail(err, ASSAY_EIO, "sqlite: %s: %s", what,
			  s->db ? sq.errmsg(s->db) : "out of memory");
}

static enum assay_code exec(struct kv_store *s, const char *sql, struct assay_err *err)
{
	return sq.exec(s->db, sql, NULL, NULL, NULL) == SQLITE_OK ? ASSAY_OK : failed(s, sql, err);
}

static void sqlite_close(struct kv_store *s)
{
	if (!s)
		return;
	if (s->select)
		sq.finalize(s->select);
	if (s->insert)
		sq.finalize(s->insert);
	if (s->db)
		sq.close(s->db);
	free(s);
}

static enum assay_code prepare(struct kv_store *s, struct assay_err *err)
{
	if (sq.prepare(s->db, "SELECT v FROM kv WHERE k = ?", -1, &s->select, NULL) != SQLITE_OK ||
	    sq.prepare(s->db, "INSERT OR REPLACE INTO kv VALUES (?, ?)", -1, &s->insert, NULL) !=
		    SQLITE_OK)
		return failed(s, "prepare", err);
	return ASSAY_OK;
}

static enum assay_code sqlite_open(const struct store_config *config, struct kv_store **ret,
				   struct assay_err *err)
{
	char path[FOLDER_BYTES + 8];
	snprintf(path, sizeof(path), "%s/db", config->folder);
	struct kv_store *s = calloc(1, sizeof(*s));
	if (!s)
		return assay_fail(err, ASSAY_ENOMEM, "sqlite: out of memory");
	s->value_bytes = config->value_bytes;
	enum assay_code rc = sq.open(path, &s->db) == SQLITE_OK ? ASSAY_OK : failed(s, path, err);
	if (rc == ASSAY_OK)
		rc = exec(s,
			  "PRAGMA synchronous=OFF; PRAGMA journal_mode=WAL;"
			  "PRAGMA mmap_size=1073741824; PRAGMA cache_size=-65536;"
			  "CREATE TABLE IF NOT EXISTS kv (k INTEGER PRIMARY KEY, v BLOB); BEGIN",
			  err);
	if (rc == ASSAY_OK)
		rc = prepare(s, err);
	if (rc != ASSAY_OK)
		sqlite_close(s);
	else
		*ret = s;
	return rc;
}

static enum assay_code sqlite_get(struct kv_store *s, uint64_t key, void *value,
				  struct assay_err *err)
{
	sq.bind_int64(s->select, 1, (long long)key);
	int step = sq.step(s->select);
	enum assay_code rc = ASSAY_OK;
	if (step == SQLITE_DONE)
		rc = ASSAY_SKIP;
	else if (step != SQLITE_ROW)
		rc = failed(s, "select", err);
	else if ((size_t)sq.column_bytes(s->select, 0) != s->value_bytes)
		rc = assay_fail(err, ASSAY_ECHECK, "sqlite: a value of %d bytes",
				sq.column_bytes(s->select, 0));
	else
		memcpy(value, sq.column_blob(s->select, 0), s->value_bytes);
	sq.reset(s->select);
	return rc;
}

static enum assay_code sqlite_put(struct kv_store *s, uint64_t key, const void *value,
				  struct assay_err *err)
{
	sq.bind_int64(s->insert, 1, (long long)key);
	sq.bind_blob(s->insert, 2, value, (int)s->value_bytes, NULL);
	int step = sq.step(s->insert);
	enum assay_code rc = step == SQLITE_DONE ? ASSAY_OK : failed(s, "insert", err);
	sq.reset(s->insert);
	return rc;
}

static enum assay_code sqlite_sync(struct kv_store *s, struct assay_err *err)
{
	return exec(s, "COMMIT; BEGIN", err);
}

static const struct store_ops ops = {
	.open = sqlite_open,
	.get = sqlite_get,
	.put = sqlite_put,
	.sync = sqlite_sync,
	.close = sqlite_close,
};

const struct assay_subject assay_subject_cache_sqlite = {
	.interface = STORE_INTERFACE,
	.brief = "SQLite, integer key and blob, WAL, synchronous=OFF",
	.ops = &ops,
	.probe = probe,
};
