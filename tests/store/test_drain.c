/* SPDX-License-Identifier: MIT */
/* test_drain: what is written while a thread moves the log into the store is all there, and the log stays short. */
#include "harness/store/drain.h"

#include <stdio.h>
#include <sys/stat.h>

#include "tests/store/fixture.h"
#include "tests/t.h"

enum { PAGE = 4096, ASK = 8, WAIT = 48, COMMIT = 24 /* pages of one, at most */ };
static const struct store_drain_limits small = {ASK, WAIT};

/* Runs `from` to `to` with a result each, committed one by one; the longest that the log was meanwhile, in pages. */
static long write_runs(const struct folder *folder, struct assay_store *store, unsigned from,
		       unsigned to)
{
	char log[128];
	long longest = 0;
	snprintf(log, sizeof(log), "%s-wal", folder->db);
	for (unsigned which = from; which < to; which++) {
		struct assay_err err = {0};
		struct assay_run_info info = sample_run(which);
		struct sample s;
		struct stat st;
		int64_t run;
		sample_result(&s, which);
		assert_ok(assay_store_begin_run(store, &info, &run, &err));
		assert_ok(assay_store_add_result(store, run, &s.result, &err));
		assert_int_equal(stat(log, &st), 0);
		longest = st.st_size / PAGE > longest ? st.st_size / PAGE : longest;
	}
	return longest;
}

static void number_of_runs_is(const struct folder *folder, int64_t wanted)
{
	struct assay_err err = {0};
	struct assay_store_report report;
	assert_ok(assay_store_check(folder->db, &report, &err));
	assert_int_equal(report.runs, wanted);
	assert_int_equal(report.results, wanted);
	assert_string_equal(report.problem, "");
}

static void the_log_stays_short(void **state)
{
	const struct folder *folder = *state;
	struct assay_err err = {0};
	struct assay_store *store;
	assert_ok(assay_store_open(folder->db, ASSAY_STORE_WRITE, &store, &err));
	struct store_drain *drain = store_drain_new(store, small);
	assert_non_null(drain);
	assert_true(write_runs(folder, store, 0, 60) <= WAIT + COMMIT);
	store_drain_free(drain);
	write_runs(folder, store, 60, 65); /* commits move it again */
	assay_store_close(store);
	number_of_runs_is(folder, 65);
}

/* The log cannot begin anew while somebody reads what is in it, and is not waited for. */
static void a_reader_keeps_the_log(void **state)
{
	const struct folder *folder = *state;
	struct assay_err err = {0};
	struct assay_store *store, *reader;
	assert_ok(assay_store_open(folder->db, ASSAY_STORE_WRITE, &store, &err));
	write_runs(folder, store, 0, 1);
	assert_ok(assay_store_open(folder->db, ASSAY_STORE_READ, &reader, &err));
	assert_int_equal(
		sqlite3_exec(reader->db, "BEGIN; SELECT count(*) FROM run", NULL, NULL, NULL),
		SQLITE_OK);
	struct store_drain *drain = store_drain_new(store, small);
	assert_non_null(drain);
	assert_true(write_runs(folder, store, 1, 40) > WAIT + COMMIT);
	assert_int_equal(sqlite3_exec(reader->db, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
	assay_store_close(reader);
	write_runs(folder, store, 40, 45);
	store_drain_free(drain);
	assay_store_close(store);
	number_of_runs_is(folder, 45);
}

/* Then commits do it, as always. */
static void a_store_that_cannot_be_opened_again_has_none(void **state)
{
	const struct folder *folder = *state;
	struct assay_err err = {0};
	struct assay_store *store;
	char aside[128];
	snprintf(aside, sizeof(aside), "%s.aside", folder->db);
	assert_ok(assay_store_open(folder->db, ASSAY_STORE_WRITE, &store, &err));
	write_runs(folder, store, 0, 1);
	assert_int_equal(rename(folder->db, aside), 0);
	assert_null(store_drain_new(store, small));
	assert_int_equal(rename(aside, folder->db), 0);
	store_drain_free(NULL);
	write_runs(folder, store, 1, 3);
	assay_store_close(store);
	number_of_runs_is(folder, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_log_stays_short, folder_setup, folder_teardown),
		cmocka_unit_test_setup_teardown(a_reader_keeps_the_log, folder_setup,
						folder_teardown),
		cmocka_unit_test_setup_teardown(a_store_that_cannot_be_opened_again_has_none,
						folder_setup, folder_teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
