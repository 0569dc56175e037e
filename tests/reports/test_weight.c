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

/* Each sample is there, to seven digits, and it is said so. */
static void assert_samples(const json_t *run, const struct assay_report_input *input)
{
	assert_true(json_is_true(json_object_get(run, "samples_embedded")));
	assert_int_equal(json_integer_value(json_object_get(run, "samples_digits")), 7);
	const json_t *results = json_object_get(run, "results");
	assert_int_equal(json_array_size(results), input->n_results);
	for (size_t i = 0; i < input->n_results; i += 97) {
		const struct assay_samples *want = &input->results[i].samples;
		const json_t *got = json_object_get(json_array_get(results, i), "samples");
		assert_int_equal(json_array_size(got), want->n);
		for (size_t s = 0; s < want->n; s++)
			assert_close(json_number_value(json_array_get(got, s)), want->values[s],
				     5e-7 * want->values[s]);
	}
}

/* Only lists of samples, and only numbers. */
static void test_rounded(void **state)
{
	static const struct {
		const char *from, *to;
	} cases[] = {
		{"{}", "{}"},
		{"{\"samples\":[]}", "{\"samples\":[]}"},
		{"{\"samples\":[1.23456789,null,2.5e-7]}", "{\"samples\":[1.234568,null,2.5e-7]}"},
		{"{\"a\":0.123456789,\"samples\":[0.0,12345678.5],\"b\":9.87654321}",
		 "{\"a\":0.123456789,\"samples\":[0,1.234568e+07],\"b\":9.87654321}"},
		{"[\"\\\"samples\\\":[1.23456789\"]", "[\"\\\"samples\\\":[1.23456789\"]"},
	};
	(void)state;
	for (size_t i = 0; i < ASSAY_COUNT_OF(cases); i++) {
		ASSAY_AUTO(assay_str_done) struct assay_str got = {0};
		assay_page_data_round(&got, cases[i].from);
		assert_string_equal(assay_str_text(&got), cases[i].to);
	}
}

static void test_thousand(void **state)
{
	struct crowd *c = crowd_new(1000, 75);
	const struct assay_report_input input = crowd_input(c);
	(void)state;
	char *page = page_of_runs(&input, 1);
	if (strlen(page) > 1000000)
		fail_msg("the page of 1,000 cases has %zu bytes", strlen(page));
	assert_int_equal(count(page, "<tr data-s=\"ok\">") +
				 count(page, "<tr class=\"group\" data-s=\"ok\">"),
			 1000);
	assert_null(strstr(page, " of 25 cases, the best of each"));
	json_t *runs = page_runs(page);
	assert_samples(json_array_get(runs, 0), &input);
	assert_non_null(strstr(page, "samples in it have seven digits"));
	json_decref(runs);
	free(page);
	crowd_free(c);
}

static void test_thousands(void **state)
{
	struct crowd *c = crowd_new(3000, 30);
	const struct assay_report_input input = crowd_input(c);
	(void)state;
	char *page = page_of_runs(&input, 1);
	size_t rows = count(page, " data-s=\"ok\">");
	assert_true(rows > 500 && rows <= 2000);
	assert_int_equal(count(page, " of 75 cases, the best of each"), 40);
	assert_non_null(strstr(page, "The single samples are not in this page"));
	json_t *runs = page_runs(page), *run = json_array_get(runs, 0);
	assert_int_equal(json_array_size(json_object_get(run, "results")), 3000);
	assert_true(json_is_false(json_object_get(run, "samples_embedded")));
	json_decref(runs);
	free(page);
	crowd_free(c);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rounded),
		cmocka_unit_test(test_thousand),
		cmocka_unit_test(test_thousands),
	};
	page_xmllint = argc > 1 && argv[1][0] ? argv[1] : NULL;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
