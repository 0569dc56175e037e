/* SPDX-License-Identifier: MIT */
/* test_gate: one report through every writer: golden files, and readers that are not ours. */
#include <fcntl.h>
#include <jansson.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "reports/escape.h"
#include "tests/reports/gate_fixture.h"
#include "tests/t.h"

/* Set once in main. */
static const char *golden_folder, *schema, *xmllint;

static size_t count(const char *text, const char *part)
{
	size_t n = 0;
	for (; (text = strstr(text, part)); text += strlen(part))
		n++;
	return n;
}

static char *read_file(const char *path)
{
	char *text = calloc(1, 1 << 17);
	FILE *file = fopen(path, "re");
	assert_non_null(text);
	if (!file)
		fail_msg("no %s", path);
	size_t n = fread(text, 1, (1 << 17) - 1, file);
	fclose(file);
	assert_true(n > 0 && n < (1 << 17) - 1);
	return text;
}

/* To accept a change: ASSAY_GOLDEN=write tests/reports/test_gate FOLDER ... */
static void against_golden(gate_writer *write, const char *file,
			   const struct assay_gate_options *options)
{
	struct assay_gate_report report;
	char path[400];
	gate_fixture(&report);
	char *got = gate_written(write, &report, options);
	assay_gate_report_done(&report);
	snprintf(path, sizeof(path), "%s/%s", golden_folder, file);
	const char *mode = getenv("ASSAY_GOLDEN");
	if (mode && strcmp(mode, "write") == 0) {
		FILE *out = fopen(path, "we");
		assert_non_null(out);
		assert_true(fputs(got, out) >= 0);
		assert_int_equal(fclose(out), 0);
	}
	char *want = read_file(path);
	assert_string_equal(got, want);
	free(want);
	free(got);
}

static void test_golden(void **state)
{
	static const struct assay_gate_options full = {.all = true,
						       .strict = true,
						       .version = "1.2.3",
						       .command = "assay gate --base x",
						       .store = " --db ci/gate.db"};
	(void)state;
	against_golden(assay_gate_write_text, "brief.txt", NULL);
	against_golden(assay_gate_write_text, "all.txt", &full);
	against_golden(assay_gate_write_json, "gate.json", &full);
	against_golden(assay_gate_write_junit, "junit.xml", NULL);
	against_golden(assay_gate_write_sarif, "gate.sarif", &full);
	against_golden(assay_gate_write_markdown, "comment.md", NULL);
	against_golden(assay_gate_write_github, "annotations.txt", NULL);
}

/* No line beyond the width but where one word is, none of the report's control characters. */
static void test_text_fits_a_terminal(void **state)
{
	struct assay_gate_report report;
	(void)state;
	gate_fixture(&report);
	for (int all = 0; all < 2; all++) {
		const struct assay_gate_options options = {.all = all};
		char *got = gate_written(assay_gate_write_text, &report, &options), *rest = got;
		assert_null(strchr(got, '\033'));
		assert_null(strchr(got, '\r'));
		for (char *line; (line = strsep(&rest, "\n"));) {
			bool name = strncmp(line, "evil/", 5) == 0 ||
				    strncmp(line, "nnnn", 4) == 0 ||
				    strncmp(line, "    assay ", 10) == 0;
			if (!name && assay_characters(line) > 80 && strchr(line + 4, ' '))
				fail_msg("%zu columns: %s", assay_characters(line), line);
			size_t n = strlen(line);
			if (n && line[n - 1] == ' ')
				fail_msg("blank at the end of: %s", line);
		}
		free(got);
	}
	assay_gate_report_done(&report);
}

/* Known to be one, a terminal gets no line that is too wide: names are broken, and none of them is lost. */
static void test_names_fit_a_terminal(void **state)
{
	static const unsigned widths[] = {80, 120, 200};
	struct assay_gate_report report;
	(void)state;
	gate_fixture(&report);
	free(report.base.label);
	report.base.label =
		strdup("/a/folder/of/many/parts/that/go/on/and/on/and/on/and/on/and/on/"
		       "and/on/and/on/program");
	for (size_t i = 0; i < ASSAY_COUNT_OF(widths); i++) {
		const struct assay_gate_options options = {.all = true, .width = widths[i]};
		char *got = gate_written(assay_gate_write_text, &report, &options), *rest = got;
		size_t letters = 0;
		for (char *line; (line = strsep(&rest, "\n"));) {
			if (assay_characters(line) > widths[i] &&
			    strncmp(line, "    assay ", 10) != 0)
				fail_msg("%zu columns: %s", assay_characters(line), line);
			const char *text = line + strspn(line, " ");
			if (strspn(text, "n") > 1)
				letters += strspn(text, "n");
			if (widths[i] == 80 && strncmp(line, "base ", 5) == 0)
				assert_string_equal(strrchr(line, '/'), "/");
		}
		assert_true(letters >= 290); /* of the name of a thousand, 300 are shown */
		free(got);
	}
	assay_gate_report_done(&report);
}

/* The first words of the answer, whatever else is in the report. */
static void test_the_answer_comes_first(void **state)
{
	static const struct {
		enum assay_decision decision;
		bool strict;
		const char *text;
	} cases[] = {
		{ASSAY_DECISION_OK, false, "PASS: none of 2 compared series is worse."},
		{ASSAY_DECISION_REGRESSED, false, "REGRESSION: 2 of 2 compared series are worse."},
		{ASSAY_DECISION_INCONCLUSIVE, false,
		 "CANNOT DECIDE: 2 of 2 compared series are open. Without"},
		{ASSAY_DECISION_INCONCLUSIVE, true,
		 "CANNOT DECIDE: 2 of 2 compared series are open.\nbase"},
		{ASSAY_DECISION_MISSING, false,
		 "COVERAGE LOST: 2 series vanished, nothing could be compared."},
		{ASSAY_DECISION_NEW, false, "COVERAGE LOST: nothing could be compared."},
	};
	(void)state;
	for (size_t i = 0; i < ASSAY_COUNT_OF(cases); i++) {
		struct assay_gate_report report;
		const struct assay_gate_options options = {.strict = cases[i].strict};
		gate_fixture_rows(&report, cases[i].decision, 2);
		char *got = gate_written(assay_gate_write_text, &report, &options);
		if (strncmp(got, cases[i].text, strlen(cases[i].text)) != 0)
			fail_msg("'%.150s' is not '%s'", got, cases[i].text);
		free(got);
		assay_gate_report_done(&report);
	}
}

static void test_json_parses_back(void **state)
{
	struct assay_gate_report report;
	(void)state;
	gate_fixture(&report);
	char *text = gate_written(assay_gate_write_json, &report, NULL);
	json_error_t error;
	json_t *json = json_loads(text, JSON_REJECT_DUPLICATES, &error);
	if (!json)
		fail_msg("%s", error.text);
	assert_string_equal(json_string_value(json_object_get(json, "schema")), "assay/1");
	assert_string_equal(json_string_value(json_object_get(json, "answer")), "REGRESSION");
	json_t *series = json_object_get(json, "series");
	assert_int_equal(json_array_size(series), report.n);
	size_t counted = 0, i;
	const char *key;
	json_t *value;
	json_object_foreach (json_object_get(json, "counts"), key, value)
		counted += (size_t)json_integer_value(value);
	assert_int_equal(counted, report.n);
	json_array_foreach (series, i, value) {
		const struct assay_gate_row *row = &report.rows[i]; /* in the plan's order */
		assert_string_equal(json_string_value(json_object_get(value, "decision")),
				    assay_decision_name(row->decision));
		json_t *change = json_object_get(value, "change");
		if (isnan(row->estimate.ratio))
			assert_true(json_is_null(json_object_get(change, "ratio")));
		else
			assert_close(json_number_value(json_object_get(change, "ratio")),
				     row->better == ASSAY_HIGHER ? 1 / row->estimate.ratio
								 : row->estimate.ratio,
				     1e-12);
	}
	json_decref(json);
	free(text);
	assay_gate_report_done(&report);
}

static void run_xmllint(const char *xml)
{
	char path[T_PATH];
	const char *const argv[] = {"xmllint", "--noout", "--nonet", "--schema",
				    schema,    path,      NULL};
	pid_t pid;
	int status, fd = mkstemp(t_path(path, "gate"));
	assert_true(fd >= 0);
	assert_int_equal(write(fd, xml, strlen(xml)), (long)strlen(xml));
	close(fd);
	posix_spawn_file_actions_t quiet;
	posix_spawn_file_actions_init(&quiet);
	posix_spawn_file_actions_addopen(&quiet, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	assert_int_equal(
		posix_spawn(&pid, xmllint, &quiet, NULL, (char *const *)(uintptr_t)argv, NULL), 0);
	posix_spawn_file_actions_destroy(&quiet);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (status != 0)
		fail_msg("xmllint refuses %s", path);
	unlink(path);
}

static void test_junit_is_valid(void **state)
{
	struct assay_gate_report report;
	(void)state;
	for (int decision = -1; decision < ASSAY_DECISIONS; decision++) {
		if (decision < 0)
			gate_fixture(&report);
		else
			gate_fixture_rows(&report, (enum assay_decision)decision, 3);
		char *got = gate_written(assay_gate_write_junit, &report, NULL);
		size_t extra = decision >= ASSAY_DECISION_MISSING;
		assert_int_equal(count(got, "<testcase "), report.n + extra);
		assert_int_equal(count(got, "<system-out>"), report.n);
		if (xmllint)
			run_xmllint(got);
		free(got);
		assay_gate_report_done(&report);
	}
	/* A gate that compared nothing is no success. */
	report = (struct assay_gate_report){0};
	char *got = gate_written(assay_gate_write_junit, &report, NULL);
	assert_non_null(strstr(got,
			       "<testsuites name=\"assay gate\" tests=\"1\" failures=\"0\" "
			       "errors=\"1\""));
	if (xmllint)
		run_xmllint(got);
	free(got);
}

static void test_junit_counts(void **state)
{
	static const struct {
		enum assay_decision decision;
		bool strict;
		const char *element; /* NULL: passed */
	} cases[] = {
		{ASSAY_DECISION_OK, true, NULL},
		{ASSAY_DECISION_REGRESSED, false, "<failure "},
		{ASSAY_DECISION_IMPROVED, true, NULL},
		{ASSAY_DECISION_INCONCLUSIVE, false, "<skipped "},
		{ASSAY_DECISION_INCONCLUSIVE, true, "<failure "},
		{ASSAY_DECISION_MISSING, false, "<error "},
		{ASSAY_DECISION_NEW, true, "<skipped "},
		{ASSAY_DECISION_FAILED, false, "<error "},
		{ASSAY_DECISION_SKIPPED, true, "<skipped "},
	};
	static const char *const elements[] = {"<failure ", "<error ", "<skipped "};
	(void)state;
	for (size_t i = 0; i < ASSAY_COUNT_OF(cases); i++) {
		struct assay_gate_report report;
		const struct assay_gate_options options = {.strict = cases[i].strict};
		gate_fixture_rows(&report, cases[i].decision, 2);
		char *got = gate_written(assay_gate_write_junit, &report, &options);
		char *suite = strstr(got, "<testsuite name=\"memory\""); /* one may follow */
		assert_non_null(suite);
		for (char *next = strstr(suite, "</testsuite>"); next; next = NULL)
			*next = '\0';
		for (size_t e = 0; e < ASSAY_COUNT_OF(elements); e++) {
			bool mine = cases[i].element && strcmp(cases[i].element, elements[e]) == 0;
			if (count(suite, elements[e]) != (mine ? 2 : 0))
				fail_msg("case %zu: %s", i, suite);
		}
		free(got);
		assay_gate_report_done(&report);
	}
}

static const char *string_at(const json_t *json, const char *key)
{
	const char *text = json_string_value(json_object_get(json, key));
	if (!text)
		fail_msg("no text '%s'", key);
	return text;
}

/* What SARIF 2.1.0 requires of the parts that are used here. */
static void check_result(const json_t *result, const json_t *rules)
{
	static const char *const levels[] = {"note", "warning", "error"};
	size_t index = (size_t)json_integer_value(json_object_get(result, "ruleIndex")), known = 0;
	assert_true(index < json_array_size(rules));
	assert_string_equal(string_at(result, "ruleId"),
			    string_at(json_array_get(rules, index), "id"));
	for (size_t i = 0; i < ASSAY_COUNT_OF(levels); i++)
		known += strcmp(string_at(result, "level"), levels[i]) == 0;
	assert_int_equal(known, 1);
	assert_true(*string_at(json_object_get(result, "message"), "text") != '\0');
	json_t *prints = json_object_get(result, "partialFingerprints");
	assert_int_equal(json_object_size(prints), 1);
	json_t *location = json_array_get(json_object_get(result, "locations"), 0);
	assert_non_null(json_object_get(location, "logicalLocations"));
	json_t *physical = json_object_get(location, "physicalLocation");
	assert_non_null(physical); /* GitHub asks for it */
	const char *uri = string_at(json_object_get(physical, "artifactLocation"), "uri");
	assert_int_equal(strspn(uri,
				"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				"0123456789-._~/%"),
			 strlen(uri));
	assert_int_equal(json_integer_value(
				 json_object_get(json_object_get(physical, "region"), "startLine")),
			 1);
}

static void test_sarif_is_sound(void **state)
{
	struct assay_gate_report report;
	(void)state;
	gate_fixture(&report);
	char *text = gate_written(assay_gate_write_sarif, &report, NULL);
	json_t *json = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(json);
	assert_string_equal(string_at(json, "version"), "2.1.0");
	json_t *run = json_array_get(json_object_get(json, "runs"), 0);
	json_t *driver = json_object_get(json_object_get(run, "tool"), "driver");
	json_t *rules = json_object_get(driver, "rules");
	json_t *results = json_object_get(run, "results");
	assert_string_equal(string_at(driver, "name"), "assay");
	assert_int_equal(json_array_size(rules), 4); /* time, rate, max_rss, the hostile one */
	/* All but OK and SKIPPED. */
	assert_int_equal(json_array_size(results), report.n - 4);
	for (size_t i = 0; i < json_array_size(results); i++)
		check_result(json_array_get(results, i), rules);
	assert_string_equal(string_at(json_array_get(results, 0), "level"), "error");
	json_t *invocation = json_array_get(json_object_get(run, "invocations"), 0);
	assert_true(json_is_true(json_object_get(invocation, "executionSuccessful")));
	json_decref(json);
	free(text);
	assay_gate_report_done(&report);
}

static void test_markdown_is_tame(void **state)
{
	struct assay_gate_report report;
	(void)state;
	gate_fixture(&report);
	char *got = gate_written(assay_gate_write_markdown, &report, NULL);
	assert_null(strstr(got, "@all"));
	assert_null(strstr(got, "<script"));
	assert_null(strstr(got, "<b>"));
	assert_null(strchr(got, '`'));
	assert_null(strstr(got, "\n# "));
	assert_int_equal(count(got, "<details>"), 1);
	assert_int_equal(count(got, "</details>"), 1);
	/* Every line of a table has as many cells as its heading. */
	char *rest = got;
	for (char *line; (line = strsep(&rest, "\n"));)
		if (*line == '|')
			assert_int_equal(count(line, "|"), 9);
	free(got);
	assay_gate_report_done(&report);
}

static void test_markdown_stays_below_the_limit(void **state)
{
	static const enum assay_decision decisions[] = {ASSAY_DECISION_REGRESSED, ASSAY_DECISION_OK,
							ASSAY_DECISION_MISSING};
	static const size_t limits[] = {0, 8000, 20000, 59999};
	(void)state;
	for (size_t d = 0; d < ASSAY_COUNT_OF(decisions); d++) {
		struct assay_gate_report report;
		gate_fixture_rows(&report, decisions[d], 1000);
		for (size_t i = 0; i < ASSAY_COUNT_OF(limits); i++) {
			const struct assay_gate_options options = {.max_bytes = limits[i]};
			char *got = gate_written(assay_gate_write_markdown, &report, &options);
			size_t most = limits[i] ? limits[i] : 60000;
			size_t shown = count(got, "| memory/alloc");
			char more[80];
			if (strlen(got) >= most || strlen(got) < most / 2)
				fail_msg("%zu bytes of %zu", strlen(got), most);
			assert_int_equal(count(got, "<details>"), count(got, "</details>"));
			snprintf(more, sizeof(more), "\n%zu more rows, %zu of them", 1000 - shown,
				 decisions[d] == ASSAY_DECISION_OK ? 0 : 1000 - shown);
			if (!strstr(got, more))
				fail_msg("%zu rows, without '%s'", shown, more);
			free(got);
		}
		assay_gate_report_done(&report);
	}
}

/* A line is a command or nothing: what stands in a name never begins one of its own. */
static void test_annotations(void **state)
{
	struct assay_gate_report report;
	(void)state;
	gate_fixture(&report);
	char *got = gate_written(assay_gate_write_github, &report, NULL), *rest = got;
	assert_int_equal(count(got, "\n"), 9);
	for (char *line; (line = strsep(&rest, "\n"));) {
		if (!*line)
			continue;
		assert_true(strncmp(line, "::error ", 8) == 0 ||
			    strncmp(line, "::warning ", 10) == 0 ||
			    strncmp(line, "::notice ", 9) == 0);
		assert_null(strchr(line, '\r'));
	}
	free(got);
	assay_gate_report_done(&report);
	static const enum assay_decision decisions[] = {ASSAY_DECISION_REGRESSED,
							ASSAY_DECISION_MISSING};
	for (size_t i = 0; i < 2; i++) { /* nothing compared takes a place as well */
		gate_fixture_rows(&report, decisions[i], 30);
		got = gate_written(assay_gate_write_github, &report, NULL);
		assert_int_equal(count(got, "::error "), 10);
		assert_non_null(strstr(got, i ? "::22 more like these" : "::21 more like these"));
		free(got);
		assay_gate_report_done(&report);
	}
}

static void test_a_full_disk_is_told(void **state)
{
	static gate_writer *const writers[] = {
		assay_gate_write_text,  assay_gate_write_json,     assay_gate_write_junit,
		assay_gate_write_sarif, assay_gate_write_markdown, assay_gate_write_github,
	};
	struct assay_gate_report report;
	(void)state;
	gate_fixture(&report);
	for (size_t i = 0; i < ASSAY_COUNT_OF(writers); i++) {
		struct assay_err err = {0};
		FILE *full = fopen("/dev/full", "we");
		assert_non_null(full);
		assert_fails(writers[i](&report, full, NULL, &err), ASSAY_EIO, "No space left");
		fclose(full);
	}
	assay_gate_report_done(&report);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_golden),
		cmocka_unit_test(test_text_fits_a_terminal),
		cmocka_unit_test(test_names_fit_a_terminal),
		cmocka_unit_test(test_the_answer_comes_first),
		cmocka_unit_test(test_json_parses_back),
		cmocka_unit_test(test_junit_is_valid),
		cmocka_unit_test(test_junit_counts),
		cmocka_unit_test(test_sarif_is_sound),
		cmocka_unit_test(test_markdown_is_tame),
		cmocka_unit_test(test_markdown_stays_below_the_limit),
		cmocka_unit_test(test_annotations),
		cmocka_unit_test(test_a_full_disk_is_told),
	};
	if (argc < 3)
		return 2;
	golden_folder = argv[1];
	schema = argv[2];
	xmllint = argc > 3 && *argv[3] ? argv[3] : NULL;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
