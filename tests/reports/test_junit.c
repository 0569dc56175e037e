/* SPDX-License-Identifier: MIT */
/* test_junit: every case is a test case with its outcome, and the file is what readers of JUnit accept. */
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/reports/fixture.h"
#include "tests/t.h"

/* Set once in main. */
static const char *schema, *xmllint;

static size_t count(const char *text, const char *part)
{
	size_t n = 0;
	for (; (text = strstr(text, part)); text += strlen(part))
		n++;
	return n;
}

/* Against the schema, by a parser that is not ours. */
static void assert_valid(const char *page)
{
	char path[T_PATH];
	char *const argv[] = {(char *)"xmllint",
			      (char *)"--noout",
			      (char *)"--nonet",
			      (char *)"--schema",
			      (char *)schema,
			      path,
			      NULL};
	pid_t pid;
	int status;
	if (!xmllint)
		return;
	int fd = mkstemp(t_path(path, "junit"));
	assert_true(fd >= 0);
	assert_int_equal(write(fd, page, strlen(page)), (long)strlen(page));
	close(fd);
	assert_int_equal(posix_spawn(&pid, xmllint, NULL, NULL, argv, NULL), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (status != 0)
		fail_msg("xmllint refuses %s", path);
	unlink(path);
}

static void every_case_has_its_outcome(void **state)
{
	struct fixture *f = fixture_new();
	(void)state;
	fixture_fill(f);
	FIXTURE_ADD(f, "zoo", "lion", "dead", NULL, .status = ASSAY_STATUS_CRASHED,
		    .reason = "killed by signal 11");
	FIXTURE_ADD(f, "zoo", "lion", "slow", NULL, .status = ASSAY_STATUS_TIMEOUT,
		    .reason = "no end after 20 s")
		->elapsed_ns = 20500000000;
	char *got = fixture_write(f, assay_report_junit, NULL);
	assert_valid(got);
	assert_non_null(strstr(got,
			       "<testsuites name=\"assay run\" tests=\"28\" failures=\"1\""
			       " errors=\"2\" time=\"20.500\">"));
	assert_int_equal(count(got, "<testcase "), 28);
	assert_int_equal(count(got, "<testsuite "), 6);
	assert_non_null(strstr(got,
			       "<testsuite name=\"zoo\" tests=\"5\" failures=\"1\" errors=\"2\""
			       " skipped=\"0\" time=\"20.500\""
			       " timestamp=\"2026-01-01T00:00:00\">"));
	assert_non_null(strstr(got, "<failure type=\"failed\" message=\"expected 4, got 5\"/>"));
	assert_non_null(strstr(got, "<error type=\"crashed\" message=\"killed by signal 11\"/>"));
	assert_int_equal(count(got, "<skipped "), 2);
	assert_non_null(strstr(got, "<system-out>time: 2.980 ns ± 0.8 %, n = 30</system-out>"));
	assert_non_null(strstr(got, "; unstable: the median is known to ±40 % only"));
	assert_int_equal(count(got, "<system-out>"), 23); /* neither failed nor skipped */
	free(got);
	fixture_free(f);
}

static void names_stay_names(void **state)
{
	struct fixture *f = fixture_new();
	(void)state;
	FIXTURE_ADD(f, "s\"x", "b<script>", "&amp;]]>\033", NULL, .median = 1);
	FIXTURE_ADD(f, "s\"x", "b<script>", "c", NULL, .status = ASSAY_STATUS_SKIPPED,
		    .reason = "\"/></testcase>\n\x01");
	char *got = fixture_write(f, assay_report_junit, NULL);
	assert_valid(got);
	assert_null(strstr(got, "<script"));
	assert_null(strchr(got, '\033'));
	assert_int_equal(count(got, "</testcase>"), 2);
	free(got);
	fixture_free(f);
}

static void a_run_without_results_is_an_error(void **state)
{
	struct fixture *f = fixture_new();
	(void)state;
	char *got = fixture_write(f, assay_report_junit, NULL);
	assert_valid(got);
	assert_non_null(strstr(got, "tests=\"1\" failures=\"0\" errors=\"1\""));
	free(got);
	fixture_free(f);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_case_has_its_outcome),
		cmocka_unit_test(names_stay_names),
		cmocka_unit_test(a_run_without_results_is_an_error),
	};
	schema = argc > 1 ? argv[1] : NULL;
	xmllint = argc > 2 && argv[2][0] ? argv[2] : NULL;
	if (!xmllint)
		print_message("# xmllint is not installed: the schema is not tested\n");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
