/* SPDX-License-Identifier: MIT */
/* test_html: the page is well-formed, loads nothing, runs its one script only, and carries its own data. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/str.h"
#include "reports/page_data.h"
#include "tests/reports/fixture.h"
#include "tests/reports/page.h"
#include "tests/t.h"

static char *page_of(struct fixture *f, const char *gnuplot)
{
	const struct assay_report_options options = {.gnuplot = gnuplot};
	char *page = fixture_write(f, assay_report_html, &options);
	page_assert_sound(page);
	return page;
}

/* Of a page of one run. */
static json_t *run_of(const char *page)
{
	json_t *runs = page_runs(page);
	assert_int_equal(json_array_size(runs), 1);
	json_t *run = json_incref(json_array_get(runs, 0));
	json_decref(runs);
	return run;
}

static void test_whole_page(void **state)
{
	struct fixture *f = fixture_new();
	(void)state;
	fixture_fill(f);
	char *page = page_of(f, access("/usr/bin/gnuplot", X_OK) == 0 ? NULL : "/bin/false");
	assert_non_null(strstr(page, "<h1>Example CPU 9000</h1>"));
	assert_non_null(strstr(page, "assay run memory --seed 42"));
	const char *brief =
		strstr(page, "<p class=\"brief\">one &lt;allocation&gt; &amp; its release</p>");
	assert_non_null(brief);
	assert_null(strstr(brief + 1, "<p class=\"brief\">")); /* of others nobody knows more */
	assert_non_null(strstr(page, "1.2 % of the time lost to other work"));
	assert_non_null(strstr(page, "unavailable: no cpufreq here"));
	assert_non_null(strstr(page, "libjemalloc.so.2 is not installed"));
	if (access("/usr/bin/gnuplot", X_OK) == 0) {
		assert_non_null(strstr(page, "<figure>"));
		assert_null(strstr(page, "Without figures"));
	}
	free(page);
	fixture_free(f);
}

static void test_without_gnuplot(void **state)
{
	struct fixture *f = fixture_new();
	(void)state;
	fixture_fill(f);
	char *page = page_of(f, "/nowhere/gnuplot");
	assert_null(strstr(page, "<figure>"));
	assert_non_null(strstr(page, "Without figures: /nowhere/gnuplot is not installed"));
	assert_non_null(strstr(page, "98.00 ns"));
	free(page);
	page = page_of(f, "/bin/false");
	assert_non_null(strstr(page, "gnuplot gave up with status 1"));
	free(page);
	fixture_free(f);
}

/* The data of the page is what the model holds, to the last bit. */
static void test_embedded_data(void **state)
{
	double values[] = {1.1, 0.1 + 0.2, 3e-300, 4};
	uint8_t flags[] = {0, ASSAY_SAMPLE_PREEMPTED, 0, 0};
	uint32_t ends[] = {2, 4};
	struct fixture *f = fixture_new();
	(void)state;
	f->run.seed = UINT64_MAX;
	struct assay_result *r =
		FIXTURE_ADD(f, "memory", "b", "</script>&", "size:64/kind:x", .median = 0.1 + 0.2);
	r->samples = (struct assay_samples){values, flags, 4, ends, 2};
	r->estimate.sd = NAN;
	char *page = page_of(f, "/bin/false");
	json_t *run = run_of(page);
	json_t *result = json_array_get(json_object_get(run, "results"), 0);
	json_t *samples = json_object_get(result, "samples");
	assert_string_equal(json_string_value(json_object_get(run, "seed")),
			    "18446744073709551615");
	assert_string_equal(json_string_value(json_object_get(result, "subject")), "</script>&");
	assert_true(json_real_value(json_object_get(result, "median")) == 0.1 + 0.2);
	assert_true(json_is_null(json_object_get(result, "sd")));
	assert_int_equal(json_array_size(samples), 4);
	for (size_t i = 0; i < 4; i++)
		assert_true(json_number_value(json_array_get(samples, i)) == values[i]);
	assert_int_equal(json_array_size(json_object_get(result, "sample_flags")), 4);
	assert_int_equal(json_array_size(json_object_get(result, "launch_ends")), 2);
	json_decref(run);
	free(page);
	fixture_free(f);
}

static void assert_damaged(const char *page)
{
	struct assay_err err = {0};
	struct assay_page_reader *reader;
	const char *line;
	enum assay_code code = assay_page_reader_new(page, &reader, &err);
	assert_ok(code);
	do
		code = assay_page_reader_next(reader, &line, &err);
	while (code == ASSAY_OK && line);
	assert_fails(code, ASSAY_EPARSE, "damaged");
	assay_page_reader_free(reader);
}

/* A page that was cut off, edited or is another's gives a sentence, not a crash. */
static void test_damaged_data(void **state)
{
	struct fixture *f = fixture_new();
	struct assay_err err = {0};
	struct assay_page_reader *reader;
	(void)state;
	FIXTURE_ADD(f, "memory", "b", NULL, NULL, .median = 2);
	char *page = page_of(f, "/bin/false"), *data = strstr(page, "id=\"assay-data\">") + 16;
	assert_true(assay_page_data_is_in(page));
	char *last = strstr(data, "</script>") - 6, was = *last;
	*last = was == 'A' ? 'B' : 'A'; /* the checksum's */
	assert_damaged(page);
	*last = was;
	data[20] ^= 1;
	assert_damaged(page);
	data[20] = '!';
	assert_damaged(page);
	data[20] = '\0';
	assert_damaged(page);
	data[0] = '\0';
	assert_damaged(page);
	assert_false(assay_page_data_is_in("<html></html>"));
	assert_fails(assay_page_reader_new("<html></html>", &reader, &err), ASSAY_EPARSE,
		     "no page of assay");
	free(page);
	fixture_free(f);
}

static void test_too_many_samples(void **state)
{
	double values[] = {1, 2, 3};
	struct fixture *f = fixture_new();
	const struct assay_report_options options = {.gnuplot = "/bin/false", .max_samples = 2};
	(void)state;
	FIXTURE_ADD(f, "memory", "b", NULL, NULL, .median = 2)->samples =
		(struct assay_samples){.values = values, .n = 3};
	char *page = fixture_write(f, assay_report_html, &options);
	json_t *run = run_of(page);
	assert_true(json_is_false(json_object_get(run, "samples_embedded")));
	assert_int_equal(json_integer_value(json_object_get(run, "samples")), 3);
	json_decref(run);
	free(page);
	fixture_free(f);
}

static void test_counters(void **state)
{
	struct assay_count counts[] = {
		{"instructions", "papi", "", ASSAY_EXACT, 12.5, 100, 1, 1, ""},
		{"page_faults", "rusage", "", ASSAY_SCALED, 0.25, 1, 2, 1, ""},
		{"task_clock", "rusage", "ns", ASSAY_EXACT, 2.5e5, 1, 2, 1, ""},
		{"cycles", "", "", ASSAY_UNAVAILABLE, 0, 0, 0, 0, "no <PMU> here"},
		{"peak_rss", "proc", "B", ASSAY_EXACT, 1e6, 1, 0, 0, "of the process, not per op"},
		{"planted", ASSAY_SOURCE_STATED, "", ASSAY_EXACT, 1000, 1000, 0, 0, ""},
	};
	struct fixture *f = fixture_new();
	(void)state;
	struct assay_result *r = FIXTURE_ADD(f, "memory", "b", NULL, NULL, .median = 2);
	r->counters = counts;
	r->n_counters = 6;
	char *page = page_of(f, "/bin/false");
	assert_non_null(strstr(page, ">instructions</th>"));
	assert_non_null(strstr(page, ">12.5</td>"));
	assert_non_null(strstr(page, ">0.25 (scaled)</td>"));
	/* What is no count per operation says so below the table. */
	assert_non_null(strstr(page,
			       "Of the counts: peak_rss (of the process, not per op); "
			       "planted (as the benchmark states it, not per operation)."));
	assert_non_null(strstr(page, "Not counted: cycles (no &lt;PMU&gt; here)"));
	assert_non_null(strstr(page, "data-v=\"250000\">250.0 us")); /* units scale */
	free(page);
	fixture_free(f);
}

/* All of them, however many events were counted. */
static void test_many_counters(void **state)
{
	enum { EVENTS = 40 };
	struct assay_count counts[EVENTS];
	struct fixture *f = fixture_new();
	(void)state;
	for (int i = 0; i < EVENTS; i++) {
		counts[i] = (struct assay_count){
			.source = "papi",
			.quality = i % 2 ? ASSAY_UNAVAILABLE : ASSAY_EXACT,
			.value = 1000 + i,
		};
		snprintf(counts[i].event, sizeof(counts[i].event), "event_%02d", i);
	}
	/* What the first case lacks the second has. */
	FIXTURE_ADD(f, "memory", "b", NULL, "size:1", .median = 2)->counters = &counts[1];
	f->results[0].n_counters = 1;
	struct assay_count second = counts[1];
	second.quality = ASSAY_EXACT;
	FIXTURE_ADD(f, "memory", "b", NULL, "size:2", .median = 2)->counters = &second;
	f->results[1].n_counters = 1;
	FIXTURE_ADD(f, "memory", "b", NULL, "size:3", .median = 2)->counters = counts;
	f->results[2].n_counters = EVENTS;
	char *page = page_of(f, "/bin/false");
	for (int i = 0; i < EVENTS; i++) {
		char want[32];
		snprintf(want, sizeof(want), i % 2 && i > 1 ? " event_%02d" : ">event_%02d</th>",
			 i);
		if (!strstr(page, want))
			fail_msg("no %s", want);
	}
	assert_non_null(strstr(page, "Not counted: event_03, event_05"));
	assert_non_null(strstr(page, ">1038</td>"));
	free(page);
	fixture_free(f);
}

/* Rows whose names differ at the end only can be told apart, in the table as in the figure. */
static void test_long_names(void **state)
{
	static const char *const names[] = {
		"a_name_longer_than_any_that_a_column_of_a_page_holds_64",
		"a_name_longer_than_any_that_a_column_of_a_page_holds_128"};
	char huge[200] = "";
	struct fixture *f = fixture_new();
	(void)state;
	memset(huge, 'x', sizeof(huge) - 4);
	memcpy(huge + sizeof(huge) - 4, "end", 4);
	for (size_t i = 0; i < 3; i++)
		FIXTURE_ADD(f, "memory", "b", i < 2 ? names[i] : huge, NULL,
			    .median = 1 + (double)i);
	char *page = page_of(f, NULL);
	assert_non_null(strstr(page,
			       "<th scope=\"row\" class=\"case\">a_name_longer_than_any_that_a_"
			       "column_of_a_page_holds_64</th>"));
	assert_non_null(strstr(page, "xxx…xxx"));
	assert_non_null(strstr(page, "xxxend</th>"));
	if (strstr(page, "<figure>")) {
		assert_non_null(strstr(page, "_page_holds_64</text>"));
		assert_non_null(strstr(page, "holds_128</text>"));
	}
	free(page);
	char *md = fixture_write(f, assay_report_markdown, NULL);
	assert_non_null(strstr(md, "xend |"));
	free(md);
	fixture_free(f);
}

/* 1.2 us is more than 900 ns to whoever sorts the overview. */
static void test_overview_sorts(void **state)
{
	struct fixture *f = fixture_new();
	(void)state;
	FIXTURE_ADD(f, "memory", "b", NULL, "size:1", .median = 900);
	FIXTURE_ADD(f, "memory", "b", NULL, "size:2", .median = 1200);
	char *page = page_of(f, "/bin/false");
	assert_non_null(strstr(page,
			       "<td class=\"r\" data-v=\"900\">900.0 ns/op</td>"
			       "<td class=\"r\" data-v=\"1200\">1.200 us/op</td>"));
	free(page);
	fixture_free(f);
}

static void test_little(void **state)
{
	struct fixture *f = fixture_new();
	(void)state;
	char *page = page_of(f, NULL);
	assert_non_null(strstr(page, "This run has no results."));
	free(page);
	FIXTURE_ADD(f, "memory", "b", "a", NULL, .status = ASSAY_STATUS_FAILED, .reason = "wrong");
	FIXTURE_ADD(f, "cache", "c", "a", NULL, .status = ASSAY_STATUS_TIMEOUT, .reason = "late");
	page = page_of(f, NULL);
	assert_null(strstr(page, "At a glance"));
	assert_non_null(strstr(page, "wrong"));
	free(page);
	FIXTURE_ADD(f, "memory", "one", NULL, NULL, .median = 3, .samples = 1);
	FIXTURE_ADD(f, "memory", "none", "a", NULL, .median = NAN);
	FIXTURE_ADD(f, "memory", "none", "b", NULL, .median = NAN);
	page = page_of(f, NULL);
	assert_non_null(strstr(page, "3.000 ns"));
	free(page);
	fixture_free(f);
}

static void test_hostile_names(void **state)
{
	static const char hostile[] =
		"\"'`</script><script>alert(1)</script>\x1b\xff\xe2\x80\xae]]>&nbsp;<!--";
	struct fixture *f = fixture_new();
	(void)state;
	char *huge = malloc(65537);
	assert_non_null(huge);
	memset(huge, '<', 65536);
	huge[65536] = '\0';
	const struct assay_tag tags[] = {{hostile, huge}};
	FIXTURE_ADD(f, hostile, hostile, hostile, "size:1", 1, hostile, hostile, .median = 1);
	FIXTURE_ADD(f, hostile, hostile, huge, "size:2", 1, hostile, hostile, .median = 2);
	FIXTURE_ADD(f, hostile, huge, hostile, NULL, .median = 3);
	FIXTURE_ADD(f, "memory", "latency", hostile, NULL, .status = ASSAY_STATUS_CRASHED,
		    .reason = huge);
	f->run.profile = f->run.machine_name = f->run.commit = hostile;
	f->run.tags = tags;
	f->run.n_tags = 1;
	char *page = page_of(f, NULL);
	assert_null(strstr(page, "alert(1)</script>"));
	assert_null(strchr(page, '\x1b'));
	/* Cut where it is shown, whole in the data. */
	json_t *run = run_of(page);
	json_t *results = json_object_get(run, "results");
	const char *subject =
		json_string_value(json_object_get(json_array_get(results, 1), "subject"));
	assert_int_equal(strlen(subject), 65536);
	json_decref(run);
	free(page);
	free(huge);
	fixture_free(f);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole_page),       cmocka_unit_test(test_without_gnuplot),
		cmocka_unit_test(test_embedded_data),    cmocka_unit_test(test_damaged_data),
		cmocka_unit_test(test_too_many_samples), cmocka_unit_test(test_counters),
		cmocka_unit_test(test_many_counters),    cmocka_unit_test(test_long_names),
		cmocka_unit_test(test_overview_sorts),   cmocka_unit_test(test_little),
		cmocka_unit_test(test_hostile_names),
	};
	page_xmllint = argc > 1 && argv[1][0] ? argv[1] : NULL;
	if (!page_xmllint)
		print_message("# xmllint is not installed: well-formedness is not tested\n");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
