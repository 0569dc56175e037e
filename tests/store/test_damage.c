/* SPDX-License-Identifier: MIT */
/* Bad days: killed writers, many writers, planted damage; and what looking after the store does. */
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/base/clock.h"
#include "harness/store/ack.h"
#include "harness/store/sql.h"
#include "tests/store/fixture.h"
#include "tests/t.h"

static struct assay_store *open_store(const struct folder *folder)
{
	struct assay_err err = {0};
	struct assay_store *store;
	assert_ok(assay_store_open(folder->db, ASSAY_STORE_WRITE, &store, &err));
	return store;
}

static int64_t add_run(struct assay_store *store, struct assay_run_info info, unsigned results)
{
	struct assay_err err = {0};
	int64_t run;
	assert_ok(assay_store_begin_run(store, &info, &run, &err));
	for (unsigned i = 0; i < results; i++) {
		struct sample s;
		sample_result(&s, i);
		assert_ok(assay_store_add_result(store, run, &s.result, &err));
	}
	assert_ok(assay_store_finish_run(store, run, ASSAY_RUN_COMPLETE, &err));
	return run;
}

static int64_t number(struct assay_store *store, const char *sql)
{
	struct assay_err err = {0};
	int64_t value;
	assert_ok(store_number(store, sql, &value, &err));
	return value;
}

/* Store results for ever, and report each acknowledged one by a byte through the pipe. */
static void write_until_killed(const struct folder *folder, unsigned which, int acknowledge)
{
	struct assay_store *store;
	struct assay_run_info info = sample_run(which);
	int64_t run;
	if (assay_store_open(folder->db, ASSAY_STORE_WRITE, &store, NULL) != ASSAY_OK ||
	    assay_store_begin_run(store, &info, &run, NULL) != ASSAY_OK)
		_exit(1);
	for (unsigned i = 0;; i++) {
		struct sample s;
		sample_result(&s, i);
		if (assay_store_add_result(store, run, &s.result, NULL) != ASSAY_OK ||
		    write(acknowledge, "+", 1) != 1)
			_exit(2);
	}
}

/*
 * How many results the child had acknowledged when it was killed: `pause_us` after it had said so of `least` of
 * them, however long that took.
 */
static size_t kill_a_writer(const struct folder *folder, unsigned which, size_t least,
			    unsigned pause_us)
{
	int ends[2];
	char bytes[4096];
	size_t acknowledged = 0;
	assert_int_equal(pipe(ends), 0);
	pid_t pid = fork();
	if (pid == 0) {
		close(ends[0]);
		write_until_killed(folder, which, ends[1]);
	}
	close(ends[1]);
	for (ssize_t n; acknowledged < least && (n = read(ends[0], bytes, sizeof(bytes))) > 0;)
		acknowledged += (size_t)n;
	usleep(pause_us);
	kill(pid, SIGKILL);
	for (ssize_t n; (n = read(ends[0], bytes, sizeof(bytes))) > 0;)
		acknowledged += (size_t)n;
	close(ends[0]);
	int status;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	return acknowledged;
}

static void killed_writers_lose_nothing_acknowledged(void **state)
{
	struct folder *folder = *state;
	struct assay_err err = {0};
	size_t total = 0;
	for (unsigned trial = 0; trial < 20; trial++) {
		size_t acknowledged = kill_a_writer(folder, trial, trial / 4, 700 * trial);
		total += acknowledged;
		struct assay_store *store = open_store(folder);
		struct assay_run_list runs;
		/* The child may have been killed before it began its run. */
		int64_t found = number(store,
				       "SELECT count(*) FROM result WHERE run ="
				       " (SELECT max(id) FROM run)");
		if (acknowledged == 0) {
			assay_store_close(store);
			continue;
		}
		/* One more may be stored than the child came to say. */
		assert_in_range(found, acknowledged, acknowledged + 1);
		assert_ok(assay_store_runs(store, "@last", &runs, &err));
		assert_int_equal(runs.runs[0].status, ASSAY_RUN_CRASHED);
		assay_run_list_done(&runs);
		assay_store_close(store);
	}
	struct assay_store_report report;
	assert_ok(assay_store_check(folder->db, &report, &err));
	assert_string_equal(report.problem, "");
	assert_true(total > 20 && report.results >= total);
}

static void many_writers_share_a_store(void **state)
{
	enum { WRITERS = 4, RESULTS = 100 };
	struct folder *folder = *state;
	struct assay_err err = {0};
	pid_t pids[WRITERS];
	/* None exists yet: they also race to create it. */
	for (unsigned w = 0; w < WRITERS; w++) {
		pids[w] = fork();
		if (pids[w] != 0)
			continue;
		struct assay_store *store;
		struct assay_run_info info = sample_run(w);
		int64_t run;
		int failed = assay_store_open(folder->db, ASSAY_STORE_WRITE, &store, NULL) ||
			     assay_store_begin_run(store, &info, &run, NULL);
		for (unsigned i = 0; i < RESULTS && !failed; i++) {
			struct sample s;
			sample_result(&s, i);
			failed = assay_store_add_result(store, run, &s.result, NULL) != ASSAY_OK;
		}
		_exit(failed);
	}
	for (unsigned w = 0; w < WRITERS; w++) {
		int status;
		assert_int_equal(waitpid(pids[w], &status, 0), pids[w]);
		assert_int_equal(status, 0);
	}
	struct assay_store *store = open_store(folder);
	assert_int_equal(number(store, "SELECT count(*) FROM result"), WRITERS * RESULTS);
	assert_int_equal(number(store, "SELECT count(*) FROM series"), RESULTS);
	assert_int_equal(number(store, "SELECT count(*) FROM machine"), 2);
	assay_store_close(store);
	struct assay_store_report report;
	assert_ok(assay_store_check(folder->db, &report, &err));
	assert_string_equal(report.problem, "");
}

/* Change the stored bytes behind the store's back. */
static void tamper(const struct folder *folder, const char *sql)
{
	sqlite3 *db;
	assert_int_equal(sqlite3_open(folder->db, &db), SQLITE_OK);
	char *message = NULL;
	if (sqlite3_exec(db, sql, NULL, NULL, &message) != SQLITE_OK)
		fail_msg("%s: %s", sql, message);
	assert_int_equal(sqlite3_changes(db), 1);
	sqlite3_close(db);
}

static void planted_damage_is_found(void **state)
{
	static const struct {
		const char *sql, *says;
	} cases[] = {
		{"UPDATE sample_set SET data = zeroblob(length(data)) WHERE kind = 'samples' AND result = 1",
		 "checksum"},
		{"UPDATE sample_set SET n = n + 1 WHERE kind = 'samples' AND result = 1",
		 "checksum"},
		{"UPDATE sample_set SET data = substr(data, 1, 99) WHERE kind = 'samples' AND result = 1",
		 "checksum"},
		{"UPDATE sample_set SET crc = 0 WHERE kind = 'histogram' AND result = 1",
		 "checksum"},
		{"UPDATE sample_set SET launches = 9223372036854775807 WHERE kind = 'samples' AND result = 1",
		 "absurd"},
		{"UPDATE result SET n = 1000 WHERE id = 1", "summary counts more"},
		{"DELETE FROM metric WHERE id = 1", "missing row of metric"},
	};
	struct folder *folder = *state;
	struct assay_err err = {0};
	struct assay_store *store = open_store(folder);
	add_run(store, sample_run(0), 2);
	assay_store_close(store);
	size_t size;
	unsigned char *sound = slurp(folder->db, &size);
	struct assay_store_report report;
	assert_ok(assay_store_check(folder->db, &report, &err));
	assert_string_equal(report.problem, "");
	assert_int_equal(report.runs, 1);
	assert_int_equal(report.results, 2);
	assert_int_equal(report.samples, 2 * FIXTURE_SAMPLES);
	assert_int_equal(report.bytes, size);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(spit(folder->db, sound, size), 0);
		tamper(folder, cases[i].sql);
		assert_ok(assay_store_check(folder->db, &report, &err));
		if (!strstr(report.problem, cases[i].says))
			fail_msg("%s: '%s' without '%s'", cases[i].sql, report.problem,
				 cases[i].says);
		assert_true(report.damaged + report.orphans > 0);
	}
	free(sound);
}

static void damaged_samples_are_not_shown(void **state)
{
	struct folder *folder = *state;
	struct assay_err err = {0};
	struct assay_store *store = open_store(folder);
	int64_t run = add_run(store, sample_run(0), 2);
	assay_store_close(store);
	tamper(folder,
	       "UPDATE sample_set SET data = zeroblob(length(data)) WHERE kind = 'samples' AND result = 1");
	store = open_store(folder);
	struct assay_result_list list;
	assert_fails(assay_store_results(store, run, NULL, ASSAY_LOAD_SAMPLES, &list, &err),
		     ASSAY_ESTORE, "size:16");
	assert_ok(assay_store_results(store, run, NULL, ASSAY_LOAD_SUMMARY, &list, &err));
	assert_int_equal(list.n, 2); /* the summaries are sound */
	assay_result_list_done(&list);
	assay_store_close(store);
}

#define DAY_NS UINT64_C(86400000000000)

static struct assay_run_info aged_run(unsigned which, unsigned days, bool tagged)
{
	struct assay_run_info info = sample_run(which);
	info.started_ns = assay_wall_ns() - days * DAY_NS;
	info.n_tags = tagged ? 1 : 0;
	return info;
}

static void gc_keeps_what_is_marked(void **state)
{
	struct assay_err err = {0};
	struct assay_store *store = open_store(*state);
	add_run(store, aged_run(0, 400, false), 3);
	add_run(store, aged_run(1, 400, true), 3);  /* tagged: the run stays, its samples go */
	add_run(store, aged_run(2, 400, false), 3); /* the baseline: all of it stays */
	add_run(store, aged_run(3, 1, false), 3);   /* young */
	assert_ok(assay_store_set_baseline(store, 3, &err));
	struct assay_swept swept;
	struct assay_retention policy = {90 * DAY_NS, 365 * DAY_NS, true};
	assert_ok(assay_store_gc(store, &policy, &swept, &err));
	assert_int_equal(swept.runs, 1);
	assert_int_equal(swept.sample_sets,
			 12); /* two runs of three results, samples and histogram */
	uint64_t bytes = (uint64_t)number(store, "SELECT sum(length(data)) FROM sample_set");
	assert_int_equal(swept.sample_bytes, bytes / 2);
	assert_int_equal(number(store, "SELECT count(*) FROM sample_set"), 24);
	policy.dry_run = false;
	assert_ok(assay_store_gc(store, &policy, &swept, &err));
	assert_int_equal(swept.runs, 1);
	assert_int_equal(swept.sample_sets, 12);
	assert_int_equal(number(store, "SELECT count(*) FROM sample_set"), 12);
	assert_int_equal(number(store, "SELECT count(*) FROM result"), 9);
	assert_int_equal(number(store, "SELECT count(*) FROM run WHERE id = 1"), 0);
	assert_int_equal(number(store, "SELECT count(*) FROM counter"), 18);
	assert_int_equal(number(store, "PRAGMA freelist_count"), 0);
	struct sample s;
	sample_result(&s, 0);
	assert_fails(assay_store_add_result(store, 1, &s.result, &err), ASSAY_EUSAGE, "run 1");
	assay_store_close(store);
}

/* Only runs: their samples may be younger than what is said about samples, or nothing said about them. */
static void gc_of_runs_alone_leaves_other_samples(void **state)
{
	struct assay_err err = {0};
	struct assay_store *store = open_store(*state);
	add_run(store, aged_run(0, 400, false), 2);
	add_run(store, aged_run(1, 400, true), 2);
	add_run(store, aged_run(2, 100, false), 2);
	struct assay_swept swept;
	struct assay_retention policy = {.keep_runs_ns = 365 * DAY_NS};
	assert_ok(assay_store_gc(store, &policy, &swept, &err));
	assert_int_equal(swept.runs, 1);
	assert_int_equal(swept.sample_sets, 4);
	assert_int_equal(number(store, "SELECT count(*) FROM sample_set"), 8);
	assay_store_close(store);
}

/* What was said about a change refers to runs: those of its commits, and the one at which it was confirmed. */
static void gc_keeps_what_others_refer_to(void **state)
{
	struct assay_err err = {0};
	struct assay_store *store = open_store(*state);
	static const char *const commits[] = {"aaaa1111", "bbbb2222", "cccc3333", "dddd4444",
					      "aaaa"};
	for (unsigned i = 0; i < ASSAY_COUNT_OF(commits); i++) {
		struct assay_run_info info = aged_run(i, 400, false);
		info.commit = commits[i];
		add_run(store, info, 1);
	}
	struct assay_ack ack = {
		.kind = ASSAY_ACK_FALSE_ALARM, .from = "aaaa1111", .to = "bbbb2222"};
	int64_t id;
	assert_ok(assay_store_add_ack(store, &ack, &id, &err));
	assert_ok(store_script(
		store,
		"INSERT INTO change_point (series, machine, run, state, method, ratio, made_ns)"
		" SELECT series, machine, run, 'confirmed', 'scan', 1.1, 0 FROM result"
		" WHERE run = 4",
		"write", &err));
	struct assay_swept swept;
	struct assay_retention policy = {.keep_samples_ns = DAY_NS, .keep_runs_ns = DAY_NS};
	assert_ok(assay_store_gc(store, &policy, &swept, &err));
	assert_int_equal(swept.runs, 2); /* cccc3333, and aaaa, which only begins like another */
	assert_int_equal(number(store, "SELECT sum(id) FROM run"), 1 + 2 + 4);
	assert_int_equal(number(store, "SELECT count(*) FROM sample_set"), 0);
	assert_int_equal(number(store, "SELECT count(*) FROM change_point"), 1);
	assay_store_close(store);
}

static void die(sqlite3_context *context, int n, sqlite3_value **values)
{
	(void)context;
	(void)n;
	(void)values;
	raise(SIGKILL);
}

/* Killed in the middle: the next time all is as it was, and it can be done again. */
static void gc_that_died_has_dropped_nothing(void **state)
{
	struct folder *folder = *state;
	struct assay_err err = {0};
	struct assay_store *store = open_store(folder);
	for (unsigned i = 0; i < 4; i++)
		add_run(store, aged_run(i, 400, false), 3);
	assay_store_close(store);
	pid_t child = fork();
	if (child == 0) {
		/* At the last run: the others are gone by then, in this process's eyes. */
		if (assay_store_open(folder->db, ASSAY_STORE_WRITE, &store, NULL) != ASSAY_OK ||
		    store_script(store,
				 "CREATE TEMP TRIGGER die BEFORE DELETE ON run WHEN old.id = 4"
				 " BEGIN SELECT die(); END",
				 "write", NULL) != ASSAY_OK)
			_exit(1);
		sqlite3_create_function(store->db, "die", 0, SQLITE_UTF8, NULL, die, NULL, NULL);
		struct assay_swept swept;
		struct assay_retention policy = {.keep_runs_ns = DAY_NS};
		assay_store_gc(store, &policy, &swept, NULL);
		_exit(2);
	}
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	store = open_store(folder);
	assert_int_equal(number(store, "SELECT count(*) FROM run"), 4);
	assert_int_equal(number(store, "SELECT count(*) FROM sample_set"), 24);
	struct assay_swept swept;
	struct assay_retention policy = {.keep_runs_ns = DAY_NS};
	assert_ok(assay_store_gc(store, &policy, &swept, &err));
	assert_int_equal(swept.runs, 4);
	assert_int_equal(number(store, "PRAGMA freelist_count"), 0);
	assay_store_close(store);
}

static void gc_leaves_a_run_that_is_being_measured(void **state)
{
	struct assay_err err = {0};
	struct assay_store *store = open_store(*state);
	struct assay_run_info info = aged_run(0, 400, false);
	int64_t run;
	assert_ok(assay_store_begin_run(store, &info, &run, &err));
	struct assay_swept swept;
	struct assay_retention policy = {DAY_NS, DAY_NS, false};
	assert_ok(assay_store_gc(store, &policy, &swept, &err));
	assert_int_equal(swept.runs, 0);
	assay_store_close(store);
}

static void backups_are_whole_and_replace_nothing(void **state)
{
	struct folder *folder = *state;
	struct assay_err err = {0};
	struct assay_store *store = open_store(folder);
	char copy[128], nowhere[128];
	snprintf(copy, sizeof(copy), "%s/copy.db", folder->path);
	snprintf(nowhere, sizeof(nowhere), "%s/none/copy.db", folder->path);
	add_run(store, sample_run(0), 5);
	assert_ok(assay_store_backup(store, copy, &err));
	struct assay_store_report report;
	assert_ok(assay_store_check(copy, &report, &err));
	assert_string_equal(report.problem, "");
	assert_int_equal(report.results, 5);
	assert_fails(assay_store_backup(store, copy, &err), ASSAY_ESTORE, "exists");
	assert_fails(assay_store_backup(store, nowhere, &err), ASSAY_ESTORE, "none");
	assay_store_close(store);
}

#define FOLDER_TEST(name) cmocka_unit_test_setup_teardown(name, folder_setup, folder_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		FOLDER_TEST(killed_writers_lose_nothing_acknowledged),
		FOLDER_TEST(many_writers_share_a_store),
		FOLDER_TEST(planted_damage_is_found),
		FOLDER_TEST(damaged_samples_are_not_shown),
		FOLDER_TEST(gc_keeps_what_is_marked),
		FOLDER_TEST(gc_of_runs_alone_leaves_other_samples),
		FOLDER_TEST(gc_keeps_what_others_refer_to),
		FOLDER_TEST(gc_that_died_has_dropped_nothing),
		FOLDER_TEST(gc_leaves_a_run_that_is_being_measured),
		FOLDER_TEST(backups_are_whole_and_replace_nothing),
	};
	return cmocka_run_group_tests_name("damage", tests, NULL, NULL);
}
