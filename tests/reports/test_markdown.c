/* SPDX-License-Identifier: MIT */
/* test_markdown: cells stay cells, and the whole stays below the limit. */
#include <stdio.h>
#include <stdlib.h>

#include "tests/reports/fixture.h"
#include "tests/t.h"

static size_t count(const char *text, const char *part)
{
	size_t n = 0;
	for (; (text = strstr(text, part)); text += strlen(part))
		n++;
	return n;
}

static void test_content(void **state)
{
	struct fixture *f = fixture_new();
	(void)state;
	fixture_fill(f);
	char *got = fixture_write(f, assay_report_markdown, NULL);
	assert_non_null(strstr(got, "<!-- assay-report -->\n### assay: "));
	assert_non_null(strstr(got, "| pool | 2.980 ns | 0.8 % | best | 30 |"));
	assert_non_null(strstr(got, "- failed: zoo/lion, 1 case: expected 4, got 5\n"));
	/* Failures stand before the tables, skips after them. */
	assert_true(strstr(got, "- failed:") < strstr(got, "| pool |"));
	assert_true(strstr(got, "- skipped:") > strstr(got, "| pool |"));
	assert_int_equal(count(got, "<details>"), count(got, "</details>"));
	assert_null(strstr(got, "more in the full report"));
	free(got);
	fixture_free(f);
}

static void test_hostile_names(void **state)
{
	struct fixture *f = fixture_new();
	(void)state;
	FIXTURE_ADD(f, "memory", "b", "a|b\n# `x` @all </details>", NULL, .median = 1);
	FIXTURE_ADD(f, "memory", "b", "c", NULL, .status = ASSAY_STATUS_FAILED,
		    .reason = "x\n\n# @all <script>|");
	char *got = fixture_write(f, assay_report_markdown, NULL);
	assert_null(strstr(got, "@all"));
	assert_null(strstr(got, "\n# "));
	assert_null(strstr(got, "<script"));
	assert_null(strchr(got, '`'));
	assert_int_equal(count(got, "</details>"), count(got, "<details>"));
	free(got);
	fixture_free(f);
}

static void test_limit(void **state)
{
	struct fixture *f = fixture_new();
	(void)state;
	for (unsigned t = 1; t <= 300; t++)
		FIXTURE_ADD(f, "memory", "b", "subject", NULL, t, .median = t);
	for (size_t bytes = 500; bytes <= 8000; bytes += 500) {
		const struct assay_report_options options = {.max_bytes = bytes};
		char *got = fixture_write(f, assay_report_markdown, &options);
		char more[64];
		size_t rows =
			count(got, "| subject | ") - (count(got, "| threads | subject |") > 0);
		assert_true(strlen(got) <= bytes);
		assert_int_equal(count(got, "<details>"), count(got, "</details>"));
		snprintf(more, sizeof(more), "%zu more in the full report.", 300 - rows);
		if (!strstr(got, more))
			fail_msg("%zu bytes, %zu rows, without '%s'", bytes, rows, more);
		free(got);
	}
	fixture_free(f);
}

/* What stands below a table has a limit as well: a line on each series, advice. */
static void test_limit_below_tables(void **state)
{
	enum { SERIES = 190, NAME = 50, MOST = 60000 };
	char names[SERIES][NAME + 8];
	struct assay_report_advice advice[200];
	struct fixture *f = fixture_new();
	struct assay_err err = {0};
	(void)state;
	for (unsigned i = 0; i < SERIES; i++) {
		snprintf(names[i], sizeof(names[i]), "%03u", i);
		memset(names[i] + 3, '<', NAME);
		names[i][3 + NAME] = '\0';
		FIXTURE_ADD(f, "scaling", "b", names[i], NULL, .median = i + 1);
		fixture_beside(f, "speedup", "ratio", 1);
	}
	char *got = fixture_write(f, assay_report_markdown, NULL);
	assert_true(strlen(got) <= MOST);
	assert_non_null(strstr(got, "more in the full report"));
	free(got);
	for (size_t i = 0; i < 200; i++)
		advice[i] = (struct assay_report_advice){.rule = "rule",
							 .text = names[0],
							 .confidence = "hint",
							 .example = names[1],
							 .n_cases = 1,
							 .because = names[2],
							 .next = names[3]};
	const struct assay_report_input input = {&f->run, f->results, 2, advice, 200};
	size_t n;
	FILE *out = open_memstream(&got, &n);
	assay_report_model_free(f->model);
	assert_ok(assay_report_model_new(&input, 1, &f->model, &err));
	assert_ok(assay_report_markdown(f->model, out, NULL, &err));
	fclose(out);
	char more[64];
	snprintf(more, sizeof(more), "%zu more in the full report.",
		 200 - count(got, "- **rule**"));
	assert_true(n <= MOST);
	assert_non_null(strstr(got, more));
	assert_int_equal(count(got, "</details>"), count(got, "<details>"));
	free(got);
	fixture_free(f);
}

static void test_little(void **state)
{
	struct fixture *f = fixture_new();
	(void)state;
	char *got = fixture_write(f, assay_report_markdown, NULL);
	assert_non_null(strstr(got, "### assay: no results"));
	free(got);
	FIXTURE_ADD(f, "memory", "b", NULL, NULL, .median = NAN, .samples = 1);
	got = fixture_write(f, assay_report_markdown, NULL);
	assert_non_null(strstr(got, "### assay: 1 ok"));
	assert_null(strstr(got, "nan"));
	free(got);
	fixture_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_content), cmocka_unit_test(test_hostile_names),
		cmocka_unit_test(test_limit),   cmocka_unit_test(test_limit_below_tables),
		cmocka_unit_test(test_little),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
