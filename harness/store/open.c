/* SPDX-License-Identifier: MIT */
/* open: look before touching, then open with as little trust as the use allows. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/base/str.h"
#include "harness/store/drain.h"
#include "harness/store/filesystem.h"
#include "harness/store/migrate.h"
#include "harness/store/sql.h"
#include "harness/store/unborn.h"

enum { BUSY_MS = 10000 };
/* The longest text or blob that is read: bounds what a hostile file can make us allocate. */
enum { MOST_BYTES = 700 * 1000 * 1000, MOST_COLUMNS = 200, MOST_SQL_BYTES = 100 * 1000 };

enum { HEADER_BYTES = 100, HEADER_USER_VERSION = 60, HEADER_APPLICATION_ID = 68 };

static uint32_t big_endian(const uint8_t *from)
{
	return (uint32_t)from[0] << 24 | (uint32_t)from[1] << 16 | (uint32_t)from[2] << 8 | from[3];
}

/* Is there something in the file beside `path`? SQLite leaves empty ones behind that mean nothing. */
static bool sibling_filled(const char *path, const char *suffix)
{
	struct stat st;
	ASSAY_AUTO_FREE char *name = NULL;
	if (asprintf(&name, "%s%s", path, suffix) < 0) {
		name = NULL;
		return true; /* out of memory: the careful answer */
	}
	return stat(name, &st) == 0 && st.st_size > 0;
}

/* The folder of a file that is about to be made. */
static enum assay_code check_folder(const char *path, struct assay_err *err)
{
	ASSAY_AUTO_FREE char *folder = strdup(path);
	if (!folder)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory");
	char *slash = strrchr(folder, '/');
	if (slash)
		slash[slash == folder] = '\0';
	const char *name = slash ? folder : ".";
	struct stat st;
	if (stat(name, &st) != 0)
		return assay_fail(err, ASSAY_ESTORE, "cannot create '%s': folder '%s': %s", path,
				  name, strerror(errno));
	if (!S_ISDIR(st.st_mode))
		return assay_fail(err, ASSAY_ESTORE, "cannot create '%s': '%s' is not a folder",
				  path, name);
	if (access(name, W_OK | X_OK) != 0)
		return assay_fail(err, ASSAY_ESTORE,
				  "cannot write '%s': folder '%s' is read-only (%s); name another "
				  "file with --db",
				  path, name, strerror(errno));
	return ASSAY_OK;
}

static enum assay_code foreign(const char *path, struct assay_err *err)
{
	return assay_fail(
		err, ASSAY_ESTORE,
		"'%s' is a database of another program, not a store of assay; name another "
		"file with --db",
		path);
}

static enum assay_code newer(const char *path, int version, int mine, struct assay_err *err)
{
	return assay_fail(
		err, ASSAY_ESTORE,
		"'%s' has schema %d, newer than the %d this program writes: it can be read "
		"but not written; use a newer assay or another file with --db",
		path, version, mine);
}

/* Judge the file by its first bytes, so that what is not ours is never opened as a database. */
static enum assay_code check_header(const char *path, enum assay_store_mode mode,
				    const struct store_schema *schema, struct assay_err *err)
{
	/* Another process may be creating the file right now: its journal is there before or after. */
	bool unfinished = sibling_filled(path, "-journal");
	uint8_t header[HEADER_BYTES] = {0};
	ASSAY_AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return assay_fail(err, ASSAY_ESTORE, "cannot open '%s': %s", path, strerror(errno));
	ssize_t n = read(fd, header, sizeof(header));
	if (n < 0)
		return assay_fail(err, ASSAY_ESTORE, "cannot read '%s': %s", path, strerror(errno));
	if (n < HEADER_BYTES || memcmp(header, "SQLite format 3", 16) != 0)
		return assay_fail(err, ASSAY_ESTORE,
				  "'%s' is not a SQLite database; name another file with --db",
				  path);
	if (unfinished || sibling_filled(path, "-journal"))
		return ASSAY_OK; /* perhaps half-written: asked again once SQLite has recovered it */
	if (big_endian(header + HEADER_APPLICATION_ID) != STORE_APPLICATION_ID)
		return foreign(path, err);
	int version = (int)big_endian(header + HEADER_USER_VERSION);
	if (mode == ASSAY_STORE_WRITE && version > schema->version)
		return newer(path, version, schema->version, err);
	return ASSAY_OK;
}

static enum assay_code check_file(const char *path, enum assay_store_mode mode,
				  const struct store_schema *schema, struct assay_err *err)
{
	struct stat st;
	if (stat(path, &st) != 0) {
		if (errno != ENOENT)
			return assay_fail(err, ASSAY_ESTORE, "cannot open '%s': %s", path,
					  strerror(errno));
		if (mode == ASSAY_STORE_WRITE)
			return check_folder(path, err);
		return assay_fail(
			err, ASSAY_ESTORE,
			"there is no store '%s': 'assay run' makes one, --db names another", path);
	}
	if (!S_ISREG(st.st_mode))
		return assay_fail(err, ASSAY_ESTORE, "'%s' is not a regular file", path);
	if (st.st_size == 0 && mode == ASSAY_STORE_READ)
		return assay_fail(err, ASSAY_ESTORE, "'%s' is empty: nothing was stored in it yet",
				  path);
	if (st.st_size > 0 && !store_opened_has(&st)) { /* one that we have open was looked at */
		enum assay_code code = check_header(path, mode, schema, err);
		if (code != ASSAY_OK)
			return code;
	}
	if (mode == ASSAY_STORE_WRITE && access(path, W_OK) != 0)
		return assay_fail(err, ASSAY_ESTORE, "cannot write '%s': %s", path,
				  strerror(errno));
	return mode == ASSAY_STORE_WRITE ? check_folder(path, err) : ASSAY_OK;
}

/* A URI, because only a URI can say "immutable"; hence every special byte is escaped. */
void store_uri(struct assay_str *ret, const char *file, const char *parameters)
{
	assay_str_add(ret, "file:");
	for (const char *c = file; *c; c++) {
		bool plain = (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') ||
			     (*c >= '0' && *c <= '9') || strchr("/._-~", *c);
		assay_str_add(ret, plain ? "%c" : "%%%02X", (unsigned char)*c);
	}
	assay_str_add(ret, "?%s", parameters);
}

static enum assay_code open_uri(struct assay_store *store, const char *file, const char *parameters,
				struct assay_err *err)
{
	ASSAY_AUTO(assay_str_done) struct assay_str uri = {0};
	store_uri(&uri, file, parameters);
	if (uri.failed)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory");
	int flags = SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE |
		    (store->mode == ASSAY_STORE_WRITE ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
						      : SQLITE_OPEN_READONLY);
	int rc = sqlite3_open_v2(assay_str_text(&uri), &store->db, flags, NULL);
	if (!store->db)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory");
	return rc == SQLITE_OK ? ASSAY_OK : store_failed(store, rc, "open", err);
}

static enum assay_code connect(struct assay_store *store, const char *file, const char *parameters,
			       struct assay_err *err)
{
	enum assay_code code = open_uri(store, file, parameters, err);
	if (code != ASSAY_OK)
		return code;
	sqlite3_busy_timeout(store->db, store->busy_ms);
	sqlite3_limit(store->db, SQLITE_LIMIT_LENGTH, MOST_BYTES);
	sqlite3_limit(store->db, SQLITE_LIMIT_COLUMN, MOST_COLUMNS);
	sqlite3_limit(store->db, SQLITE_LIMIT_SQL_LENGTH, MOST_SQL_BYTES);
	sqlite3_limit(store->db, SQLITE_LIMIT_ATTACHED, 1);
	sqlite3_db_config(store->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(store->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	sqlite3_db_config(store->db, SQLITE_DBCONFIG_ENABLE_FKEY, 1, NULL);
	return store_script(store, "PRAGMA cell_size_check = ON", "open", err);
}

/* What the content says of itself. */
struct identity {
	int64_t application, version, tables;
	char alien[100]; /* a part that no store has, empty: none */
};

/*
 * A trigger would run its SQL when we write, a view or a virtual table when we read. No store has one, so
 * that a file which has was made or changed by somebody else.
 */
static enum assay_code find_alien(struct assay_store *store, struct identity *ret,
				  struct assay_err *err)
{
	bool row;
	STORE_QUERY *query = store_query(store,
					 "SELECT type || ' ' || name FROM sqlite_schema"
					 " WHERE type NOT IN ('table', 'index')"
					 " OR (type = 'table' AND rootpage = 0) LIMIT 1",
					 err);
	if (!query)
		return ASSAY_ESTORE;
	enum assay_code code = store_step(store, query, &row, "read", err);
	if (code == ASSAY_OK && row)
		assay_sanitise(ret->alien, sizeof(ret->alien), store_column_text(query, 0));
	return code;
}

static enum assay_code refuse_alien(const char *path, const struct identity *identity,
				    struct assay_err *err)
{
	if (!identity->alien[0])
		return ASSAY_OK;
	return assay_fail(err, ASSAY_ESTORE,
			  "'%.150s' holds the %s, which is not of assay and would run SQL of its "
			  "own: drop it, or name another file",
			  path, identity->alien);
}

static enum assay_code read_identity(struct assay_store *store, struct identity *ret,
				     struct assay_err *err)
{
	enum assay_code code = store_number(store, "PRAGMA user_version", &ret->version, err);
	if (code == ASSAY_OK)
		code = store_number(store, "PRAGMA application_id", &ret->application, err);
	if (code == ASSAY_OK) /* parses the schema: finds a truncated or damaged file */
		code = store_number(store, "SELECT count(*) FROM sqlite_schema", &ret->tables, err);
	if (code == ASSAY_OK && ret->application == STORE_APPLICATION_ID)
		code = find_alien(store, ret, err);
	return code;
}

/* In one transaction: between two reads another process might create the schema. */
static enum assay_code identify(struct assay_store *store, struct identity *ret,
				struct assay_err *err)
{
	*ret = (struct identity){0};
	enum assay_code code = store_script(store, "BEGIN", "read", err);
	if (code != ASSAY_OK)
		return code;
	code = read_identity(store, ret, err);
	int rc = sqlite3_errcode(store->db);
	store_abandon(store);
	store->version = (int)ret->version;
	store->open_rc = code == ASSAY_OK ? SQLITE_OK : rc;
	return code;
}

static enum assay_code open_for_reading(struct assay_store *store, struct assay_err *err)
{
	struct identity identity = {0};
	enum assay_code code = connect(store, store->path, "mode=ro", err);
	if (code == ASSAY_OK)
		code = identify(store, &identity, err);
	int rc = store->open_rc & 0xff;
	if (code != ASSAY_OK && (rc == SQLITE_READONLY || rc == SQLITE_CANTOPEN) &&
	    !sibling_filled(store->path, "-wal")) {
		/* A WAL file in a folder where its side files cannot be made. Nobody writes it now. */
		sqlite3_close(store->db);
		store->db = NULL;
		store->immutable = true;
		code = connect(store, store->path, "mode=ro&immutable=1", err);
		if (code == ASSAY_OK)
			code = identify(store, &identity, err);
	}
	if (code != ASSAY_OK)
		return code;
	if (identity.application != STORE_APPLICATION_ID)
		return foreign(store->path, err);
	if (store->version < 1)
		return assay_fail(err, ASSAY_ESTORE,
				  "'%s' has no schema: it is damaged, or was never finished",
				  store->path);
	return refuse_alien(store->path, &identity, err);
}

/*
 * Write-ahead log where it is safe: readers and a writer at once, and one fsync less per result. Its content
 * goes to the file every 16 MB, not every 4: that costs two waits for the disk, as long as tens of results.
 * While others have the file open its mode cannot be changed; then it stays, with the care that it needs.
 */
static enum assay_code set_journal(struct assay_store *store, const char *file,
				   struct assay_err *err)
{
	char mode[16] = "";
	STORE_QUERY *change = store_query(store,
					  store_path_local(file) ? "PRAGMA journal_mode = WAL"
								 : "PRAGMA journal_mode = DELETE",
					  err);
	if (!change)
		return ASSAY_ESTORE;
	int rc = sqlite3_step(change);
	if (rc == SQLITE_ROW)
		assay_copy(mode, sizeof(mode), store_column_text(change, 0));
	else if ((rc & 0xff) != SQLITE_BUSY)
		return store_failed(store, rc, "open", err);
	sqlite3_reset(change);
	sqlite3_wal_autocheckpoint(store->db, STORE_LOG_PAGES);
	return store_script(
		store,
		strcmp(mode, "wal") == 0
			? "PRAGMA synchronous = NORMAL"
			: "PRAGMA synchronous = EXTRA", /* that a journal is gone must last, too */
		"open", err);
}

static enum assay_code open_for_writing(struct assay_store *store, const char *file,
					const struct store_schema *schema, struct assay_err *err)
{
	struct identity identity;
	enum assay_code code = connect(store, file, "mode=rwc", err);
	if (code == ASSAY_OK)
		code = identify(store, &identity, err);
	if (code != ASSAY_OK)
		return code;
	bool empty = !identity.tables && !identity.application && !identity.version;
	if (!empty && identity.application != STORE_APPLICATION_ID)
		return foreign(store->path, err);
	if (store->version > schema->version)
		return newer(store->path, store->version, schema->version, err);
	code = refuse_alien(store->path, &identity, err);
	if (code != ASSAY_OK)
		return code;
	if (empty)
		code = store_create(store, schema, err);
	else if (store->version < schema->version)
		code = store_migrate(store, schema, err);
	if (code == ASSAY_OK)
		code = set_journal(store, file, err);
	return code == ASSAY_OK && store->version == store_schema_current.version
		       ? store_restore_index(store, err)
		       : code;
}

static enum assay_code store_new(const char *path, enum assay_store_mode mode, int busy_ms,
				 struct assay_store **ret, struct assay_err *err)
{
	struct assay_store *store = calloc(1, sizeof(*store));
	if (!store || !(store->path = strdup(path))) {
		free(store);
		return assay_fail(err, ASSAY_ENOMEM, "out of memory");
	}
	store->mode = mode;
	store->busy_ms = busy_ms;
	*ret = store;
	return ASSAY_OK;
}

/*
 * Make a new store under another name and give it its own in one step: nobody ever sees half of one,
 * and of several processes that try, one succeeds and the others use its file.
 */
static enum assay_code create_file(const char *path, const struct store_schema *schema, int busy_ms,
				   struct assay_err *err)
{
	struct assay_store *store = NULL;
	struct store_unborn unborn;
	enum assay_code code = store_unborn_make(path, &unborn, err);
	if (code != ASSAY_OK)
		return code;
	code = store_new(path, ASSAY_STORE_WRITE, busy_ms, &store, err);
	if (code == ASSAY_OK)
		code = open_for_writing(store, unborn.name, schema, err);
	assay_store_close(store);
	if (code == ASSAY_OK && store_take_name(unborn.name, path) != 0 && errno != EEXIST)
		code = assay_fail(err, ASSAY_ESTORE, "cannot create '%s': %s", path,
				  strerror(errno));
	store_unborn_drop(&unborn);
	return code;
}

enum assay_code store_open(const char *path, enum assay_store_mode mode,
			   const struct store_schema *schema, int busy_ms, struct assay_store **ret,
			   struct assay_err *err)
{
	struct assay_store *store = NULL;
	if (mode == ASSAY_STORE_WRITE)
		store_unborn_sweep(path);
	enum assay_code code = check_file(path, mode, schema, err);
	if (code == ASSAY_OK && mode == ASSAY_STORE_WRITE && access(path, F_OK) != 0)
		code = create_file(path, schema, busy_ms, err);
	if (code == ASSAY_OK)
		code = store_new(path, mode, busy_ms, &store, err);
	if (code != ASSAY_OK)
		return code;
	store_opened_enter(&store->opened, path);
	code = mode == ASSAY_STORE_READ ? open_for_reading(store, err)
					: open_for_writing(store, path, schema, err);
	if (code != ASSAY_OK) {
		assay_store_close(store);
		return code;
	}
	*ret = store;
	return ASSAY_OK;
}

enum assay_code assay_store_open(const char *path, enum assay_store_mode mode,
				 struct assay_store **ret, struct assay_err *err)
{
	return store_open(path, mode, &store_schema_current, BUSY_MS, ret, err);
}

void assay_store_close(struct assay_store *store)
{
	if (!store)
		return;
	store_ahead_free(store->folding.ahead);
	store_drain_free(store->folding.drain);
	for (size_t i = 0; i < store->n_statements; i++)
		sqlite3_finalize(store->statements[i].statement);
	sqlite3_close(store->db);
	store_opened_leave(&store->opened);
	store_series_cache_done(&store->series);
	store_codec_done(&store->codec);
	free(store->path);
	free(store);
}
