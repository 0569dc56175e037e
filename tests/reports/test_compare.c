/* SPDX-License-Identifier: MIT */
/* test_compare: several runs on one page: what changed, machines as columns, what is missing. */
#include <stdio.h>
#include <stdlib.h>

#include "tests/reports/crowd.h"
#include "tests/reports/fixture.h"
#include "tests/reports/page.h"
#include "tests/t.h"

enum { LAUNCHES = 5, EACH = 4, SAMPLES = LAUNCHES * EACH };

/* Samples of launches that agree within a thousandth, around `median`. */
static void give_samples(struct assay_result *r, double median, double *values, uint8_t *flags,
			 uint32_t *ends)
{
	for (size_t i = 0; i < SAMPLES; i++) {
		values[i] = median * (1 + 0.0005 * ((double)(i * 7 % 5) - 2) / 2);
		flags[i] = 0;
	}
	for (size_t l = 0; l < LAUNCHES; l++)
		ends[l] = (uint32_t)((l + 1) * EACH);
	r->samples = (struct assay_samples){values, flags, SAMPLES, ends, LAUNCHES};
	r->estimate.mad = median * 0.0003;
}

/* A quiet run of four cases; its times are `factor` times as long, those of the last case the same. */
struct quiet {
	struct fixture *f;
	double values[4][SAMPLES];
	uint8_t flags[4][SAMPLES];
	uint32_t ends[4][LAUNCHES];
};

static struct quiet *quiet_new(double factor, char machine, const char *environment)
{
	static const char *const benches[] = {"alloc", "latency", "spawn", "steady"};
	static const char *const suites[] = {"memory", "memory", "concurrency", "memory"};
	struct quiet *q = calloc(1, sizeof(*q));
	assert_non_null(q);
	q->f = fixture_new();
	q->f->run.noise = 'A';
	q->f->run.machine_name = machine == 'a' ? "alpha" : "beta";
	q->f->run.fingerprint[0] = (uint8_t)machine;
	q->f->run.environment_json = environment;
	for (size_t i = 0; i < 4; i++) {
		double median = (double)(10 * (i + 1)) * (i == 3 ? 1 : factor);
		struct assay_result *r = FIXTURE_ADD(q->f, suites[i], benches[i], "x", "size:64",
						     .median = median, .spread = 0.001);
		r->noise = 'A';
		give_samples(r, median, q->values[i], q->flags[i], q->ends[i]);
	}
	return q;
}

static void quiet_free(struct quiet *q)
{
	fixture_free(q->f);
	free(q);
}

static struct assay_report_input input_of(struct quiet *q)
{
	return (struct assay_report_input){
		.run = &q->f->run, .results = q->f->results, .n_results = q->f->n};
}

static const char linux_6[] = "{\"kernel.release\":\"6.1.0\",\"load.average\":\"1\"}";
static const char linux_5[] = "{\"kernel.release\":\"5.10.<0>\",\"load.average\":\"9\"}";

static struct assay_report_model *model_of(const struct assay_report_input *inputs, size_t n)
{
	struct assay_err err = {0};
	struct assay_report_model *model;
	assert_ok(assay_report_model_new(inputs, n, &model, &err));
	return model;
}

static void test_model(void **state)
{
	struct quiet *a = quiet_new(1, 'a', linux_6), *b = quiet_new(0.5, 'b', linux_5);
	(void)state;
	FIXTURE_ADD(a->f, "memory", "only", "x", NULL, .median = 3);
	FIXTURE_ADD(a->f, "memory", "alloc", "null", "size:64", .median = 1);
	FIXTURE_ADD(b->f, "memory", "alloc", "null", "size:64", .median = 0.01);
	const struct assay_report_input inputs[] = {input_of(a), input_of(b)};
	struct assay_report_model *model = model_of(inputs, 2);
	const struct assay_report_comparison *c = model->comparison;
	assert_non_null(c);
	assert_true(c->hardware);
	assert_int_equal(c->n_suites, 2);
	/* memory: alloc 2, latency 2, steady 1; `only` is missing, the null subject does not count. */
	const struct assay_report_mean *mean = &c->suites[0].means[1];
	assert_string_equal(c->suites[0].suite, "memory");
	assert_int_equal(mean->n, 3);
	assert_int_equal(mean->missing, 1);
	assert_close(mean->gain, cbrt(4), 0.001);
	assert_close(mean->lo, 1, 0.001);
	assert_close(mean->hi, 2, 0.001);
	assert_close(mean->spread, exp(log(2) / sqrt(3)), 0.001);
	assert_true(isnan(c->suites[1].means[1].spread)); /* of one */
	assert_close(c->suites[0].means[0].gain, 1, 1e-12);
	/* What does not identify an environment, such as the load, is no difference. */
	assert_int_equal(c->n_differences, 1);
	assert_string_equal(c->differences[0].key, "kernel.release");
	assay_report_model_free(model);
	quiet_free(a);
	quiet_free(b);
}

static void test_one_run_has_none(void **state)
{
	struct quiet *a = quiet_new(1, 'a', linux_6);
	(void)state;
	const struct assay_report_input input = input_of(a);
	struct assay_report_model *model = model_of(&input, 1);
	assert_null(model->comparison);
	assay_report_model_free(model);
	quiet_free(a);
}

static char *written(const struct assay_report_input *inputs, size_t n, fixture_format *format)
{
	struct assay_err err = {0};
	struct assay_report_model *model = model_of(inputs, n);
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	assert_non_null(out);
	assert_ok(format(model, out, NULL, &err));
	assert_int_equal(fclose(out), 0);
	assay_report_model_free(model);
	return text;
}

static void test_what_changed(void **state)
{
	struct quiet *a = quiet_new(1, 'a', linux_6), *b = quiet_new(1.5, 'a', linux_5);
	(void)state;
	FIXTURE_ADD(a->f, "memory", "gone", "x", NULL, .median = 3);
	FIXTURE_ADD(b->f, "memory", "gone", "x", NULL, .status = ASSAY_STATUS_SKIPPED,
		    .reason = "no <such> thing");
	const struct assay_stored_verdict verdicts[] = {
		{.name = a->f->results[0].name,
		 .metric = "time",
		 .decision = "REGRESSED",
		 .reason = "",
		 .against = 7},
		{.name = a->f->results[1].name,
		 .metric = "time",
		 .decision = "IMPROVED",
		 .reason = "",
		 .against = 99}, /* than another run */
	};
	struct assay_report_input inputs[] = {input_of(a), input_of(b)};
	inputs[1].verdicts = verdicts;
	inputs[1].n_verdicts = 2;
	char *page = page_of_runs(inputs, 2);
	assert_non_null(strstr(page, "gate: REGRESSED"));
	assert_null(strstr(page, "gate: IMPROVED"));
	assert_non_null(strstr(page, "<h1>2 runs compared</h1>"));
	assert_non_null(strstr(page, "What changed from A to B"));
	assert_non_null(strstr(page, "<b>3</b> ▲ slower"));
	assert_non_null(strstr(page, "<b>1</b> ≈ same"));
	assert_non_null(strstr(page, ">1.500</td>"));
	assert_non_null(strstr(page, "<svg class=\"effect\""));
	assert_non_null(strstr(page, "kernel.release</th>"));
	assert_non_null(strstr(page, "5.10.&lt;0&gt;"));
	assert_null(strstr(page, "load.average</th>"));
	assert_non_null(strstr(page, "⊘ 1 measured in A only"));
	assert_non_null(strstr(page, "skipped no &lt;such&gt; thing"));
	assert_null(strstr(page, "Suite by suite"));
	free(page);
	quiet_free(a);
	quiet_free(b);
}

/* A ten-thousandth is not nothing: all decimals of it would be zeros. */
static void test_large_changes(void **state)
{
	struct quiet *a = quiet_new(1e4, 'a', linux_6), *b = quiet_new(1, 'a', linux_6);
	struct quiet *c = quiet_new(1, 'c', linux_6);
	(void)state;
	const struct assay_report_input changes[] = {input_of(a), input_of(b)};
	const struct assay_report_input machines[] = {input_of(c), input_of(a)};
	char *page = page_of_runs(changes, 2);
	assert_non_null(strstr(page, ">0.0001</td>"));
	assert_null(strstr(page, "0.000<"));
	assert_null(strstr(page, "[0.000"));
	free(page);
	page = page_of_runs(machines, 2);
	assert_non_null(strstr(page, "<b>0.0001×</b>"));
	assert_null(strstr(page, "0.00×"));
	assert_null(strstr(page, "[0.00,"));
	free(page);
	char *text = written(changes, 2, assay_report_text);
	assert_non_null(strstr(text, " 0.0001 "));
	free(text);
	text = written(machines, 2, assay_report_text);
	assert_non_null(strstr(text, "0.0001×"));
	free(text);
	quiet_free(a);
	quiet_free(b);
	quiet_free(c);
}

/* Each run of many has its table in words, as on the page. */
static void test_many_runs_in_words(void **state)
{
	enum { RUNS = 20 };
	struct quiet *q[RUNS];
	struct assay_report_input inputs[RUNS];
	size_t tables = 0;
	(void)state;
	for (size_t i = 0; i < RUNS; i++) {
		q[i] = quiet_new(1, 'a', linux_6);
		inputs[i] = input_of(q[i]);
	}
	char *text = written(inputs, RUNS, assay_report_text);
	for (const char *at = text; (at = strstr(at, "What changed from A to ")); at++)
		tables++;
	assert_int_equal(tables, RUNS - 1);
	free(text);
	for (size_t i = 0; i < RUNS; i++)
		quiet_free(q[i]);
}

/* Nothing but noise is said to have changed, and nothing is called a regression. */
static void test_nothing_changed(void **state)
{
	struct quiet *a = quiet_new(1, 'a', linux_6), *b = quiet_new(1, 'a', linux_6);
	(void)state;
	const struct assay_report_input inputs[] = {input_of(a), input_of(b)};
	char *page = page_of_runs(inputs, 2);
	assert_non_null(strstr(page, "Nothing that these figures can tell from noise"));
	assert_non_null(strstr(page, "Nothing of what identifies an environment"));
	assert_non_null(strstr(page, "<b>0</b> ▲ slower"));
	assert_non_null(strstr(page, "<b>4</b> ≈ same"));
	free(page);
	quiet_free(a);
	quiet_free(b);
}

static void test_nothing_in_common(void **state)
{
	struct quiet *a = quiet_new(1, 'a', linux_6);
	struct fixture *other = fixture_new();
	(void)state;
	memcpy(other->run.fingerprint, a->f->run.fingerprint, 32);
	FIXTURE_ADD(other, "zoo", "lion", NULL, NULL, .median = 3);
	const struct assay_report_input inputs[] = {
		input_of(a),
		{.run = &other->run, .results = other->results, .n_results = other->n}};
	char *page = page_of_runs(inputs, 2);
	assert_non_null(strstr(page, "The two have no case in common"));
	assert_null(strstr(page, "tell from noise"));
	free(page);
	quiet_free(a);
	fixture_free(other);
}

/* Sixteen threads come after two. */
static void test_order_of_numbers(void **state)
{
	static const char *const sizes[] = {"size:16Ki", "size:2Ki", "size:512"};
	struct quiet *a = quiet_new(1, 'a', linux_6), *b = quiet_new(1, 'b', linux_5);
	(void)state;
	for (size_t i = 0; i < ASSAY_COUNT_OF(sizes); i++)
		FIXTURE_ADD(a->f, "zoo", "lion", "x", sizes[i], .median = 3);
	const struct assay_report_input inputs[] = {input_of(a), input_of(b)};
	struct assay_report_model *model = model_of(inputs, 2);
	const struct assay_report_comparison *c = model->comparison;
	const struct assay_report_across *zoo = &c->suites[c->n_suites - 1];
	assert_string_equal(zoo->suite, "zoo");
	assert_int_equal(zoo->n_lines, 3);
	for (size_t i = 0; i < 3; i++)
		assert_non_null(strstr(zoo->lines[i].first->name, sizes[2 - i]));
	assay_report_model_free(model);
	quiet_free(a);
	quiet_free(b);
}

static void test_machines(void **state)
{
	struct quiet *a = quiet_new(1, 'a', linux_6), *b = quiet_new(0.5, 'b', linux_5);
	(void)state;
	FIXTURE_ADD(a->f, "memory", "only", "x", NULL, .median = 3);
	struct assay_report_input inputs[] = {input_of(a), input_of(b)};
	inputs[0].price = 100;
	inputs[1].price = 400;
	char *page = page_of_runs(inputs, 2);
	assert_non_null(strstr(page, "2 runs on 2 machines"));
	assert_non_null(strstr(page, "Suite by suite"));
	assert_non_null(strstr(page, "<b>1.59×</b>")); /* cube root of 4 */
	assert_non_null(strstr(page, "memory for the price"));
	assert_non_null(strstr(page, ">0.40×</td>")); /* at four times the price */
	assert_null(strstr(page, "for the power"));   /* nobody gave it */
	assert_non_null(strstr(page, ">⊘ not run</td>"));
	assert_non_null(strstr(page, "⊘ 1 missing"));
	/* The reference's column sorts by what stands in it, the others by their gains. */
	assert_non_null(strstr(page, "data-v=\"10\"><span class=\"soft\">10.00 ns</span>"));
	assert_non_null(strstr(page, "data-v=\"2\"><b>2.00×</b>"));
	assert_non_null(strstr(page, "nothing here is a regression"));
	assert_null(strstr(page, "slower</li>"));
	free(page);
	quiet_free(a);
	quiet_free(b);
}

static void test_odd_runs(void **state)
{
	struct fixture *empty = fixture_new(), *again = fixture_new();
	struct quiet *a = quiet_new(1, 'a', linux_6);
	(void)state;
	FIXTURE_ADD(again, "memory", "</table>", "<b>", NULL, .median = NAN);
	again->run.environment_json = "{";
	again->run.machine_name = "<script>";
	const struct assay_report_input inputs[] = {
		{.run = &empty->run},
		input_of(a),
		{.run = &again->run, .results = again->results, .n_results = again->n},
	};
	char *page = page_of_runs(inputs, 3);
	assert_non_null(strstr(page, "nothing in common"));
	assert_non_null(strstr(page, "&lt;script&gt;"));
	free(page);
	fixture_free(empty);
	fixture_free(again);
	quiet_free(a);
}

/* The same in Markdown and on a terminal: changes, what is missing and what is new. */
static void test_changes_in_words(void **state)
{
	struct quiet *a = quiet_new(1, 'a', linux_6), *b = quiet_new(1.5, 'a', linux_5);
	(void)state;
	FIXTURE_ADD(a->f, "memory", "gone", "x", NULL, .median = 3);
	FIXTURE_ADD(b->f, "memory", "fresh", "x|y", NULL, .median = 3);
	const struct assay_report_input inputs[] = {input_of(a), input_of(b)};
	char *md = written(inputs, 2, assay_report_markdown);
	assert_non_null(strstr(md, "#### What changed from A to B: 3 slower, 0 faster, 1 same"));
	assert_non_null(strstr(md, "| ▲ slower | memory/alloc/size:64/subject:x/threads:1 |"));
	assert_non_null(strstr(md, " | 1.500 | \\[1."));
	assert_non_null(strstr(md, "| ⊘ missing in B | memory/gone"));
	assert_non_null(strstr(md, "| \\+ new in B | memory/fresh/subject:x&#124;y"));
	assert_non_null(strstr(md, "| kernel.release | 6.1.0 | 5.10.&lt;0&gt; |"));
	/* The last run follows, the first does not. */
	assert_non_null(strstr(md, "<summary>memory/fresh</summary>"));
	assert_null(strstr(md, "<summary>memory/gone</summary>"));
	free(md);
	char *text = written(inputs, 2, assay_report_text);
	assert_non_null(strstr(text, "What changed from A to B: 3 slower, 0 faster, 1 same"));
	assert_non_null(strstr(text, "  ⊘ missing in B  memory/gone"));
	assert_non_null(strstr(text, "  kernel.release  6.1.0  5.10.<0>\n"));
	free(text);
	quiet_free(a);
	quiet_free(b);
}

/* Characters of the widest line. */
static size_t widest_line(const char *text)
{
	size_t most = 0, here = 0;
	for (const char *at = text; *at; at++) {
		here = *at == '\n' ? 0 : here + ((*at & 0xc0) != 0x80);
		most = here > most ? here : most;
	}
	return most;
}

/* A terminal has 80 columns: names go on over lines, and nothing of them is lost. */
static void test_words_fit(void **state)
{
	struct quiet *a = quiet_new(1, 'a', linux_6), *b = quiet_new(0.5, 'b', linux_6);
	struct quiet *c = quiet_new(1, 'a', linux_5);
	char *text;
	(void)state;
	FIXTURE_ADD(a->f, "memory", "a_benchmark_of_some_length", "a_subject_of_some_length",
		    "first_axis:4096/second_axis:something/third_axis:1", .median = 3);
	const struct assay_report_input changes[] = {input_of(a), input_of(c)};
	text = written(changes, 2, assay_report_text);
	assert_non_null(strstr(text, "first_axis:4096/\n"));
	assert_non_null(strstr(text, "subject:a_subject_of_some_"));
	assert_true(widest_line(text) <= 80);
	free(text);
	const struct assay_report_input machines[] = {input_of(a), input_of(b), input_of(c)};
	text = written(machines, 3, assay_report_text);
	assert_non_null(strstr(text, "a_benchmark_of_some_length/"));
	assert_non_null(strstr(text, "second_axis:something/"));
	assert_true(widest_line(text) <= 80);
	free(text);
	quiet_free(a);
	quiet_free(b);
	quiet_free(c);
}

/* Each cell has its own pair, however many there are and in whatever order. */
static void test_thousands_of_pairs(void **state)
{
	struct crowd *a = crowd_new(4000, 5), *b = crowd_new(4000, 5);
	const struct assay_report_input inputs[] = {crowd_input(a), crowd_input(b)};
	size_t pairs = 0;
	(void)state;
	struct assay_report_model *model = model_of(inputs, 2);
	const struct assay_report_comparison *c = model->comparison;
	for (size_t s = 0; s < c->n_suites; s++) {
		for (size_t i = 0; i < c->suites[s].n_lines; i++) {
			const struct assay_report_cell *cells = c->suites[s].lines[i].cells;
			assert_null(cells[0].pair);
			assert_non_null(cells[1].pair);
			assert_ptr_equal(cells[1].pair->a, cells[0].result);
			assert_ptr_equal(cells[1].pair->b, cells[1].result);
			pairs++;
		}
	}
	assert_int_equal(pairs, 4000);
	assay_report_model_free(model);
	crowd_free(a);
	crowd_free(b);
}

static void test_machines_in_words(void **state)
{
	struct quiet *a = quiet_new(1, 'a', linux_6), *b = quiet_new(0.5, 'b', linux_6);
	(void)state;
	FIXTURE_ADD(a->f, "memory", "only", "x", NULL, .median = 3);
	struct assay_report_input inputs[] = {input_of(a), input_of(b)};
	inputs[0].price = 100;
	inputs[1].price = 200;
	char *md = written(inputs, 2, assay_report_markdown);
	assert_non_null(strstr(md, "| suite | A, reference | B |"));
	assert_non_null(
		strstr(md, "| memory | 1.00×, 4 cases | 1.59× ×/÷ 1.49, 3 cases, ⊘ 1 missing |"));
	assert_non_null(strstr(md, "| memory for the price | 1.00× | 0.79× |"));
	assert_null(strstr(md, "for the power"));
	assert_non_null(strstr(md, "| memory/only/subject:x/threads:1 | 3.000 ns | ⊘ not run |"));
	assert_non_null(strstr(md, "| 2.00× 5.000 ns |"));
	assert_null(strstr(md, "slower"));
	free(md);
	quiet_free(a);
	quiet_free(b);
}

/* What does not fit is counted, and the whole stays below its limit. */
static void test_many_changes(void **state)
{
	struct fixture *a = fixture_new(), *b = fixture_new();
	(void)state;
	for (unsigned t = 1; t <= 300; t++)
		FIXTURE_ADD(a, "memory", "gone", "subject", NULL, t, .median = t);
	FIXTURE_ADD(b, "memory", "b", "subject", NULL, .median = 1);
	const struct assay_report_input inputs[] = {
		{.run = &a->run, .results = a->results, .n_results = a->n},
		{.run = &b->run, .results = b->results, .n_results = b->n}};
	struct assay_report_model *model = model_of(inputs, 2);
	for (size_t bytes = 1000; bytes <= 9000; bytes += 1000) {
		const struct assay_report_options options = {.max_bytes = bytes};
		struct assay_err err = {0};
		char *md = NULL;
		size_t size, rows = 0;
		FILE *out = open_memstream(&md, &size);
		assert_non_null(out);
		assert_ok(assay_report_markdown(model, out, &options, &err));
		assert_int_equal(fclose(out), 0);
		assert_true(size <= bytes);
		for (const char *at = md; (at = strstr(at, "| ⊘ missing")); at++)
			rows++;
		assert_true(rows < 300);
		assert_non_null(strstr(md, " more in the full report."));
		free(md);
	}
	assay_report_model_free(model);
	fixture_free(a);
	fixture_free(b);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_model),
		cmocka_unit_test(test_one_run_has_none),
		cmocka_unit_test(test_what_changed),
		cmocka_unit_test(test_large_changes),
		cmocka_unit_test(test_many_runs_in_words),
		cmocka_unit_test(test_nothing_changed),
		cmocka_unit_test(test_nothing_in_common),
		cmocka_unit_test(test_order_of_numbers),
		cmocka_unit_test(test_machines),
		cmocka_unit_test(test_odd_runs),
		cmocka_unit_test(test_changes_in_words),
		cmocka_unit_test(test_machines_in_words),
		cmocka_unit_test(test_many_changes),
		cmocka_unit_test(test_words_fit),
		cmocka_unit_test(test_thousands_of_pairs),
	};
	page_xmllint = argc > 1 && argv[1][0] ? argv[1] : NULL;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
