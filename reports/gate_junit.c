/* SPDX-License-Identifier: MIT */
/* gate_junit: a gate's report as JUnit XML: a suite per suite, a test case per series. */
#include <stdlib.h>
#include <string.h>

#include "reports/escape.h"
#include "reports/gate_say.h"
#include "reports/junit.h"

enum outcome {
	PASSED,
	FAILURE, /* slower, or vanished, or undecided where that fails: what was compared is not good */
	ERROR,   /* it did not end well: there is nothing to compare */
	SKIPPED, /* nothing to say about it */
};

static enum outcome outcome_of(const struct assay_gate_row *row, bool strict)
{
	switch (row->decision) {
	case ASSAY_DECISION_REGRESSED:
		return FAILURE;
	case ASSAY_DECISION_FAILED:
	case ASSAY_DECISION_MISSING:
		return ERROR;
	case ASSAY_DECISION_INCONCLUSIVE:
		return strict ? FAILURE : SKIPPED;
	case ASSAY_DECISION_NEW:
	case ASSAY_DECISION_SKIPPED:
		return SKIPPED;
	default:
		return PASSED;
	}
}

static void count(struct junit_tally *tally, const struct assay_gate_row *row, bool strict)
{
	enum outcome outcome = outcome_of(row, strict);
	tally->tests++;
	tally->failures += outcome == FAILURE;
	tally->errors += outcome == ERROR;
	tally->skipped += outcome == SKIPPED;
	tally->elapsed_ns += row->elapsed_ns;
}

static void details(struct assay_str *to, const struct assay_gate_row *row)
{
	ASSAY_AUTO(assay_str_done) struct assay_str text = {0};
	gate_say_details(&text, row);
	char *cursor = text.text;
	for (char *line; (line = strsep(&cursor, "\n"));) {
		if (!*line)
			continue;
		assay_escape_html(to, line, 1000);
		assay_str_add(to, "\n");
	}
	to->failed |= text.failed;
}

static void verdict(struct assay_str *to, const struct assay_gate_row *row, bool strict)
{
	static const char *const elements[] = {
		[FAILURE] = "failure", [ERROR] = "error", [SKIPPED] = "skipped"};
	enum outcome outcome = outcome_of(row, strict);
	if (outcome == PASSED)
		return;
	ASSAY_AUTO(assay_str_done) struct assay_str message = {0};
	gate_say_title(&message, row);
	assay_str_add(&message, ": ");
	gate_say_numbers(&message, row);
	assay_str_add(to, "      <%s", elements[outcome]);
	junit_attribute(to, "type", assay_decision_name(row->decision));
	junit_attribute(to, "message", assay_str_text(&message));
	assay_str_add(to, ">");
	details(to, row);
	assay_str_add(to, "</%s>\n", elements[outcome]);
}

static void test_case(struct assay_str *to, const struct assay_gate_row *row, bool strict)
{
	ASSAY_AUTO(assay_str_done) struct assay_str class = {0};
	ASSAY_AUTO(assay_str_done) struct assay_str name = {0};
	ASSAY_AUTO(assay_str_done) struct assay_str numbers = {0};
	assay_str_add(&class, "%s.%s", row->suite ? row->suite : "",
		      row->benchmark ? row->benchmark : "");
	gate_say_name(&name, row);
	gate_say_numbers(&numbers, row);
	assay_str_add(to, "    <testcase");
	junit_attribute(to, "name", assay_str_text(&name));
	junit_attribute(to, "classname", assay_str_text(&class));
	assay_str_add(to, " time=\"%.3f\">\n", (double)row->elapsed_ns / 1e9);
	verdict(to, row, strict);
	assay_str_add(to, "      <system-out>%s: ", assay_decision_name(row->decision));
	assay_escape_html(to, assay_str_text(&numbers), 1000);
	assay_str_add(to, "\n");
	details(to, row);
	assay_str_add(to, "</system-out>\n    </testcase>\n");
}

static void side(struct assay_str *to, const char *name, const struct assay_gate_side_info *info)
{
	ASSAY_AUTO(assay_str_done) struct assay_str text = {0};
	gate_say_side(&text, info);
	junit_property(to, name, assay_str_text(&text));
}

static void properties(struct assay_str *to, const struct assay_gate_report *report, bool strict)
{
	ASSAY_AUTO(assay_str_done) struct assay_str words = {0};
	ASSAY_AUTO(assay_str_done) struct assay_str work = {0};
	gate_say_answer(&words, report, strict);
	gate_say_work(&work, report);
	assay_str_add(to, "    <properties>\n");
	junit_property(to, "answer", assay_str_text(&words));
	side(to, "base", &report->base);
	side(to, "candidate", &report->cand);
	junit_property(to, "work", assay_str_text(&work));
	for (size_t i = 0; i < report->n_remarks; i++)
		junit_property(to, "remark", report->remarks[i]);
	assay_str_add(to, "    </properties>\n");
}

static const char *suite_of(const struct assay_gate_row *row)
{
	return row->suite ? row->suite : "";
}

/* All rows of the suite that row `from` opens. */
static void test_suite(struct assay_str *to, const struct assay_gate_report *report, size_t from,
		       bool strict)
{
	const char *name = suite_of(&report->rows[from]);
	struct junit_tally tally = {0};
	for (size_t i = from; i < report->n; i++)
		if (strcmp(suite_of(&report->rows[i]), name) == 0)
			count(&tally, &report->rows[i], strict);
	assay_str_add(to, "  <testsuite");
	junit_attribute(to, "name", *name ? name : "other");
	junit_counts(to, &tally);
	junit_timestamp(to, report->started_ns);
	assay_str_add(to, ">\n");
	if (from == 0)
		properties(to, report, strict);
	for (size_t i = from; i < report->n; i++)
		if (strcmp(suite_of(&report->rows[i]), name) == 0)
			test_case(to, &report->rows[i], strict);
	assay_str_add(to, "  </testsuite>\n");
}

/* A file without tests passes everywhere; a gate that compared nothing must not. */
static void nothing(struct assay_str *to, const struct assay_gate_report *report, bool strict)
{
	ASSAY_AUTO(assay_str_done) struct assay_str words = {0};
	gate_say_answer(&words, report, strict);
	assay_str_add(to,
		      "  <testsuite name=\"assay\" tests=\"1\" failures=\"0\" errors=\"1\""
		      " skipped=\"0\" time=\"0.000\">\n"
		      "    <testcase name=\"anything compared\" classname=\"assay.gate\""
		      " time=\"0.000\">\n      <error");
	junit_attribute(to, "type", "COVERAGE LOST");
	junit_attribute(to, "message", assay_str_text(&words));
	assay_str_add(to, "/>\n    </testcase>\n  </testsuite>\n");
}

enum assay_code assay_gate_write_junit(const struct assay_gate_report *report, FILE *out,
				       const struct assay_gate_options *options,
				       struct assay_err *err)
{
	bool strict = options && options->strict;
	ASSAY_AUTO(assay_str_done) struct assay_str to = {0};
	struct junit_tally tally = {0};
	size_t compared = gate_say_compared(report);
	for (size_t i = 0; i < report->n; i++)
		count(&tally, &report->rows[i], strict);
	assay_str_add(&to,
		      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"assay gate\""
		      " tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" time=\"%.3f\">\n",
		      tally.tests + !compared, tally.failures, tally.errors + !compared,
		      (double)report->elapsed_ns / 1e9);
	for (size_t i = 0; i < report->n; i++) {
		size_t j = 0; /* the first row of a suite writes all of it */
		while (strcmp(suite_of(&report->rows[j]), suite_of(&report->rows[i])) != 0)
			j++;
		if (j == i)
			test_suite(&to, report, i, strict);
	}
	if (!compared)
		nothing(&to, report, strict);
	assay_str_add(&to, "</testsuites>\n");
	return gate_say_write(&to, out, "JUnit XML", err);
}
