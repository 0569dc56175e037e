/* SPDX-License-Identifier: MIT */
/* migrate: versions of the schema, each step in one transaction, a backup before the first. */
#include "harness/store/migrate.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/store/filesystem.h"
#include "harness/store/sql.h"

const struct store_schema store_schema_current = {
	.version = 1,
	.create = store_schema_sql,
};

static enum assay_code set_pragma(struct assay_store *store, const char *name, int value,
				  struct assay_err *err)
{
	char sql[64]; /* pragmas take no bound parameters; the value is a number of ours */
	snprintf(sql, sizeof(sql), "PRAGMA %s = %d", name, value);
	return store_script(store, sql, "write", err);
}

static enum assay_code read_version(struct assay_store *store, struct assay_err *err)
{
	int64_t version;
	enum assay_code code = store_number(store, "PRAGMA user_version", &version, err);
	if (code == ASSAY_OK)
		store->version = (int)version;
	return code;
}

static enum assay_code create_inside(struct assay_store *store, const struct store_schema *schema,
				     struct assay_err *err)
{
	int64_t tables;
	enum assay_code code =
		store_number(store, "SELECT count(*) FROM sqlite_schema", &tables, err);
	if (code != ASSAY_OK || tables > 0) /* another process was faster */
		return code;
	code = store_script(store, schema->create, "create", err);
	if (code == ASSAY_OK)
		code = set_pragma(store, "application_id", STORE_APPLICATION_ID, err);
	return code == ASSAY_OK ? set_pragma(store, "user_version", schema->version, err) : code;
}

enum assay_code store_create(struct assay_store *store, const struct store_schema *schema,
			     struct assay_err *err)
{
	/* Lets gc give space back; only possible before the first table. */
	enum assay_code code =
		store_script(store, "PRAGMA auto_vacuum = INCREMENTAL", "create", err);
	if (code == ASSAY_OK)
		code = store_begin(store, err);
	if (code != ASSAY_OK)
		return code;
	code = store_end(store, create_inside(store, schema, err), err);
	return code == ASSAY_OK ? read_version(store, err) : code;
}

/* Content on disk before the name is: the directory entry must not outlive a torn file. */
static enum assay_code sync_file(const char *path, struct assay_err *err)
{
	ASSAY_AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fsync(fd) != 0)
		return assay_fail(err, ASSAY_ESTORE, "cannot write '%s': %s", path,
				  strerror(errno));
	return ASSAY_OK;
}

static enum assay_code vacuum_into(struct assay_store *store, const char *to, struct assay_err *err)
{
	STORE_QUERY *copy = store_query(store, "VACUUM INTO ?", err);
	if (!copy)
		return ASSAY_ESTORE;
	struct store_binder b = {copy};
	store_bind_text(&b, to);
	enum assay_code code = store_run_once(store, copy, "copy", err);
	if (code != ASSAY_OK)
		return assay_context(err, code, "backup to '%s'", to);
	return sync_file(to, err);
}

enum assay_code store_copy(struct assay_store *store, const char *to, bool replace,
			   struct assay_err *err)
{
	ASSAY_AUTO_FREE char *partial = NULL;
	if (asprintf(&partial, "%s.partial-%ld", to, (long)getpid()) < 0) {
		partial = NULL;
		return assay_fail(err, ASSAY_ENOMEM, "out of memory");
	}
	if (!replace && access(to, F_OK) == 0)
		return assay_fail(err, ASSAY_ESTORE, "'%s' exists; name a new file for the backup",
				  to);
	unlink(partial); /* left by a process of the same number that died here */
	enum assay_code code = vacuum_into(store, partial, err);
	if (code == ASSAY_OK) {
		int rc = replace ? rename(partial, to) : store_take_name(partial, to);
		if (rc != 0)
			code = assay_fail(err, ASSAY_ESTORE, "cannot write '%s': %s", to,
					  strerror(errno));
	}
	unlink(partial);
	if (code == ASSAY_OK)
		store_sync_folder(to);
	return code;
}

static enum assay_code migrate_step(struct assay_store *store, const struct store_migration *step,
				    struct assay_err *err)
{
	enum assay_code code = read_version(store, err);
	if (code != ASSAY_OK || store->version >= step->to) /* another process was faster */
		return code;
	code = store_script(store, step->sql, "migrate", err);
	int64_t broken = 0;
	if (code == ASSAY_OK)
		code = store_number(store, "SELECT count(*) FROM pragma_foreign_key_check", &broken,
				    err);
	if (code == ASSAY_OK && broken)
		code = assay_fail(
			err, ASSAY_ESTORE,
			"cannot migrate '%s' to schema %d: %lld rows would lose what they "
			"refer to; the file is unchanged",
			store->path, step->to, (long long)broken);
	return code == ASSAY_OK ? set_pragma(store, "user_version", step->to, err) : code;
}

static enum assay_code run_steps(struct assay_store *store, const struct store_schema *schema,
				 struct assay_err *err)
{
	for (size_t i = 0; i < schema->n_migrations; i++) {
		const struct store_migration *step = &schema->migrations[i];
		if (step->to <= store->version)
			continue;
		enum assay_code code = store_begin(store, err);
		if (code == ASSAY_OK)
			code = store_end(store, migrate_step(store, step, err), err);
		if (code != ASSAY_OK)
			return assay_context(err, code, "schema %d to %d", step->to - 1, step->to);
	}
	return read_version(store, err);
}

enum assay_code store_migrate(struct assay_store *store, const struct store_schema *schema,
			      struct assay_err *err)
{
	ASSAY_AUTO_FREE char *backup = NULL;
	if (asprintf(&backup, "%s.pre-v%d", store->path, schema->version) < 0) {
		backup = NULL;
		return assay_fail(err, ASSAY_ENOMEM, "out of memory");
	}
	enum assay_code code = store_copy(store, backup, true, err);
	if (code != ASSAY_OK)
		return code;
	/* Rebuilding a table drops the old one, which must not cascade; the steps check at the end. */
	code = store_script(store, "PRAGMA foreign_keys = OFF", "migrate", err);
	if (code != ASSAY_OK)
		return code;
	code = run_steps(store, schema, err);
	struct assay_err *second = code == ASSAY_OK ? err : NULL;
	enum assay_code restored =
		store_script(store, "PRAGMA foreign_keys = ON", "migrate", second);
	return code == ASSAY_OK ? restored : code;
}

/* The statement of schema.sql that makes the index, for free(). */
static char *history_index(void)
{
	const char *from = strstr(store_schema_sql, "CREATE INDEX result_history");
	const char *end = from ? strchr(from, ';') : NULL;
	return end ? strndup(from, (size_t)(end - from)) : NULL;
}

enum assay_code store_restore_index(struct assay_store *store, struct assay_err *err)
{
	int64_t present;
	enum assay_code code = store_number(
		store, "SELECT count(*) FROM sqlite_schema WHERE name = 'result_history'", &present,
		err);
	if (code != ASSAY_OK || present)
		return code;
	ASSAY_AUTO_FREE char *sql = history_index();
	if (!sql)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory");
	return store_script(store, sql, "index", err);
}
