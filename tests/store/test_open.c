/* SPDX-License-Identifier: MIT */
/* Files that must be refused, each with one clear sentence, and left as they are. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/store/filesystem.h"
#include "harness/store/migrate.h"
#include "harness/store/sql.h"
#include "tests/store/fixture.h"
#include "tests/t.h"

/* One more run with one result; the store is closed. */
static void store_run(const struct folder *folder, unsigned which)
{
	struct assay_err err = {0};
	struct assay_store *store;
	struct assay_run_info info = sample_run(which);
	int64_t run;
	struct sample s;
	sample_result(&s, 0);
	assert_ok(assay_store_open(folder->db, ASSAY_STORE_WRITE, &store, &err));
	assert_ok(assay_store_begin_run(store, &info, &run, &err));
	assert_ok(assay_store_add_result(store, run, &s.result, &err));
	assert_ok(assay_store_finish_run(store, run, ASSAY_RUN_COMPLETE, &err));
	assay_store_close(store);
}

static void make_store(const struct folder *folder)
{
	store_run(folder, 0);
}

/* Opening in `mode` fails with `says`; the file keeps every byte and gets no company. */
static void assert_refused(const struct folder *folder, enum assay_store_mode mode,
			   const char *says)
{
	struct assay_err err = {0};
	struct assay_store *store;
	size_t before_size = 0, after_size = 0;
	unsigned char *before = slurp(folder->db, &before_size);
	assert_non_null(before);
	assert_fails(assay_store_open(folder->db, mode, &store, &err), ASSAY_ESTORE, says);
	assert_non_null(strstr(err.text, folder->db));
	unsigned char *after = slurp(folder->db, &after_size);
	assert_non_null(after);
	assert_int_equal(before_size, after_size);
	assert_memory_equal(before, after, before_size);
	free(before);
	free(after);
}

static void patch(const char *path, long offset, const void *bytes, size_t size)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, bytes, size, offset), size);
	close(fd);
}

static void what_is_no_database_is_refused(void **state)
{
	struct folder *folder = *state;
	static const char text[] =
		"{\"this\": \"is JSON, and long enough to hold a header of a hundred "
		"bytes, which a database must have\"}";
	assert_int_equal(spit(folder->db, text, sizeof(text)), 0);
	assert_refused(folder, ASSAY_STORE_WRITE, "not a SQLite database");
	assert_refused(folder, ASSAY_STORE_READ, "not a SQLite database");
	assert_int_equal(spit(folder->db, "SQLite", 6), 0);
	assert_refused(folder, ASSAY_STORE_WRITE, "not a SQLite database");
}

/* SQL that a file brings along is never run: neither when it is read nor when it is written. */
static void what_brings_sql_is_refused(void **state)
{
	static const struct {
		const char *sql, *says;
	} cases[] = {
		{"CREATE TRIGGER t AFTER INSERT ON run BEGIN DELETE FROM result; END",
		 "holds the trigger t"},
		{"CREATE VIEW v AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)"
		 " SELECT i FROM n",
		 "holds the view v"},
		{"DROP TABLE change_point; CREATE VIEW change_point AS SELECT * FROM run",
		 "holds the view change_point"},
		{"CREATE VIRTUAL TABLE w USING fts5(x)", "holds the table w"},
	};
	struct folder *folder = *state;
	for (size_t i = 0; i < ASSAY_COUNT_OF(cases); i++) {
		sqlite3 *db;
		unlink(folder->db);
		make_store(folder);
		assert_int_equal(sqlite3_open(folder->db, &db), SQLITE_OK);
		int rc = sqlite3_exec(db, cases[i].sql, NULL, NULL, NULL);
		sqlite3_close(db);
		if (rc == SQLITE_ERROR && strstr(cases[i].sql, "VIRTUAL"))
			continue; /* a SQLite without that module */
		assert_int_equal(rc, SQLITE_OK);
		assert_refused(folder, ASSAY_STORE_READ, cases[i].says);
		assert_refused(folder, ASSAY_STORE_WRITE, cases[i].says);
	}
}

static void foreign_databases_are_refused(void **state)
{
	struct folder *folder = *state;
	sqlite3 *db;
	assert_int_equal(sqlite3_open(folder->db, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "CREATE TABLE bookmarks (url)", NULL, NULL, NULL),
			 SQLITE_OK);
	sqlite3_close(db);
	assert_refused(folder, ASSAY_STORE_WRITE, "another program");
	assert_refused(folder, ASSAY_STORE_READ, "another program");
	assert_int_equal(sqlite3_open(folder->db, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "PRAGMA application_id = 1", NULL, NULL, NULL),
			 SQLITE_OK);
	sqlite3_close(db);
	assert_refused(folder, ASSAY_STORE_WRITE, "another program");
}

static void newer_files_are_read_but_not_written(void **state)
{
	struct folder *folder = *state;
	struct assay_err err = {0};
	struct assay_store *store;
	struct assay_run_list list;
	make_store(folder);
	static const unsigned char version[] = {0, 0, 0, 9};
	patch(folder->db, 60, version, 4);
	assert_refused(folder, ASSAY_STORE_WRITE, "newer");
	assert_ok(assay_store_open(folder->db, ASSAY_STORE_READ, &store, &err));
	assert_ok(assay_store_runs(store, "@last", &list, &err));
	assert_int_equal(list.runs[0].n_results, 1);
	assay_run_list_done(&list);
	assay_store_close(store);
}

static void truncated_files_are_refused(void **state)
{
	struct folder *folder = *state;
	make_store(folder);
	assert_int_equal(truncate(folder->db, 8192), 0);
	assert_refused(folder, ASSAY_STORE_WRITE, "damaged");
	assert_refused(folder, ASSAY_STORE_READ, "damaged");
	assert_int_equal(truncate(folder->db, 60), 0);
	assert_refused(folder, ASSAY_STORE_WRITE, "not a SQLite database");
}

static void overwritten_pages_are_refused(void **state)
{
	struct folder *folder = *state;
	unsigned char garbage[4096 - 100];
	memset(garbage, 0x5a, sizeof(garbage));
	make_store(folder);
	patch(folder->db, 100, garbage, sizeof(garbage)); /* the schema's own page */
	assert_refused(folder, ASSAY_STORE_WRITE, "damaged");
	assert_refused(folder, ASSAY_STORE_READ, "damaged");
}

static void places_without_a_store_are_named(void **state)
{
	struct folder *folder = *state;
	struct assay_err err = {0};
	struct assay_store *store;
	char path[128];
	assert_fails(assay_store_open(folder->db, ASSAY_STORE_READ, &store, &err), ASSAY_ESTORE,
		     "there is no store");
	assert_int_equal(access(folder->db, F_OK), -1); /* looking did not make one */
	snprintf(path, sizeof(path), "%s/none/results.db", folder->path);
	assert_fails(assay_store_open(path, ASSAY_STORE_WRITE, &store, &err), ASSAY_ESTORE,
		     "No such file or directory");
	assert_fails(assay_store_open(folder->path, ASSAY_STORE_WRITE, &store, &err), ASSAY_ESTORE,
		     "not a regular file");
	assert_int_equal(spit(folder->db, "", 0), 0);
	assert_fails(assay_store_open(folder->db, ASSAY_STORE_READ, &store, &err), ASSAY_ESTORE,
		     "empty");
	assert_ok(assay_store_open(folder->db, ASSAY_STORE_WRITE, &store, &err));
	assay_store_close(store);
}

static void odd_file_names_work(void **state)
{
	static const char *const names[] = {"a b?c#d%41.db", "x&mode=ro.db", "naïve'\".db"};
	struct folder *folder = *state;
	struct assay_err err = {0};
	for (size_t i = 0; i < 3; i++) {
		char path[160];
		struct assay_store *store;
		snprintf(path, sizeof(path), "%s/%s", folder->path, names[i]);
		assert_ok(assay_store_open(path, ASSAY_STORE_WRITE, &store, &err));
		assay_store_close(store);
		assert_int_equal(access(path, F_OK), 0);
		assert_ok(assay_store_open(path, ASSAY_STORE_READ, &store, &err));
		assay_store_close(store);
	}
}

/*
 * Run `body` in a child and give back its exit status: for what changes the process for good. The
 * child reports by its status alone; the parent asserts.
 */
static int in_child(int (*body)(const struct folder *folder), const struct folder *folder)
{
	pid_t pid = fork();
	if (pid == 0)
		_exit(body(folder));
	int status = -1;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* Once there is a byte to read: store a run, and close the file as its last user, as far as we can see. */
static int write_when_told(int fd, const struct folder *folder)
{
	char go;
	if (read(fd, &go, 1) != 1)
		return 10;
	store_run(folder, 1);
	return 0;
}

/*
 * A gate with a stored base has the file open to read it and again to write it. Another process that closes it
 * meanwhile must not take the log away from under us: what we write then would be lost.
 */
static void opening_twice_keeps_others_from_our_log(void **state)
{
	struct folder *folder = *state;
	struct assay_err err = {0};
	struct assay_store *reader, *writer;
	struct assay_run_info info = sample_run(2);
	struct assay_run_list list;
	int64_t run;
	int fds[2], status;
	make_store(folder);
	assert_int_equal(pipe(fds), 0);
	pid_t pid = fork(); /* before we open anything: locks are a process's own */
	if (pid == 0)
		_exit(write_when_told(fds[0], folder));
	assert_ok(assay_store_open(folder->db, ASSAY_STORE_READ, &reader, &err));
	assert_ok(assay_store_runs(reader, "@last", &list, &err));
	assay_run_list_done(&list);
	assert_ok(assay_store_open(folder->db, ASSAY_STORE_WRITE, &writer, &err));
	assert_int_equal(write(fds[1], "!", 1), 1);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	assert_ok(assay_store_begin_run(writer, &info, &run, &err));
	assert_ok(assay_store_finish_run(writer, run, ASSAY_RUN_COMPLETE, &err));
	close(fds[0]);
	close(fds[1]);
	assay_store_close(writer);
	assay_store_close(reader);
	assert_ok(assay_store_open(folder->db, ASSAY_STORE_READ, &reader, &err));
	assert_ok(assay_store_runs(reader, "", &list, &err));
	assert_int_equal(list.n, 3);
	assay_run_list_done(&list);
	assay_store_close(reader);
}

/* Root may write everywhere, so this must not be root. */
static int become_nobody(void)
{
	return geteuid() != 0 || (setgid(65534) == 0 && setuid(65534) == 0);
}

static int write_into_a_read_only_folder(const struct folder *folder)
{
	struct assay_err err = {0};
	struct assay_store *store;
	if (!become_nobody())
		return 10;
	if (assay_store_open(folder->db, ASSAY_STORE_WRITE, &store, &err) != ASSAY_ESTORE)
		return 11;
	if (!strstr(err.text, "read-only") && !strstr(err.text, "Permission denied"))
		return 12;
	/* An existing WAL file is readable all the same. */
	struct assay_run_list list;
	if (assay_store_open(folder->db, ASSAY_STORE_READ, &store, &err) != ASSAY_OK)
		return 13;
	if (assay_store_runs(store, "@last", &list, &err) != ASSAY_OK || list.n != 1)
		return 14;
	return 0;
}

static int create_in_a_read_only_folder(const struct folder *folder)
{
	struct assay_err err = {0};
	struct assay_store *store;
	if (!become_nobody())
		return 10;
	if (assay_store_open(folder->db, ASSAY_STORE_WRITE, &store, &err) != ASSAY_ESTORE)
		return 11;
	return strstr(err.text, "read-only") ? 0 : 12;
}

static void read_only_folders_can_be_read(void **state)
{
	struct folder *folder = *state;
	assert_int_equal(chmod(folder->path, 0555), 0);
	assert_int_equal(in_child(create_in_a_read_only_folder, folder), 0);
	assert_int_equal(chmod(folder->path, 0755), 0);
	make_store(folder);
	size_t size, size_after;
	unsigned char *before = slurp(folder->db, &size);
	assert_int_equal(chmod(folder->db, 0444), 0);
	assert_int_equal(chmod(folder->path, 0555), 0);
	assert_int_equal(in_child(write_into_a_read_only_folder, folder), 0);
	assert_int_equal(chmod(folder->path, 0755), 0);
	unsigned char *after = slurp(folder->db, &size_after);
	assert_int_equal(size, size_after);
	assert_memory_equal(before, after, size);
	free(before);
	free(after);
}

static int fill_until_full(const struct folder *folder)
{
	struct assay_err err = {0};
	struct assay_store *store;
	struct assay_run_info info = sample_run(1);
	int64_t run;
	struct rlimit limit = {1024 * 1024, 1024 * 1024};
	signal(SIGXFSZ, SIG_IGN);
	if (setrlimit(RLIMIT_FSIZE, &limit) != 0)
		return 10;
	if (assay_store_open(folder->db, ASSAY_STORE_WRITE, &store, &err) != ASSAY_OK ||
	    assay_store_begin_run(store, &info, &run, &err) != ASSAY_OK)
		return 11;
	for (unsigned i = 0; i < 10000; i++) {
		struct sample s;
		sample_result(&s, i);
		enum assay_code code = assay_store_add_result(store, run, &s.result, &err);
		if (code == ASSAY_OK)
			continue;
		if (code != ASSAY_ESTORE || !strstr(err.text, "no space left"))
			return 12;
		assay_store_close(store);
		return i > 5 ? 0 : 13;
	}
	return 14;
}

static int create_when_full(const struct folder *folder)
{
	struct assay_err err = {0};
	struct assay_store *store;
	struct rlimit limit = {5000, 5000};
	signal(SIGXFSZ, SIG_IGN);
	if (setrlimit(RLIMIT_FSIZE, &limit) != 0)
		return 10;
	if (assay_store_open(folder->db, ASSAY_STORE_WRITE, &store, &err) != ASSAY_ESTORE)
		return 11;
	return strstr(err.text, "no space left") ? 0 : 12;
}

static void a_full_disk_loses_nothing(void **state)
{
	struct folder *folder = *state;
	struct assay_err err = {0};
	struct assay_store_report report;
	assert_int_equal(in_child(create_when_full, folder), 0);
	make_store(folder);
	assert_int_equal(in_child(fill_until_full, folder), 0);
	assert_ok(assay_store_check(folder->db, &report, &err));
	assert_string_equal(report.problem, "");
	assert_in_range(report.results, 7, 10000);
	struct assay_store *store;
	struct sample s;
	sample_result(&s, 9);
	assert_ok(assay_store_open(folder->db, ASSAY_STORE_WRITE, &store, &err));
	assert_ok(assay_store_add_result(store, 1, &s.result, &err)); /* with space it goes on */
	assay_store_close(store);
}

static void a_locked_store_says_so(void **state)
{
	struct folder *folder = *state;
	struct assay_err err = {0};
	struct assay_store *store;
	sqlite3 *other;
	struct sample s;
	sample_result(&s, 7);
	make_store(folder);
	assert_int_equal(sqlite3_open(folder->db, &other), SQLITE_OK);
	assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	assert_ok(
		store_open(folder->db, ASSAY_STORE_WRITE, &store_schema_current, 20, &store, &err));
	assert_fails(assay_store_add_result(store, 1, &s.result, &err), ASSAY_ESTORE, "locked");
	assert_int_equal(sqlite3_exec(other, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
	assert_ok(assay_store_add_result(store, 1, &s.result, &err));
	assay_store_close(store);
	sqlite3_close(other);
}

static void only_known_local_file_systems_get_a_log(void **state)
{
	assert_true(store_filesystem_local(0xef53));      /* ext4 */
	assert_true(store_filesystem_local(0x01021994));  /* tmpfs */
	assert_true(store_filesystem_local(0x58465342));  /* xfs */
	assert_false(store_filesystem_local(0x6969));     /* NFS */
	assert_false(store_filesystem_local(0x0bd00bd0)); /* Lustre */
	assert_false(store_filesystem_local(0x65735546)); /* FUSE */
	assert_false(store_filesystem_local(0xff534d42)); /* CIFS */
	assert_false(store_path_local("/nonexistent/folder"));
}

static void connections_trust_nothing(void **state)
{
	struct folder *folder = *state;
	struct assay_err err = {0};
	make_store(folder);
	for (int mode = ASSAY_STORE_READ; mode <= ASSAY_STORE_WRITE; mode++) {
		struct assay_store *store;
		int defensive, trusted, keys;
		assert_ok(assay_store_open(folder->db, (enum assay_store_mode)mode, &store, &err));
		sqlite3_db_config(store->db, SQLITE_DBCONFIG_DEFENSIVE, -1, &defensive);
		sqlite3_db_config(store->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, -1, &trusted);
		sqlite3_db_config(store->db, SQLITE_DBCONFIG_ENABLE_FKEY, -1, &keys);
		assert_int_equal(defensive, 1);
		assert_int_equal(trusted, 0);
		assert_int_equal(keys, 1);
		assert_int_equal(sqlite3_db_readonly(store->db, "main"), mode == ASSAY_STORE_READ);
		assay_store_close(store);
	}
}

#define FOLDER_TEST(name) cmocka_unit_test_setup_teardown(name, folder_setup, folder_teardown)

static int names_in(const char *folder, const char *part)
{
	int n = 0;
	DIR *dir = opendir(folder);
	assert_non_null(dir);
	for (struct dirent *entry; (entry = readdir(dir));)
		n += strstr(entry->d_name, part) != NULL;
	closedir(dir);
	return n;
}

/* A maker that was killed leaves files; one that is at work holds a lock on its own. */
static void what_killed_makers_left_is_removed(void **state)
{
	struct folder *folder = *state;
	static const char *const ends[] = {
		"0123456789abcdef",
		"0123456789abcdef-journal", /* killed at work */
		"00000000000000aa-wal",     /* its file was removed */
		"ffffffffffffffff",         /* at work */
		"short",                    /* somebody's own file */
	};
	char name[160];
	int fd = -1;
	for (size_t i = 0; i < ASSAY_COUNT_OF(ends); i++) {
		snprintf(name, sizeof(name), "%s.new-%s", folder->db, ends[i]);
		assert_int_equal(spit(name, "some", 4), 0);
		if (strcmp(ends[i], "ffffffffffffffff") == 0)
			fd = open(name, O_RDONLY | O_CLOEXEC);
	}
	assert_true(fd >= 0);
	assert_int_equal(flock(fd, LOCK_EX), 0);
	make_store(folder);
	assert_int_equal(names_in(folder->path, ".new-"), 2);
	assert_int_equal(names_in(folder->path, ".new-ffffffffffffffff"), 1);
	assert_int_equal(names_in(folder->path, ".new-short"), 1);
	close(fd);
	/* Killed after the store had got its name: the same file has two. */
	snprintf(name, sizeof(name), "%s.new-1111111111111111", folder->db);
	assert_int_equal(link(folder->db, name), 0);
	struct assay_err err = {0};
	struct assay_store *store;
	assert_ok(assay_store_open(folder->db, ASSAY_STORE_WRITE, &store, &err));
	assay_store_close(store);
	assert_int_equal(names_in(folder->path, ".new-"), 1);
	struct assay_store_report report;
	assert_ok(assay_store_check(folder->db, &report, &err));
	assert_int_equal(report.runs, 1);
	snprintf(name, sizeof(name), "%s.new-short", folder->db);
	unlink(name);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FOLDER_TEST(what_is_no_database_is_refused),
		FOLDER_TEST(foreign_databases_are_refused),
		FOLDER_TEST(newer_files_are_read_but_not_written),
		FOLDER_TEST(truncated_files_are_refused),
		FOLDER_TEST(overwritten_pages_are_refused),
		FOLDER_TEST(places_without_a_store_are_named),
		FOLDER_TEST(odd_file_names_work),
		FOLDER_TEST(opening_twice_keeps_others_from_our_log),
		FOLDER_TEST(read_only_folders_can_be_read),
		FOLDER_TEST(a_full_disk_loses_nothing),
		FOLDER_TEST(a_locked_store_says_so),
		cmocka_unit_test(only_known_local_file_systems_get_a_log),
		FOLDER_TEST(connections_trust_nothing),
		FOLDER_TEST(what_brings_sql_is_refused),
		FOLDER_TEST(what_killed_makers_left_is_removed),
	};
	return cmocka_run_group_tests_name("open", tests, NULL, NULL);
}
