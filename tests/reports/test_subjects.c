/* SPDX-License-Identifier: MIT */
/* test_subjects: one table of subjects by benchmarks: what stands in it, in which order, and what is missing. */
#include <stdio.h>
#include <stdlib.h>

#include "tests/reports/fixture.h"
#include "tests/reports/page.h"
#include "tests/t.h"

#define LABEL "aria-label=\"Subjects of memory by benchmark"

static void add(struct fixture *f, const char *benchmark, const char *subject, double median)
{
	FIXTURE_ADD(f, .suite = "memory", .benchmark = benchmark, .subject = subject,
		    .median = median, .params = "size:64");
}

static char *page_of(const struct fixture *f)
{
	const struct assay_report_input input = {
		.run = &f->run, .results = f->results, .n_results = f->n};
	return page_of_runs(&input, 1);
}

/* The row of a subject in the first such table, malloc'd. */
static char *row_of(const char *page, const char *subject)
{
	char head[80];
	const char *table = strstr(page, LABEL);
	assert_non_null(table);
	snprintf(head, sizeof(head), "<tr><th scope=\"row\">%s</th>", subject);
	const char *row = strstr(table, head);
	assert_non_null(row);
	return strndup(row, (size_t)(strstr(row, "</tr>") - row));
}

static void assert_row(const char *page, const char *subject, const char *cells)
{
	char *row = row_of(page, subject);
	if (!strstr(row, cells))
		fail_msg("%s lacks %s", row, cells);
	free(row);
}

static void subjects_meet_in_one_table(void **state)
{
	struct fixture *f = fixture_new();
	(void)state;
	add(f, "alloc_pair", "pool", 2);
	add(f, "alloc_pair", "glibc", 8);
	add(f, "alloc_pair", "arena", 5);
	add(f, "alloc_pair", "null", 1); /* the harness' own cost is no subject */
	add(f, "alloc_slots", "pool", 3);
	add(f, "alloc_slots", "glibc", 3.6);
	FIXTURE_ADD(f, .suite = "memory", .benchmark = "alloc_slots", .subject = "arena",
		    .params = "size:64", .status = ASSAY_STATUS_SKIPPED, .reason = "no such");
	/* Two cases: 1 and 4 times as far, and one that one lacks. */
	FIXTURE_ADD(f, .suite = "memory", .benchmark = "frag", .subject = "glibc",
		    .params = "size:1", .median = 10);
	FIXTURE_ADD(f, .suite = "memory", .benchmark = "frag", .subject = "pool",
		    .params = "size:1", .median = 40);
	FIXTURE_ADD(f, .suite = "memory", .benchmark = "frag", .subject = "glibc",
		    .params = "size:2", .median = 20);
	FIXTURE_ADD(f, .suite = "memory", .benchmark = "frag", .subject = "pool",
		    .params = "size:2", .median = 20);
	FIXTURE_ADD(f, .suite = "memory", .benchmark = "frag", .subject = "pool",
		    .params = "size:3", .status = ASSAY_STATUS_TIMEOUT, .reason = "late");
	char *page = page_of(f);
	assert_non_null(
		strstr(page, ">alloc_pair</th><th scope=\"col\" class=\"r\">alloc_slots</th>"));
	assert_row(page, "pool",
		   "<td class=\"r tint1\" data-v=\"1\">best</td><td class=\"r tint1\" "
		   "data-v=\"1\">best</td><td class=\"r tint3\" data-v=\"2\">2.00× <span "
		   "class=\"soft\">⊘ 1</span></td>");
	assert_row(page, "glibc", "4.00×</td><td class=\"r tint2\" data-v=\"1.2\">1.20×</td>");
	assert_row(page, "arena",
		   "2.50×</td><td class=\"r soft\">⊘ skipped</td><td class=\"r soft\">–</td>");
	const char *table = strstr(page, LABEL), *end = strstr(table, "</table>");
	assert_true(strstr(table, ">pool</th>") < strstr(table, ">glibc</th>"));
	const char *null = strstr(table, ">null</th>");
	assert_true(!null || null > end);
	free(page);
	fixture_free(f);
}

/* Other subjects are another table; one benchmark alone, or two subjects, are none. */
static void others_stay_apart(void **state)
{
	static const char *const kernels[] = {"avx2", "scalar", "sse"};
	struct fixture *f = fixture_new();
	(void)state;
	for (size_t i = 0; i < ASSAY_COUNT_OF(kernels); i++) {
		add(f, "bandwidth", kernels[i], 2 + (double)i);
		add(f, "line", kernels[i], 3 + (double)i);
	}
	add(f, "alloc_pair", "pool", 2);
	add(f, "alloc_pair", "glibc", 8);
	add(f, "alloc_pair", "arena", 5);
	add(f, "zpool", "lz4", 5);
	add(f, "zpool", "zstd", 6);
	add(f, "codec", "lz4", 5);
	add(f, "codec", "zstd", 6);
	char *page = page_of(f);
	const char *table = strstr(page, LABEL);
	assert_non_null(table);
	assert_null(strstr(table + 1, LABEL));
	char *row = row_of(page, "sse");
	free(row);
	free(page);
	fixture_free(f);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(subjects_meet_in_one_table),
		cmocka_unit_test(others_stay_apart),
	};
	page_xmllint = argc > 1 && argv[1][0] ? argv[1] : NULL;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
