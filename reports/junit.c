/* SPDX-License-Identifier: MIT */
/* junit: runs as JUnit XML: a test suite per suite, a test case per case; what failed is a failure. */
#include "reports/junit.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>
#include <time.h>

#include "reports/escape.h"
#include "reports/words.h"

enum { LONGEST = 1000 };

void junit_attribute(struct assay_str *to, const char *name, const char *value)
{
	assay_str_add(to, " %s=\"", name);
	assay_escape_html(to, value ? value : "", LONGEST);
	assay_str_add(to, "\"");
}

void junit_counts(struct assay_str *to, const struct junit_tally *tally)
{
	assay_str_add(
		to, " tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" skipped=\"%zu\" time=\"%.3f\"",
		tally->tests, tally->failures, tally->errors, tally->skipped,
		(double)tally->elapsed_ns / 1e9);
}

void junit_timestamp(struct assay_str *to, uint64_t wall_ns)
{
	time_t seconds = (time_t)(wall_ns / 1000000000);
	struct tm tm;
	char text[32];
	if (wall_ns && gmtime_r(&seconds, &tm) &&
	    strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm))
		assay_str_add(to, " timestamp=\"%s\"", text);
}

void junit_property(struct assay_str *to, const char *name, const char *value)
{
	assay_str_add(to, "      <property");
	junit_attribute(to, "name", name);
	junit_attribute(to, "value", value);
	assay_str_add(to, "/>\n");
}

static void count(struct junit_tally *tally, const struct assay_result *r)
{
	tally->tests++;
	tally->failures += r->status == ASSAY_STATUS_FAILED;
	tally->errors += r->status == ASSAY_STATUS_CRASHED || r->status == ASSAY_STATUS_TIMEOUT;
	tally->skipped += r->status == ASSAY_STATUS_SKIPPED;
	tally->elapsed_ns += r->elapsed_ns;
}

static struct junit_tally tally_of(const struct assay_report_suite *suite)
{
	struct junit_tally tally = {0};
	for (size_t b = 0; b < suite->n_benches; b++)
		for (size_t i = 0; i < suite->benches[b].n_rows; i++)
			count(&tally, suite->benches[b].rows[i].result);
	return tally;
}

/* Why there is no figure; nothing for what was measured, however noisy. */
static void outcome(struct assay_str *to, const struct assay_result *r)
{
	const char *element = r->status == ASSAY_STATUS_SKIPPED  ? "skipped"
			      : r->status == ASSAY_STATUS_FAILED ? "failure"
								 : "error";
	if (assay_status_measured(r->status))
		return;
	assay_str_add(to, "      <%s", element);
	junit_attribute(to, "type", assay_status_name(r->status));
	junit_attribute(to, "message", r->reason);
	assay_str_add(to, "/>\n");
}

static void figures(struct assay_str *to, const struct assay_report_row *row)
{
	const struct assay_result *r = row->result;
	char value[64];
	assay_str_add(to, "      <system-out>");
	assay_escape_html(to, r->metric.name, LONGEST);
	assay_str_add(to, ": ");
	assay_escape_html(
		to, assay_report_value(r->estimate.median, r->metric.unit, value, sizeof(value)),
		LONGEST);
	if (isfinite(row->half_width))
		assay_str_add(to, " ± %.1f %%", 100 * row->half_width);
	assay_str_add(to, ", n = %zu", r->estimate.n);
	if (r->status == ASSAY_STATUS_UNSTABLE) {
		assay_str_add(to, "; unstable: ");
		assay_escape_html(to, r->reason, LONGEST);
	}
	assay_str_add(to, "</system-out>\n");
}

static void test_case(struct assay_str *to, const struct assay_report_bench *bench,
		      const struct assay_report_row *row)
{
	ASSAY_AUTO(assay_str_done) struct assay_str class = {0};
	assay_str_add(&class, "%s.%s", bench->suite, bench->name);
	assay_str_add(to, "    <testcase");
	junit_attribute(to, "name", row->result->name);
	junit_attribute(to, "classname", assay_str_text(&class));
	assay_str_add(to, " time=\"%.3f\">\n", (double)row->result->elapsed_ns / 1e9);
	outcome(to, row->result);
	if (assay_status_measured(row->result->status))
		figures(to, row);
	assay_str_add(to, "    </testcase>\n");
}

static void properties(struct assay_str *to, const struct assay_report_run *run)
{
	ASSAY_AUTO(assay_str_done) struct assay_str words = {0};
	const char noise[] = {run->info->noise ? run->info->noise : '?', '\0'};
	assay_report_run_in_words(&words, run);
	assay_str_add(to, "    <properties>\n");
	junit_property(to, "run", assay_str_text(&words));
	junit_property(to, "machine", run->machine.title);
	junit_property(to, "noise", noise);
	junit_property(to, "command", run->command);
	assay_str_add(to, "    </properties>\n");
}

/* Suites of several runs are told apart by the run's number. */
static void test_suite(struct assay_str *to, const struct assay_report_model *model,
		       const struct assay_report_run *run, const struct assay_report_suite *suite)
{
	ASSAY_AUTO(assay_str_done) struct assay_str name = {0};
	struct junit_tally tally = tally_of(suite);
	assay_str_add(&name, "%s", suite->name);
	if (model->n_runs > 1)
		assay_str_add(&name, ", run %" PRId64, run->info->id);
	assay_str_add(to, "  <testsuite");
	junit_attribute(to, "name", assay_str_text(&name));
	junit_counts(to, &tally);
	junit_timestamp(to, run->info->started_ns);
	assay_str_add(to, ">\n");
	properties(to, run);
	for (size_t b = 0; b < suite->n_benches; b++)
		for (size_t i = 0; i < suite->benches[b].n_rows; i++)
			test_case(to, &suite->benches[b], &suite->benches[b].rows[i]);
	assay_str_add(to, "  </testsuite>\n");
}

/* A file without tests passes everywhere; a run without results must not. */
static void nothing(struct assay_str *to)
{
	assay_str_add(to,
		      "  <testsuite name=\"assay\" tests=\"1\" failures=\"0\" errors=\"1\""
		      " skipped=\"0\" time=\"0.000\">\n"
		      "    <testcase name=\"anything measured\" classname=\"assay.run\""
		      " time=\"0.000\">\n"
		      "      <error type=\"empty\" message=\"the run has no result\"/>\n"
		      "    </testcase>\n  </testsuite>\n");
}

enum assay_code assay_report_junit(const struct assay_report_model *model, FILE *out,
				   const struct assay_report_options *options,
				   struct assay_err *err)
{
	ASSAY_AUTO(assay_str_done) struct assay_str to = {0};
	struct junit_tally all = {0};
	(void)options;
	for (size_t r = 0; r < model->n_runs; r++)
		for (size_t s = 0; s < model->runs[r].n_suites; s++) {
			struct junit_tally t = tally_of(&model->runs[r].suites[s]);
			all.tests += t.tests;
			all.failures += t.failures;
			all.errors += t.errors;
			all.elapsed_ns += t.elapsed_ns;
		}
	bool empty = all.tests == 0;
	assay_str_add(&to,
		      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"assay run\""
		      " tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" time=\"%.3f\">\n",
		      all.tests + empty, all.failures, all.errors + empty,
		      (double)all.elapsed_ns / 1e9);
	for (size_t r = 0; r < model->n_runs; r++)
		for (size_t s = 0; s < model->runs[r].n_suites; s++)
			test_suite(&to, model, &model->runs[r], &model->runs[r].suites[s]);
	if (empty)
		nothing(&to);
	assay_str_add(&to, "</testsuites>\n");
	if (to.failed)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for the report");
	if (fwrite(assay_str_text(&to), 1, to.length, out) != to.length || fflush(out) != 0)
		return assay_fail(err, ASSAY_EIO, "write the report: %s", strerror(errno));
	return ASSAY_OK;
}
