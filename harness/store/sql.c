/* SPDX-License-Identifier: MIT */
/* sql: statements prepared once, bound safely, and SQLite's codes as sentences. */
#include "harness/store/sql.h"

#include <errno.h>
#include <math.h>
#include <string.h>

sqlite3_stmt *store_query(struct assay_store *store, const char *sql, struct assay_err *err)
{
	for (size_t i = 0; i < store->n_statements; i++)
		if (store->statements[i].sql == sql)
			return store->statements[i].statement;
	if (store->n_statements == STORE_STATEMENTS) {
		assay_fail(err, ASSAY_EBUG, "more than %d kinds of SQL statement",
			   STORE_STATEMENTS);
		return NULL;
	}
	struct store_statement *slot = &store->statements[store->n_statements];
	int rc = sqlite3_prepare_v3(store->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &slot->statement,
				    NULL);
	if (rc != SQLITE_OK) {
		store_failed(store, rc, "read", err);
		return NULL;
	}
	slot->sql = sql;
	store->n_statements++;
	return slot->statement;
}

void store_query_done(sqlite3_stmt **statement)
{
	if (!*statement)
		return;
	sqlite3_reset(*statement);
	sqlite3_clear_bindings(*statement); /* they borrow the caller's memory */
}

enum assay_code store_step(struct assay_store *store, sqlite3_stmt *statement, bool *ret_row,
			   const char *doing, struct assay_err *err)
{
	errno = 0;
	int rc = sqlite3_step(statement);
	*ret_row = rc == SQLITE_ROW;
	if (rc == SQLITE_ROW || rc == SQLITE_DONE)
		return ASSAY_OK;
	return store_failed(store, rc, doing, err);
}

enum assay_code store_run_once(struct assay_store *store, sqlite3_stmt *statement,
			       const char *doing, struct assay_err *err)
{
	bool row;
	enum assay_code code = store_step(store, statement, &row, doing, err);
	/* Reset now: an open statement would keep its lock until the end of the caller's scope. */
	sqlite3_reset(statement);
	return code;
}

enum assay_code store_script(struct assay_store *store, const char *sql, const char *doing,
			     struct assay_err *err)
{
	errno = 0;
	int rc = sqlite3_exec(store->db, sql, NULL, NULL, NULL);
	return rc == SQLITE_OK ? ASSAY_OK : store_failed(store, rc, doing, err);
}

enum assay_code store_number(struct assay_store *store, const char *sql, int64_t *ret,
			     struct assay_err *err)
{
	sqlite3_stmt *statement;
	*ret = 0;
	int rc = sqlite3_prepare_v2(store->db, sql, -1, &statement, NULL);
	if (rc != SQLITE_OK)
		return store_failed(store, rc, "read", err);
	rc = sqlite3_step(statement);
	if (rc == SQLITE_ROW)
		*ret = sqlite3_column_int64(statement, 0);
	enum assay_code code = rc == SQLITE_ROW || rc == SQLITE_DONE
				       ? ASSAY_OK
				       : store_failed(store, rc, "read", err);
	sqlite3_finalize(statement);
	return code;
}

/* Some failures (a full disk) have rolled back already. */
void store_abandon(struct assay_store *store)
{
	if (!sqlite3_get_autocommit(store->db))
		sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
}

enum assay_code store_begin(struct assay_store *store, struct assay_err *err)
{
	if (store->depth) {
		store->depth++;
		return ASSAY_OK;
	}
	store_abandon(store);
	/* IMMEDIATE: a transaction that only later asks to write could deadlock with another. */
	STORE_QUERY *begin = store_query(store, "BEGIN IMMEDIATE", err);
	enum assay_code code = begin ? store_run_once(store, begin, "write", err) : ASSAY_ESTORE;
	store->depth = code == ASSAY_OK;
	return code;
}

static enum assay_code commit(struct assay_store *store, struct assay_err *err)
{
	STORE_QUERY *statement = store_query(store, "COMMIT", err);
	return statement ? store_run_once(store, statement, "write", err) : ASSAY_ESTORE;
}

void store_rollback(struct assay_store *store)
{
	store->depth = 0;
	store_abandon(store);
	/* Ids handed out in the transaction are void. */
	store_series_forget(&store->series);
	store->run = 0;
}

enum assay_code store_end(struct assay_store *store, enum assay_code code, struct assay_err *err)
{
	if (store->depth > 1) {
		store->depth--;
		return code;
	}
	if (code == ASSAY_OK)
		code = commit(store, err);
	if (code == ASSAY_OK)
		store->depth = 0;
	else
		store_rollback(store);
	return code;
}

static bool out_of_space(int rc, int system_errno)
{
	return (rc & 0xff) == SQLITE_FULL ||
	       ((rc & 0xff) == SQLITE_IOERR &&
		(system_errno == ENOSPC || system_errno == EFBIG || system_errno == EDQUOT));
}

enum assay_code store_failed(struct assay_store *store, int rc, const char *doing,
			     struct assay_err *err)
{
	const char *path = store->path;
	int system_errno = sqlite3_system_errno(store->db);
	if (!system_errno) /* a failed write to the log is not recorded there */
		system_errno = errno;
	if (out_of_space(rc, system_errno))
		return assay_fail(err, ASSAY_ESTORE,
				  "cannot %s '%s': no space left on its disk (or file size limit "
				  "reached); what was stored before is intact",
				  doing, path);
	switch (rc & 0xff) {
	case SQLITE_NOMEM:
		return assay_fail(err, ASSAY_ENOMEM, "out of memory while using '%s'", path);
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return assay_fail(err, ASSAY_ESTORE,
				  "cannot %s '%s': it stayed locked by another program for %d ms; "
				  "try again when that has finished",
				  doing, path, store->busy_ms);
	case SQLITE_CORRUPT:
		return assay_fail(err, ASSAY_ESTORE,
				  "cannot %s '%s': the file is damaged (%s); take a backup in its "
				  "place, or move it away and start a new one",
				  doing, path, sqlite3_errmsg(store->db));
	case SQLITE_NOTADB:
		return assay_fail(err, ASSAY_ESTORE,
				  "'%s' is not a SQLite database; name another file with --db",
				  path);
	case SQLITE_READONLY:
	case SQLITE_PERM:
		return assay_fail(
			err, ASSAY_ESTORE,
			"cannot %s '%s': the file or its folder is read-only; name another "
			"file with --db",
			doing, path);
	case SQLITE_IOERR:
	case SQLITE_CANTOPEN:
		return assay_fail(err, ASSAY_ESTORE, "cannot %s '%s': %s", doing, path,
				  system_errno ? strerror(system_errno)
					       : sqlite3_errmsg(store->db));
	default:
		return assay_fail(err, ASSAY_ESTORE, "cannot %s '%s': %s", doing, path,
				  sqlite3_errmsg(store->db));
	}
}

enum assay_code store_writable(struct assay_store *store, struct assay_err *err)
{
	if (store->mode == ASSAY_STORE_WRITE)
		return ASSAY_OK;
	return assay_fail(err, ASSAY_ESTORE, "'%s' was opened for reading only", store->path);
}

static void bound(struct store_binder *binder, int rc)
{
	if (binder->rc == SQLITE_OK)
		binder->rc = rc;
}

void store_bind_int(struct store_binder *binder, int64_t value)
{
	bound(binder, sqlite3_bind_int64(binder->statement, ++binder->at, value));
}

void store_bind_real(struct store_binder *binder, double value)
{
	bound(binder, sqlite3_bind_double(binder->statement, ++binder->at, value));
}

void store_bind_text(struct store_binder *binder, const char *text)
{
	bound(binder, sqlite3_bind_text(binder->statement, ++binder->at, text, -1, SQLITE_STATIC));
}

void store_bind_blob(struct store_binder *binder, const void *bytes, size_t size)
{
	/* A NULL pointer would be stored as NULL, not as the empty blob. */
	bound(binder, sqlite3_bind_blob64(binder->statement, ++binder->at, size ? bytes : "", size,
					  SQLITE_STATIC));
}

void store_bind_null(struct store_binder *binder)
{
	bound(binder, sqlite3_bind_null(binder->statement, ++binder->at));
}

double store_column_real(sqlite3_stmt *statement, int column)
{
	if (sqlite3_column_type(statement, column) == SQLITE_NULL)
		return NAN;
	return sqlite3_column_double(statement, column);
}

const char *store_column_text(sqlite3_stmt *statement, int column)
{
	const char *text = (const char *)sqlite3_column_text(statement, column);
	return text ? text : "";
}

const char *store_column_copy(sqlite3_stmt *statement, int column, struct store_arena *arena,
			      bool *ret_failed)
{
	if (sqlite3_column_type(statement, column) == SQLITE_NULL)
		return NULL;
	const void *text = sqlite3_column_text(statement, column);
	char *copy = text ? store_arena_text(arena, text,
					     (size_t)sqlite3_column_bytes(statement, column))
			  : NULL;
	if (!copy)
		*ret_failed = true;
	return copy;
}

bool store_column_bytes(sqlite3_stmt *statement, int column, void *to, size_t size)
{
	const void *blob = sqlite3_column_blob(statement, column);
	bool fits = blob && (size_t)sqlite3_column_bytes(statement, column) == size;
	if (fits)
		memcpy(to, blob, size);
	else
		memset(to, 0, size);
	return fits;
}
