/* SPDX-License-Identifier: MIT */
/* test_weight: a page of a thousand cases is light, and one of thousands is grouped. */
#include <stdio.h>
#include <stdlib.h>

#include "reports/page_data.h"
#include "tests/reports/crowd.h"
#include "tests/reports/page.h"
#include "tests/t.h"

static size_t count(const char *text, const char *what)
{
	size_t n = 0;
	for (const char *at = text; (at = strstr(at, what)); at++)
		n++;
	return n;
}

static void test_thousand(void **state)
{
	struct crowd *c = crowd_new(1000, 30);
	const struct assay_report_input input = crowd_input(c);
	struct assay_err err = {0};
	char *json;
	(void)state;
	char *page = page_of_runs(&input, 1);
	if (strlen(page) > 1000000)
		fail_msg("the page of 1,000 cases has %zu bytes", strlen(page));
	assert_int_equal(count(page, "<tr data-s=\"ok\">") +
				 count(page, "<tr class=\"group\" data-s=\"ok\">"),
			 1000);
	assert_null(strstr(page, " of 25 cases, the best of each"));
	assert_ok(assay_page_data_get(page, &json, &err));
	assert_int_equal(count(json, "\"event\":\"result\""), 1000);
	free(json);
	free(page);
	crowd_free(c);
}

static void test_thousands(void **state)
{
	struct crowd *c = crowd_new(4000, 30);
	const struct assay_report_input input = crowd_input(c);
	struct assay_err err = {0};
	char *json;
	(void)state;
	char *page = page_of_runs(&input, 1);
	size_t rows = count(page, " data-s=\"ok\">");
	assert_true(rows > 500 && rows <= 2000);
	assert_int_equal(count(page, " of 100 cases, the best of each"), 40);
	assert_non_null(strstr(page, "The single samples are not in this page"));
	assert_ok(assay_page_data_get(page, &json, &err));
	assert_int_equal(count(json, "\"event\":\"result\""), 4000);
	assert_non_null(strstr(json, "\"samples_embedded\":false"));
	free(json);
	free(page);
	crowd_free(c);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_thousand),
		cmocka_unit_test(test_thousands),
	};
	page_xmllint = argc > 1 && argv[1][0] ? argv[1] : NULL;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
