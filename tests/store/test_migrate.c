/* SPDX-License-Identifier: MIT */
/* Migrations: the mechanism with made-up steps, and a frozen file of every version so far. */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/store/migrate.h"
#include "harness/store/sql.h"
#include "tests/store/fixture.h"
#include "tests/store/frozen.h"
#include "tests/t.h"

static const struct store_migration good_steps[] = {
	{2, "ALTER TABLE run ADD COLUMN cluster TEXT"},
	{3,
	 "CREATE TABLE site (id INTEGER PRIMARY KEY, name TEXT NOT NULL) STRICT;"
	 "INSERT INTO site (name) SELECT DISTINCT name FROM machine"},
};
/* The second statement of the second step fails: a step is all or nothing. */
static const struct store_migration bad_steps[] = {
	{2, "ALTER TABLE run ADD COLUMN cluster TEXT"},
	{3, "CREATE TABLE site (id INTEGER PRIMARY KEY) STRICT; INSERT INTO nowhere VALUES (1)"},
};
static const struct store_migration orphaning_steps[] = {
	{2, "DELETE FROM benchmark"},
};
static const struct store_schema good = {3, store_schema_sql, good_steps, 2};
static const struct store_schema bad = {3, store_schema_sql, bad_steps, 2};
static const struct store_schema orphaning = {2, store_schema_sql, orphaning_steps, 1};

/* The frozen file of schema 1, as a database. */
static void thaw(const char *path)
{
	sqlite3 *db;
	char *message = NULL;
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	if (sqlite3_exec(db, frozen_v1, NULL, NULL, &message) != SQLITE_OK)
		fail_msg("v1.sql: %s", message);
	sqlite3_close(db);
}

static int64_t number(struct assay_store *store, const char *sql)
{
	struct assay_err err = {0};
	int64_t value;
	assert_ok(store_number(store, sql, &value, &err));
	return value;
}

static void backup_path(const struct folder *folder, int version, char *path, size_t size)
{
	snprintf(path, size, "%s.pre-v%d", folder->db, version);
}

static void steps_bring_an_old_file_up(void **state)
{
	struct folder *folder = *state;
	struct assay_err err = {0};
	struct assay_store *store;
	char backup[128];
	thaw(folder->db);
	assert_ok(store_open(folder->db, ASSAY_STORE_WRITE, &good, 1000, &store, &err));
	assert_int_equal(store->version, 3);
	assert_int_equal(number(store, "PRAGMA user_version"), 3);
	assert_int_equal(number(store, "SELECT count(*) FROM site"), 1);
	assert_int_equal(number(store, "SELECT count(cluster) FROM run"), 0);
	assert_int_equal(number(store, "PRAGMA foreign_keys"), 1);
	assay_store_close(store);
	/* The backup is the file as it was, and whole. */
	struct assay_store_report report;
	backup_path(folder, 3, backup, sizeof(backup));
	assert_ok(assay_store_check(backup, &report, &err));
	assert_string_equal(report.problem, "");
	assert_int_equal(report.schema_version, 1);
	assert_int_equal(report.results, 1);
	/* Opening again migrates nothing and backs nothing up. */
	assert_int_equal(unlink(backup), 0);
	assert_ok(store_open(folder->db, ASSAY_STORE_WRITE, &good, 1000, &store, &err));
	assay_store_close(store);
	assert_int_equal(access(backup, F_OK), -1);
}

static void a_failing_step_leaves_the_last_good_version(void **state)
{
	struct folder *folder = *state;
	struct assay_err err = {0};
	struct assay_store *store;
	char backup[128];
	thaw(folder->db);
	assert_fails(store_open(folder->db, ASSAY_STORE_WRITE, &bad, 1000, &store, &err),
		     ASSAY_ESTORE, "schema 2 to 3");
	backup_path(folder, 3, backup, sizeof(backup));
	assert_int_equal(access(backup, F_OK), 0);
	static const struct store_schema two = {2, store_schema_sql, good_steps, 1};
	assert_ok(store_open(folder->db, ASSAY_STORE_WRITE, &two, 1000, &store, &err));
	assert_int_equal(store->version, 2);
	assert_int_equal(number(store, "SELECT count(*) FROM sqlite_schema WHERE name = 'site'"),
			 0);
	assay_store_close(store);
}

static void a_step_that_would_orphan_rows_is_undone(void **state)
{
	struct folder *folder = *state;
	struct assay_err err = {0};
	struct assay_store *store;
	thaw(folder->db);
	assert_fails(store_open(folder->db, ASSAY_STORE_WRITE, &orphaning, 1000, &store, &err),
		     ASSAY_ESTORE, "would lose what they refer to");
	assert_ok(assay_store_open(folder->db, ASSAY_STORE_WRITE, &store, &err));
	assert_int_equal(number(store, "SELECT count(*) FROM benchmark"), 1);
	assay_store_close(store);
}

static void without_a_backup_nothing_is_migrated(void **state)
{
	struct folder *folder = *state;
	struct assay_err err = {0};
	struct assay_store *store;
	char backup[128];
	thaw(folder->db);
	backup_path(folder, 3, backup, sizeof(backup));
	assert_int_equal(mkdir(backup, 0755), 0); /* in the way */
	assert_fails(store_open(folder->db, ASSAY_STORE_WRITE, &good, 1000, &store, &err),
		     ASSAY_ESTORE, "pre-v3");
	assert_ok(assay_store_open(folder->db, ASSAY_STORE_READ, &store, &err));
	assert_int_equal(store->version, 1);
	assay_store_close(store);
}

/* What a program of schema 1 wrote stays readable for good. */
static void the_frozen_file_is_read(void **state)
{
	struct folder *folder = *state;
	struct assay_err err = {0};
	struct assay_store *store;
	struct assay_run_list runs;
	struct assay_result_list results;
	thaw(folder->db);
	assert_ok(assay_store_open(folder->db, ASSAY_STORE_READ, &store, &err));
	assert_ok(assay_store_runs(store, "@last", &runs, &err));
	assert_string_equal(runs.runs[0].machine_name, "frozen");
	assert_string_equal(runs.runs[0].tags[0].value, "v1");
	assert_ok(assay_store_results(store, runs.runs[0].id, NULL,
				      ASSAY_LOAD_SAMPLES | ASSAY_LOAD_COUNTERS, &results, &err));
	const struct assay_result *r = &results.results[0];
	assert_int_equal(results.n, 1);
	assert_string_equal(r->name, "memory/alloc/size:16/subject:pool/threads:1");
	assert_string_equal(r->params[0].value, "16");
	assert_int_equal(r->samples.n, 3);
	assert_close(r->samples.values[2], 13.5, 0);
	assert_int_equal(r->samples.flags[1], 1);
	assert_int_equal(r->samples.launch_end[0], 3);
	assert_close(r->counters[0].value, 42, 0);
	assay_result_list_done(&results);
	assay_run_list_done(&runs);
	assay_store_close(store);
}

/* schema.sql of version 1 may not be edited any more: what it makes must be what the frozen file has. */
static void the_schema_is_the_frozen_one(void **state)
{
	struct folder *folder = *state;
	struct assay_err err = {0};
	struct assay_store *store;
	char other[128], attach[160];
	if (store_schema_current.version != 1)
		skip();
	snprintf(other, sizeof(other), "%s/frozen.db", folder->path);
	snprintf(attach, sizeof(attach), "ATTACH '%s' AS frozen", other);
	thaw(other);
	assert_ok(assay_store_open(folder->db, ASSAY_STORE_WRITE, &store, &err));
	assert_ok(store_script(store, attach, "read", &err));
	assert_int_equal(number(store,
				"SELECT count(*) FROM main.sqlite_schema"
				" WHERE sql IS NOT NULL"),
			 number(store,
				"SELECT count(*) FROM frozen.sqlite_schema"
				" WHERE sql IS NOT NULL"));
	assert_int_equal(number(store,
				"SELECT count(*) FROM main.sqlite_schema m"
				" JOIN frozen.sqlite_schema f ON f.name = m.name"
				" AND f.sql = m.sql"),
			 number(store,
				"SELECT count(*) FROM frozen.sqlite_schema"
				" WHERE sql IS NOT NULL"));
	assay_store_close(store);
}

#define FOLDER_TEST(name) cmocka_unit_test_setup_teardown(name, folder_setup, folder_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		FOLDER_TEST(steps_bring_an_old_file_up),
		FOLDER_TEST(a_failing_step_leaves_the_last_good_version),
		FOLDER_TEST(a_step_that_would_orphan_rows_is_undone),
		FOLDER_TEST(without_a_backup_nothing_is_migrated),
		FOLDER_TEST(the_frozen_file_is_read),
		FOLDER_TEST(the_schema_is_the_frozen_one),
	};
	return cmocka_run_group_tests_name("migrate", tests, NULL, NULL);
}
