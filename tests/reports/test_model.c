/* SPDX-License-Identifier: MIT */
/* test_model: order, ranks, gaps and facts of the report model. */
#include <stdlib.h>

#include "reports/words.h"
#include "tests/reports/fixture.h"
#include "tests/t.h"

static const struct assay_report_bench *bench(const struct assay_report_model *model,
					      const char *suite, const char *name)
{
	const struct assay_report_run *run = &model->runs[0];
	for (size_t s = 0; s < run->n_suites; s++)
		for (size_t b = 0; b < run->suites[s].n_benches; b++)
			if (strcmp(run->suites[s].name, suite) == 0 &&
			    strcmp(run->suites[s].benches[b].name, name) == 0)
				return &run->suites[s].benches[b];
	fail_msg("no %s/%s in the model", suite, name);
	return NULL;
}

static void test_suites_in_order(void **state)
{
	static const char *const want[] = {"memory", "cache",   "concurrency",
					   "gpu",    "scaling", "zoo"};
	struct fixture *f = fixture_new();
	(void)state;
	fixture_fill(f);
	const struct assay_report_run *run = fixture_model(f)->runs;
	assert_int_equal(run->n_suites, 6);
	for (size_t i = 0; i < 6; i++)
		assert_string_equal(run->suites[i].name, want[i]);
	assert_int_equal(run->by_status[ASSAY_STATUS_SKIPPED], 2);
	assert_int_equal(run->by_status[ASSAY_STATUS_FAILED], 1);
	assert_int_equal(run->by_status[ASSAY_STATUS_UNSTABLE], 1);
	assert_int_equal(run->by_status[ASSAY_STATUS_OK], run->n_cases - 4);
	fixture_free(f);
}

/* Sizes by value, not by letters; each row keeps its own number of threads. */
static void test_rows_by_axis(void **state)
{
	static const char *const sizes[] = {"512", "4Ki", "64Ki", "1Mi"};
	struct fixture *f = fixture_new();
	(void)state;
	for (unsigned i = 4; i-- > 0;) {
		char params[32];
		snprintf(params, sizeof(params), "size:%s", sizes[i]);
		for (unsigned threads = 16; threads >= 2; threads /= 2)
			FIXTURE_ADD(f, "memory", "b", NULL, params, threads, .median = 1);
	}
	const struct assay_report_bench *b = bench(fixture_model(f), "memory", "b");
	assert_int_equal(b->n_axes, 2);
	assert_int_equal(b->n_measured, 16);
	assert_true(b->axes[0].varies && b->axes[0].numeric && b->axes[1].varies);
	for (size_t r = 0; r < 16; r++) {
		char threads[12];
		snprintf(threads, sizeof(threads), "%u", 2u << (r % 4));
		assert_string_equal(b->rows[r].values[0], sizes[r / 4]);
		assert_string_equal(b->rows[r].values[1], threads);
		assert_int_equal(b->rows[r].result->threads, 2u << (r % 4));
	}
	fixture_free(f);
}

static void test_best_of_case(void **state)
{
	struct fixture *f = fixture_new();
	(void)state;
	FIXTURE_ADD(f, "memory", "b", "slow", "size:1", .median = 30);
	FIXTURE_ADD(f, "memory", "b", "null", "size:1", .median = 1);
	FIXTURE_ADD(f, "memory", "b", "fast", "size:1", .median = 10);
	FIXTURE_ADD(f, "memory", "b", "x_null", "size:1", .median = 2);
	FIXTURE_ADD(f, "memory", "b", "slow", "size:2", .median = 5);
	FIXTURE_ADD(f, "memory", "b", "fast", "size:2", .status = ASSAY_STATUS_CRASHED);
	const struct assay_report_bench *b = bench(fixture_model(f), "memory", "b");
	assert_int_equal(b->n_measured, 5);
	assert_string_equal(b->rows[0].result->subject, "fast");
	assert_true(b->rows[0].best && !b->rows[1].best);
	assert_close(b->rows[0].relative, 1.0, 1e-12);
	assert_close(b->rows[1].relative, 3.0, 1e-12);
	assert_true(isnan(b->rows[2].relative) && !b->rows[2].ranked);
	assert_true(isnan(b->rows[3].relative) && !b->rows[3].ranked);
	/* Alone in its case: nothing to be best of. */
	assert_false(b->rows[4].best);
	assert_true(isnan(b->rows[4].relative));
	assert_int_equal(b->n_subjects, 2);
	fixture_free(f);
}

static void test_higher_is_better(void **state)
{
	struct fixture *f = fixture_new();
	(void)state;
	FIXTURE_ADD(f, "cache", "g", "a", NULL, 1, "rate", "op/s", ASSAY_HIGHER, 20);
	FIXTURE_ADD(f, "cache", "g", "b", NULL, 1, "rate", "op/s", ASSAY_HIGHER, 80);
	FIXTURE_ADD(f, "cache", "g", "odd", NULL, 1, "time", "ns/op", ASSAY_LOWER, 1);
	const struct assay_report_bench *b = bench(fixture_model(f), "cache", "g");
	assert_string_equal(b->rows[0].result->subject, "b");
	assert_close(b->rows[1].relative, 4.0, 1e-12);
	assert_true(isnan(b->rows[2].relative)); /* another unit is not compared */
	fixture_free(f);
}

static void test_nan_and_single_samples(void **state)
{
	struct fixture *f = fixture_new();
	(void)state;
	FIXTURE_ADD(f, "memory", "b", "a", NULL, .median = NAN);
	FIXTURE_ADD(f, "memory", "b", "b", NULL, .median = 7, .samples = 1);
	FIXTURE_ADD(f, "memory", "b", "c", NULL, .median = 9, .spread = 0.25);
	FIXTURE_ADD(f, "memory", "b", "d", NULL, .median = INFINITY);
	const struct assay_report_bench *b = bench(fixture_model(f), "memory", "b");
	assert_string_equal(b->rows[0].result->subject, "b");
	assert_true(b->rows[0].best && isnan(b->rows[0].half_width));
	assert_close(b->rows[1].half_width, 0.25, 1e-9);
	assert_true(isnan(b->rows[2].relative) && isnan(b->rows[3].relative));
	fixture_free(f);
}

/* What is known to the lower side only is known no better for being known well above. */
static void test_plus_minus_is_the_larger_side(void **state)
{
	(void)state;
	assert_close(assay_plus_minus(10, 9, 10.5), 0.1, 1e-12);
	assert_close(assay_plus_minus(10, 9.5, 12), 0.2, 1e-12);
	assert_close(assay_plus_minus(-10, -10.5, -9), 0.1, 1e-12);
	assert_true(isnan(assay_plus_minus(10, NAN, 12)) && isnan(assay_plus_minus(10, 9, NAN)));
	assert_true(isnan(assay_plus_minus(0, 0, 0)) && isnan(assay_plus_minus(NAN, 1, 2)));
	assert_true(isnan(assay_plus_minus(10, 9, INFINITY)));
}

static void test_metrics_beside(void **state)
{
	struct fixture *f = fixture_new();
	(void)state;
	fixture_fill(f);
	const struct assay_report_bench *b = bench(fixture_model(f), "cache", "get");
	assert_int_equal(b->n_rows, 4);
	assert_int_equal(b->n_beside, 1);
	for (size_t r = 0; r < 4; r++) {
		bool set_assoc = strcmp(b->rows[r].result->subject, "set_assoc") == 0;
		assert_string_equal(b->rows[r].result->metric.name, "rate");
		assert_close(b->rows[r].beside[0]->estimate.median, set_assoc ? 0.936 : 0.888,
			     1e-12);
	}
	fixture_free(f);
}

/* Of the metrics beside, the ratio of the primary one to the anchor stands first and is called so. */
static void test_ratio_to_the_anchor(void **state)
{
	struct fixture *f = fixture_new();
	struct assay_report_column columns[ASSAY_REPORT_COLUMNS];
	(void)state;
	FIXTURE_ADD(f, "memory", "b", "a", NULL, .median = 7);
	fixture_beside(f, "part", "ns", 3);
	fixture_beside(f, "part_vs_anchor_0123456789", "ratio", 1.5);
	fixture_beside(f, "time_vs_anchor_0123456789", "ratio", 1.25);
	const struct assay_report_bench *b = bench(fixture_model(f), "memory", "b");
	size_t n = assay_report_columns(b, columns), first = 0;
	while (first < n && columns[first].kind != ASSAY_COLUMN_BESIDE)
		first++;
	assert_int_equal(n, first + 3);
	assert_string_equal(columns[first].title, "vs anchor");
	assert_string_equal(columns[first + 1].title, "part");
	assert_string_equal(columns[first + 2].title, "part_vs_anchor_0123456789");
	assert_close(b->rows[0].beside[columns[first].index]->estimate.median, 1.25, 0);
	fixture_free(f);
}

/* The model does not depend on the order in which results arrive. */
static void test_order_of_input(void **state)
{
	struct fixture *f = fixture_new();
	(void)state;
	fixture_fill(f);
	char *forward = fixture_write(f, assay_report_text, NULL);
	for (size_t i = 0; i < f->n / 2; i++) {
		struct assay_result swapped = f->results[i];
		f->results[i] = f->results[f->n - 1 - i];
		f->results[f->n - 1 - i] = swapped;
	}
	char *backward = fixture_write(f, assay_report_text, NULL);
	assert_string_equal(forward, backward);
	free(forward);
	free(backward);
	fixture_free(f);
}

static void test_reasons_are_grouped(void **state)
{
	struct fixture *f = fixture_new();
	(void)state;
	for (unsigned t = 1; t <= 4; t++) {
		char reason[64];
		snprintf(reason, sizeof(reason), "known to %u.5 %% only", 10 * t);
		FIXTURE_ADD(f, "memory", "b", "a", NULL, t, .median = 1,
			    .status = ASSAY_STATUS_UNSTABLE);
		f->results[f->n - 1].reason = f->texts[f->n_texts++] = strdup(reason);
	}
	FIXTURE_ADD(f, "memory", "b", "b", NULL, 1, .status = ASSAY_STATUS_SKIPPED,
		    .reason = "absent");
	FIXTURE_ADD(f, "memory", "b", "b", NULL, 2, .status = ASSAY_STATUS_SKIPPED,
		    .reason = "absent");
	FIXTURE_ADD(f, "memory", "z", "b", NULL, .status = ASSAY_STATUS_TIMEOUT, .reason = "late");
	const struct assay_report_suite *suite = &fixture_model(f)->runs[0].suites[0];
	assert_int_equal(suite->n_problems, 3);
	assert_int_equal(suite->problems[0].status, ASSAY_STATUS_TIMEOUT);
	assert_int_equal(suite->problems[1].status, ASSAY_STATUS_UNSTABLE);
	assert_int_equal(suite->problems[1].n_cases, 4);
	assert_true(suite->problems[1].alike);
	assert_int_equal(suite->problems[2].n_cases, 2);
	assert_false(suite->problems[2].alike);
	struct assay_str cases = {0};
	assay_report_cases(&cases, &suite->problems[2], 3);
	assert_string_equal(cases.text, "subject:b/threads:1, subject:b/threads:2");
	assay_str_done(&cases);
	fixture_free(f);
}

static void test_facts(void **state)
{
	struct fixture *f = fixture_new();
	(void)state;
	f->run.command = "[\"./build/cli/assay\",\"run\",\"mem*\",\"--tag\",\"who=it's me\"]";
	const struct assay_report_run *run = fixture_model(f)->runs;
	assert_string_equal(run->machine.title, "Example CPU 9000");
	assert_close(run->machine.l2_bytes, 1048576, 0);
	assert_string_equal(run->machine.noise_reason, "1.2 % of the time lost to other work");
	assert_string_equal(run->command, "assay run 'mem*' --tag 'who=it'\\''s me' --seed 42");
	assert_int_equal(run->n_environment, 2);
	assert_string_equal(run->environment[0].value, "6.1.0");
	assert_null(run->environment[1].value);
	assert_string_equal(run->environment[1].unavailable, "no cpufreq here");
	fixture_free(f);
}

/* The seed goes before the foreign command, and never in twice. */
static void test_command_and_seed(void **state)
{
	struct fixture *f = fixture_new();
	(void)state;
	f->run.command = "[\"run\",\"--\",\"sleep\",\"1\"]";
	assert_string_equal(fixture_model(f)->runs[0].command, "assay run --seed 42 -- sleep 1");
	f->run.command = "[\"assay\",\"run\",\"--seed=9\"]";
	assert_string_equal(fixture_model(f)->runs[0].command, "assay run --seed=9");
	fixture_free(f);
}

static void test_damaged_documents(void **state)
{
	struct fixture *f = fixture_new();
	(void)state;
	f->run.command = "{";
	f->run.machine_json = "[1,2";
	f->run.environment_json = NULL;
	f->run.machine_name = NULL;
	const struct assay_report_run *run = fixture_model(f)->runs;
	assert_string_equal(run->machine.title, "unknown machine");
	assert_true(isnan(run->machine.l1d_bytes));
	assert_int_equal(run->n_environment, 0);
	assert_string_equal(run->command, "");
	fixture_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_suites_in_order),
		cmocka_unit_test(test_rows_by_axis),
		cmocka_unit_test(test_plus_minus_is_the_larger_side),
		cmocka_unit_test(test_best_of_case),
		cmocka_unit_test(test_higher_is_better),
		cmocka_unit_test(test_nan_and_single_samples),
		cmocka_unit_test(test_metrics_beside),
		cmocka_unit_test(test_ratio_to_the_anchor),
		cmocka_unit_test(test_order_of_input),
		cmocka_unit_test(test_reasons_are_grouped),
		cmocka_unit_test(test_facts),
		cmocka_unit_test(test_command_and_seed),
		cmocka_unit_test(test_damaged_documents),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
