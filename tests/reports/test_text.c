/* SPDX-License-Identifier: MIT */
/* test_text: the text report against a golden file, its width, and runs with little in them. */
#include <stdio.h>
#include <stdlib.h>

#include "reports/escape.h"
#include "tests/reports/fixture.h"
#include "tests/t.h"

static const char *golden_path; /* set once in main */

static char *read_golden(void)
{
	char *text = calloc(1, 65536);
	FILE *file = fopen(golden_path, "re");
	assert_non_null(text);
	assert_non_null(file);
	size_t n = fread(text, 1, 65535, file);
	fclose(file);
	assert_true(n > 0 && n < 65535);
	return text;
}

/* To accept a change: ASSAY_GOLDEN=write tests/reports/test_text <golden file>. */
static void test_golden(void **state)
{
	struct fixture *f = fixture_new();
	(void)state;
	fixture_fill(f);
	char *got = fixture_write(f, assay_report_text, NULL);
	const char *mode = getenv("ASSAY_GOLDEN");
	if (mode && strcmp(mode, "write") == 0) {
		FILE *file = fopen(golden_path, "we");
		assert_non_null(file);
		assert_true(fputs(got, file) >= 0);
		assert_int_equal(fclose(file), 0);
	}
	char *want = read_golden();
	assert_string_equal(got, want);
	free(want);
	free(got);
	fixture_free(f);
}

static void assert_width(const char *text, size_t most)
{
	while (*text) {
		size_t n = strcspn(text, "\n");
		char *line = strndup(text, n);
		assert_non_null(line);
		if (assay_characters(line) > most)
			fail_msg("%zu columns: %s", assay_characters(line), line);
		if (n && line[n - 1] == ' ')
			fail_msg("blanks at the end of: %s", line);
		free(line);
		text += n + (text[n] == '\n');
	}
}

static void test_width(void **state)
{
	struct fixture *f = fixture_new();
	(void)state;
	fixture_fill(f);
	for (size_t i = 0; i < f->n; i++)
		f->results[i].flags = ASSAY_RESULT_DRIFT | ASSAY_RESULT_UNPINNED;
	for (unsigned width = 80; width <= 100; width += 20) {
		const struct assay_report_options options = {.width = width};
		char *got = fixture_write(f, assay_report_text, &options);
		assert_width(got, width);
		free(got);
	}
	fixture_free(f);
}

/* Names that begin alike are told apart: whole where there is no terminal, by their ends where there is one. */
static void test_long_names(void **state)
{
	static const char *const names[] = {"a_name_longer_than_any_column_with_64",
					    "a_name_longer_than_any_column_with_128"};
	static const struct assay_report_options wide = {.width = 120}, narrow = {.width = 60};
	struct fixture *f = fixture_new();
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		FIXTURE_ADD(f, "memory", "b", names[i], i ? "kind:short" : "kind:another",
			    .median = 1);
		fixture_beside(f, "beside", "ratio", 0.5);
	}
	char *got = fixture_write(f, assay_report_text, NULL);
	assert_non_null(strstr(got, "with_64 "));
	assert_non_null(strstr(got, "with_128 "));
	assert_non_null(strstr(got, "0.500"));
	free(got);
	got = fixture_write(f, assay_report_text, &wide);
	assert_non_null(strstr(got, names[1]));
	assert_width(got, 120);
	free(got);
	got = fixture_write(f, assay_report_text, &narrow);
	assert_non_null(strstr(got, "a_name_longer…column_with_64"));
	assert_non_null(strstr(got, "a_name_longer…olumn_with_128"));
	assert_width(got, 60);
	free(got);
	fixture_free(f);
}

/* What a table has no room for is named below it, and remarks that are left out leave a mark. */
static void test_no_room(void **state)
{
	static const struct assay_report_options narrow = {.width = 60};
	struct fixture *f = fixture_new();
	(void)state;
	FIXTURE_ADD(f, "memory", "b", "a", NULL, .median = 1, .status = ASSAY_STATUS_UNSTABLE,
		    .flags = ASSAY_RESULT_PREEMPTED_USED | ASSAY_RESULT_DRIFT |
			     ASSAY_RESULT_UNPINNED);
	fixture_beside(f, "first", "ratio", 0.5);
	char *got = fixture_write(f, assay_report_text, NULL);
	assert_non_null(strstr(got, "  unstable, preempted, drifting, not pinned\n"));
	free(got);
	fixture_beside(f, "a_metric_with_a_long_name", "ratio", 0.5);
	fixture_beside(f, "another_with_a_long_name", "ratio", 0.5);
	got = fixture_write(f, assay_report_text, &narrow);
	assert_non_null(strstr(got,
			       "  no room for a_metric_with_a_long_name,\n"
			       "    another_with_a_long_name, first\n"));
	assert_non_null(strstr(got, "unstable, preempted, drifting…\n"));
	assert_width(got, 60);
	free(got);
	fixture_free(f);
}

static void test_empty(void **state)
{
	struct fixture *f = fixture_new();
	const struct assay_report_options brief = {.brief = true};
	(void)state;
	char *got = fixture_write(f, assay_report_text, NULL);
	assert_non_null(strstr(got, "no results"));
	free(got);
	got = fixture_write(f, assay_report_text, &brief);
	assert_string_equal(got, "");
	free(got);
	fixture_free(f);
}

static void test_all_failed(void **state)
{
	struct fixture *f = fixture_new();
	(void)state;
	FIXTURE_ADD(f, "memory", "b", "a", NULL, .status = ASSAY_STATUS_FAILED,
		    .reason = "wrong sum");
	FIXTURE_ADD(f, "memory", "b", "c", NULL, .status = ASSAY_STATUS_CRASHED);
	const struct assay_report_options wide = {.width = 200};
	char *got = fixture_write(f, assay_report_text, &wide);
	assert_non_null(strstr(got, "1 failed, 1 crashed"));
	assert_non_null(strstr(got, "wrong sum"));
	assert_non_null(strstr(got, "no reason recorded"));
	assert_null(strstr(got, "vs best"));
	free(got);
	fixture_free(f);
}

static void test_colour_and_hostile_names(void **state)
{
	struct fixture *f = fixture_new();
	const struct assay_report_options colour = {.color = true};
	(void)state;
	FIXTURE_ADD(f, "memory", "b", "\x1b]0;title\x07", "size:\x1b[31m", .median = 1);
	FIXTURE_ADD(f, "memory", "b", "plain", "size:\x1b[31m", .median = 2);
	char *got = fixture_write(f, assay_report_text, NULL);
	assert_null(strchr(got, '\x1b'));
	assert_null(strchr(got, '\x07'));
	free(got);
	got = fixture_write(f, assay_report_text, &colour);
	assert_non_null(strstr(got, "\x1b[1m"));
	assert_null(strstr(got, "\x1b]"));
	assert_null(strstr(got, "\x1b[31m"));
	free(got);
	fixture_free(f);
}

/* A full disk is said, not swallowed. */
static void test_full_disk(void **state)
{
	struct fixture *f = fixture_new();
	struct assay_err err = {0};
	(void)state;
	fixture_fill(f);
	FILE *full = fopen("/dev/full", "we");
	assert_non_null(full);
	assert_fails(assay_report_text(fixture_model(f), full, NULL, &err), ASSAY_EIO,
		     "No space left");
	fclose(full);
	fixture_free(f);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_golden),
		cmocka_unit_test(test_width),
		cmocka_unit_test(test_long_names),
		cmocka_unit_test(test_no_room),
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_all_failed),
		cmocka_unit_test(test_colour_and_hostile_names),
		cmocka_unit_test(test_full_disk),
	};
	if (argc != 2)
		return 2;
	golden_path = argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
