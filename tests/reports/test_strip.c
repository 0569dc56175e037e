/* SPDX-License-Identifier: MIT */
/* test_strip: what is drawn beside a figure: effects, densities, order, history, the machine, claims. */
#include <stdio.h>
#include <stdlib.h>

#include "harness/base/str.h"
#include "reports/strip.h"
#include "tests/reports/fixture.h"
#include "tests/reports/page.h"
#include "tests/t.h"

static size_t count(const char *text, const char *what)
{
	size_t n = 0;
	for (const char *at = text; (at = strstr(at, what)); at++)
		n++;
	return n;
}

static void test_effect(void **state)
{
	ASSAY_AUTO(assay_str_done) struct assay_str s = {0};
	(void)state;
	assay_strip_effect(&s, 1, 0.5, 2, 2);
	assert_non_null(strstr(s.text, "<circle cx=\"60.0\""));
	assert_non_null(strstr(s.text, "M1.8 7H118.2")); /* from one end to the other */
	assay_str_clear(&s);
	assay_strip_effect(&s, 9, NAN, NAN, 2); /* beyond: at the edge; no interval */
	assert_non_null(strstr(s.text, "<circle cx=\"118.2\""));
	assert_null(strstr(s.text, "H"));
	assay_str_clear(&s);
	assay_strip_effect(&s, NAN, NAN, NAN, 2);
	assert_null(strstr(s.text, "circle"));
}

static void test_order_shows_launches_and_preemption(void **state)
{
	double values[] = {10, 11, 12, 10, 11, 12};
	uint8_t flags[] = {0, ASSAY_SAMPLE_PREEMPTED, 0, 0, 0, ASSAY_SAMPLE_PREEMPTED};
	uint32_t ends[] = {2, 4, 6};
	const struct assay_result result = {
		.samples = {values, flags, 6, ends, 3},
		.estimate = {.median = 11, .lo = 10, .hi = 12, .mad = 1}};
	ASSAY_AUTO(assay_str_done) struct assay_str s = {0};
	(void)state;
	assert_true(assay_strip_order(&s, &result));
	assert_int_equal(count(s.text, "class=\"launch\""), 2);
	const char *preempted = strstr(s.text, "class=\"preempted\"");
	assert_non_null(preempted);
	assert_int_equal(count(preempted, "h.1"), 2); /* of no length they would not be printed */
	assert_int_equal(count(s.text, "h0"), 4);
}

/* However many samples there are, every preempted one is drawn, and the drawing stays small. */
static void test_order_of_many(void **state)
{
	enum { N = 5000 };
	double *values = calloc(N, sizeof(*values));
	uint8_t *flags = calloc(N, 1);
	ASSAY_AUTO(assay_str_done) struct assay_str s = {0};
	(void)state;
	assert_true(values && flags);
	for (size_t i = 0; i < N; i++)
		values[i] = (double)(i % 17);
	flags[7] = flags[4999] = ASSAY_SAMPLE_PREEMPTED;
	const struct assay_result result = {.samples = {values, flags, N, NULL, 0},
					    .estimate = {.median = 8, .mad = 4}};
	assert_true(assay_strip_order(&s, &result));
	assert_int_equal(count(strstr(s.text, "class=\"preempted\""), "h.1"), 2);
	assert_true(s.length < 2000);
	for (size_t i = 0; i < N; i += 2) /* half of them: no more of these, either */
		flags[i] = ASSAY_SAMPLE_PREEMPTED;
	assay_str_clear(&s);
	assert_true(assay_strip_order(&s, &result));
	assert_non_null(strstr(s.text, "class=\"dots\""));
	assert_true(s.length < 4000);
	free(values);
	free(flags);
}

static void test_range(void **state)
{
	double values[] = {10, 10.1, 9.9, 10, 1000, NAN};
	struct assay_result result = {.samples = {.values = values, .n = 6},
				      .estimate = {.median = 10, .mad = 0.1}};
	double lo, hi;
	size_t beyond;
	ASSAY_AUTO(assay_str_done) struct assay_str s = {0};
	(void)state;
	assert_true(assay_strip_range(&result, &lo, &hi, &beyond));
	assert_close(hi, 11.2, 1e-9); /* twelve deviations, not a thousand */
	assert_close(lo, 9.9, 1e-9);
	assert_int_equal(beyond, 1);
	assert_true(assay_strip_density(&s, &result));
	assert_non_null(strstr(s.text, "class=\"density\""));
	result.samples.n = 4;
	assert_false(assay_strip_density(&s, &result)); /* too few */
	for (size_t i = 0; i < 6; i++)
		values[i] = 3;
	result.samples.n = 6;
	assert_false(assay_strip_order(&s, &result)); /* nothing to tell apart */
}

static void test_history_of_one_machine(void **state)
{
	struct assay_history_point points[] = {
		{.run = 1, .median = 10, .fingerprint = {1}},
		{.run = 2, .median = 99, .fingerprint = {2}}, /* another machine */
		{.run = 3, .median = 12, .fingerprint = {1}},
		{.run = 4, .status = ASSAY_STATUS_FAILED, .median = NAN, .fingerprint = {1}},
		{.run = 5, .median = 12, .fingerprint = {1}},
	};
	struct assay_history series = {.points = points, .n = 5};
	struct assay_change_point changes[] = {{.run = 3, .state = ASSAY_CHANGE_CONFIRMED},
					       {.run = 2, .state = ASSAY_CHANGE_PROPOSED}};
	const struct assay_change_list list = {changes, 2, NULL};
	const struct assay_report_history history = {&series, &list};
	const struct assay_run_info run = {.id = 5, .fingerprint = {1}};
	ASSAY_AUTO(assay_str_done) struct assay_str s = {0};
	(void)state;
	assert_int_equal(assay_strip_history(&s, &history, &run), 3);
	assert_int_equal(count(s.text, "h0"), 4); /* one of them again, as this run's */
	assert_int_equal(count(s.text, "class=\"change confirmed\""), 1);
	assert_int_equal(count(s.text, "class=\"change\""), 0);
	series.n = 2;
	assay_str_clear(&s);
	assert_int_equal(assay_strip_history(&s, &history, &run), 0);
	assert_int_equal(s.length, 0);
}

static const char hybrid[] =
	"{\"caches\":[{\"bytes\":33554432,\"cpus\":\"0-3\",\"level\":3},{\"bytes\":2097152,"
	"\"cpus\":\"0-1\",\"level\":2}],\"pus\":["
	"{\"core\":0,\"cpu\":0,\"kind\":1,\"l3\":0,\"numa\":0,\"package\":0},"
	"{\"core\":0,\"cpu\":1,\"kind\":1,\"l3\":0,\"numa\":0,\"package\":0},"
	"{\"core\":2,\"cpu\":3,\"kind\":0,\"l3\":0,\"numa\":0,\"package\":0},"
	"{\"core\":1,\"cpu\":2,\"kind\":0,\"l3\":0,\"numa\":0,\"package\":1}]}";

static void test_machine(void **state)
{
	struct fixture *f = fixture_new();
	const struct assay_report_input input = {.run = &f->run};
	(void)state;
	char *page = page_of_runs(&input, 1);
	assert_null(strstr(page, "<svg class=\"topology\"")); /* it recorded no units */
	free(page);
	f->run.machine_json = hybrid;
	page = page_of_runs(&input, 1);
	assert_non_null(strstr(page, "3 cores and 4 hardware threads"));
	assert_int_equal(count(page, "class=\"package\"/>"), 2);
	assert_int_equal(count(page, "class=\"core\"/>"), 1);
	assert_int_equal(count(page, "class=\"core small\"/>"), 2);
	assert_non_null(strstr(page, ">CPU 0, 1</text>"));
	assert_non_null(strstr(page, ">L2 2Mi</text>"));
	assert_non_null(strstr(page, ">L3 32Mi, NUMA node 0</text>"));
	free(page);
	f->run.machine_json = "{\"pus\":[{\"core\":-1,\"cpu\":\"<\"}],\"caches\":7}";
	page = page_of_runs(&input, 1);
	assert_null(strstr(page, "<svg class=\"topology\""));
	free(page);
	fixture_free(f);
}

static char *in_words(const struct assay_report_input *input,
		      enum assay_code (*write)(const struct assay_report_model *, FILE *,
					       const struct assay_report_options *,
					       struct assay_err *))
{
	struct assay_report_model *model;
	struct assay_err err = {0};
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	assert_non_null(out);
	assert_ok(assay_report_model_new(input, 1, &model, &err));
	assert_ok(write(model, out, NULL, &err));
	assert_int_equal(fclose(out), 0);
	assay_report_model_free(model);
	return text;
}

static void test_claims(void **state)
{
	struct fixture *f = fixture_new();
	const struct assay_report_claim claims[] = {
		{"S0.x", "a <paper>", "words", "<= 12.00 ns", "99.0 ns [98, 100]", "refuted", "",
		 false},
		{"S1.y", "", "", "–", "–", "not measurable", "no such device", true},
	};
	const struct assay_report_input input = {.run = &f->run, .claims = claims, .n_claims = 2};
	(void)state;
	char *page = page_of_runs(&input, 1);
	assert_non_null(strstr(page, "Claims beside measurements"));
	assert_non_null(strstr(page, "✗ refuted"));
	assert_non_null(strstr(page, "a &lt;paper&gt;"));
	assert_non_null(strstr(page, "&lt;= 12.00 ns"));
	assert_non_null(strstr(page, "1 that this run did not measure"));
	assert_non_null(strstr(page, "no such device"));
	free(page);
	/* In words, too. */
	page = in_words(&input, assay_report_text);
	assert_non_null(strstr(page, "\n  S0.x   refuted  <= 12.00 ns  99.0 ns [98, 100]\n"));
	assert_non_null(strstr(page, "1 that this run did not measure"));
	free(page);
	page = in_words(&input, assay_report_markdown);
	assert_non_null(
		strstr(page, "| S0.x | refuted | &lt;\\= 12.00 ns | 99.0 ns \\[98, 100\\] |\n"));
	assert_null(strstr(page, "S1.y"));
	free(page);
	fixture_free(f);
}

/* Samples are drawn with their case; a case without any is not there. */
static void test_samples_in_a_page(void **state)
{
	double values[] = {10, 11, 12, 10, 11, 12};
	uint8_t flags[] = {0, ASSAY_SAMPLE_PREEMPTED, 0, 0, 0, 0};
	uint32_t ends[] = {3, 6};
	struct fixture *f = fixture_new();
	(void)state;
	FIXTURE_ADD(f, "memory", "b", "x", NULL, .median = 11)->samples =
		(struct assay_samples){values, flags, 6, ends, 2};
	FIXTURE_ADD(f, "memory", "b", "y", NULL, .median = 12);
	const struct assay_report_input input = {&f->run, .results = f->results, .n_results = f->n};
	char *page = page_of_runs(&input, 1);
	assert_non_null(strstr(page, "<summary>Samples</summary>"));
	assert_int_equal(count(page, "<svg class=\"strip\""), 2);
	assert_non_null(strstr(page, "2 launches, 1 of 6 preempted"));
	assert_non_null(strstr(page, "data-v=\"10\">10.00 ns to 12.00 ns"));
	free(page);
	fixture_free(f);
}

static void test_matrix(void **state)
{
	static const char *const ways[] = {"from:1/to:2", "from:1/to:3", "from:2/to:3"};
	struct fixture *f = fixture_new();
	(void)state;
	for (size_t i = 0; i < 3; i++)
		FIXTURE_ADD(f, "memory", "core_to_core", "cas", ways[i],
			    .median = i == 1 ? 2000 : 50);
	const struct assay_report_input input = {&f->run, .results = f->results, .n_results = f->n};
	char *page = page_of_runs(&input, 1);
	assert_non_null(strstr(page, "<summary>From each to each: cas</summary>"));
	assert_non_null(strstr(page, "<td class=\"r tint5\" data-v=\"2000\">2.000 us</td>"));
	assert_int_equal(count(page, "<td class=\"r tint1\" data-v=\"50\">50.00 ns</td>"), 2);
	assert_null(strstr(page, "<summary>All "));
	free(page);
	fixture_free(f);
}

/* A cell has room for one figure: where a third axis has several, the table tells them apart. */
static void test_no_matrix(void **state)
{
	static const char *const ways[] = {"from:1/to:2/size:64", "from:1/to:3/size:64",
					   "from:2/to:3/size:64", "from:1/to:2/size:4Ki"};
	struct fixture *f = fixture_new();
	(void)state;
	for (size_t i = 0; i < 4; i++)
		FIXTURE_ADD(f, "memory", "core_to_core", "cas", ways[i], .median = 50 + (double)i);
	const struct assay_report_input input = {&f->run, .results = f->results, .n_results = f->n};
	char *page = page_of_runs(&input, 1);
	assert_null(strstr(page, "From each to each"));
	assert_non_null(strstr(page, ">53.00 ns</td>"));
	free(page);
	fixture_free(f);
}

/* The map says what the table would, row by row: that is folded when it is long. */
static void test_matrix_of_many(void **state)
{
	enum { CORES = 8, PAIRS = CORES * (CORES - 1) / 2 };
	char ways[PAIRS][32];
	size_t n = 0;
	struct fixture *f = fixture_new();
	(void)state;
	for (unsigned a = 0; a < CORES; a++) {
		for (unsigned b = a + 1; b < CORES; b++) {
			snprintf(ways[n], sizeof(ways[n]), "from:%u/to:%u", a, b);
			FIXTURE_ADD(f, "memory", "core_to_core", "cas", ways[n++], .median = 50);
		}
	}
	const struct assay_report_input input = {&f->run, .results = f->results, .n_results = f->n};
	char *page = page_of_runs(&input, 1);
	assert_non_null(strstr(page, "<summary>All 28 cases</summary>"));
	free(page);
	fixture_free(f);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_effect),
		cmocka_unit_test(test_order_shows_launches_and_preemption),
		cmocka_unit_test(test_order_of_many),
		cmocka_unit_test(test_range),
		cmocka_unit_test(test_history_of_one_machine),
		cmocka_unit_test(test_machine),
		cmocka_unit_test(test_claims),
		cmocka_unit_test(test_matrix),
		cmocka_unit_test(test_no_matrix),
		cmocka_unit_test(test_matrix_of_many),
		cmocka_unit_test(test_samples_in_a_page),
	};
	page_xmllint = argc > 1 && argv[1][0] ? argv[1] : NULL;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
