/* SPDX-License-Identifier: MIT */
/* test_pairs: equal series of two runs meet, whatever their order, and what is alone is said to be. */
#include "harness/gate/pairs.h"
#include "tests/t.h"

static struct assay_result measured(const char *benchmark, const char *metric, double median)
{
	return (struct assay_result){
		.name = benchmark,
		.suite = "memory",
		.benchmark = benchmark,
		.subject = "",
		.version = 1,
		.threads = 1,
		.metric = {metric, "ns/op", ASSAY_LOWER},
		.primary = true,
		.reason = "",
		.noise = 'A',
		.estimate = {.n = 30, .median = median, .lo = median, .hi = median},
	};
}

static void test_matching(void **state)
{
	struct assay_result a[] = {measured("one", "time", 10), measured("two", "time", 20),
				   measured("gone", "time", 5), measured("broke", "time", 7)};
	struct assay_result b[] = {measured("new", "time", 1), measured("two", "time", 20),
				   measured("broke", "time", 7), measured("one", "time", 10)};
	struct assay_pairs pairs;
	struct assay_err err = {0};
	(void)state;
	b[2].status = ASSAY_STATUS_CRASHED;
	assert_ok(assay_pairs_match(a, 4, b, 4, false, NULL, 0.02, &pairs, &err));
	assert_int_equal(pairs.n_compared, 2);
	assert_ptr_equal(pairs.compared[0].a, &a[0]);
	assert_ptr_equal(pairs.compared[0].b, &b[3]);
	assert_ptr_equal(pairs.compared[1].b, &b[1]);
	assert_int_equal(pairs.n_lost, 2);
	assert_null(pairs.lost[0].b);             /* not there at all */
	assert_ptr_equal(pairs.lost[1].b, &b[2]); /* there, without a figure */
	assert_int_equal(pairs.n_found, 1);
	assert_ptr_equal(pairs.found[0].b, &b[0]);
	assay_pairs_done(&pairs);
	assert_ok(assay_pairs_match(a, 4, b, 4, false, "other", 0.02, &pairs, &err));
	assert_int_equal(pairs.n_compared + pairs.n_lost + pairs.n_found, 0);
	assay_pairs_done(&pairs);
}

/* What neither run measured is on record all the same, once, whatever metric is asked for. */
static void test_neither(void **state)
{
	struct assay_result a[] = {measured("one", "time", 10), measured("broke", "time", 7),
				   measured("gone", "time", 7), measured("fixed", "time", 7)};
	struct assay_result b[] = {measured("broke", "time", 7), measured("new", "time", 7),
				   measured("one", "time", 10), measured("fixed", "time", 7)};
	struct assay_pairs pairs;
	struct assay_err err = {0};
	(void)state;
	a[1].status = b[0].status = ASSAY_STATUS_CRASHED;
	a[2].status = a[3].status = b[1].status = ASSAY_STATUS_TIMEOUT;
	assert_ok(assay_pairs_match(a, 4, b, 4, false, NULL, 0.02, &pairs, &err));
	assert_int_equal(pairs.n_compared, 1);
	assert_int_equal(pairs.n_lost, 0);
	assert_int_equal(pairs.n_found, 1);
	assert_int_equal(pairs.n_neither, 3);
	assert_ptr_equal(pairs.neither[0].a, &a[2]); /* the candidate has it not at all */
	assert_null(pairs.neither[0].b);
	assert_ptr_equal(pairs.neither[1].a, &a[1]);
	assert_ptr_equal(pairs.neither[1].b, &b[0]);
	assert_null(pairs.neither[2].a);
	assert_ptr_equal(pairs.neither[2].b, &b[1]);
	assay_pairs_done(&pairs);
	assert_ok(assay_pairs_match(a, 4, b, 4, false, "other", 0.02, &pairs, &err));
	assert_int_equal(pairs.n_compared + pairs.n_lost + pairs.n_found, 0);
	assert_int_equal(pairs.n_neither, 3);
	assay_pairs_done(&pairs);
	a[1].primary = b[0].primary = a[2].primary = b[1].primary = false;
	assert_ok(assay_pairs_match(a, 4, b, 4, false, "other", 0.02, &pairs, &err));
	assert_int_equal(pairs.n_neither, 0);
	assay_pairs_done(&pairs);
}

/* Another version of a benchmark is another series. */
static void test_versions(void **state)
{
	struct assay_result a = measured("one", "time", 10), b = a;
	struct assay_pairs pairs;
	struct assay_err err = {0};
	(void)state;
	b.version = 2;
	assert_ok(assay_pairs_match(&a, 1, &b, 1, false, NULL, 0.02, &pairs, &err));
	assert_int_equal(pairs.n_compared, 0);
	assert_int_equal(pairs.n_lost, 1);
	assert_int_equal(pairs.n_found, 1);
	assay_pairs_done(&pairs);
}

/* Ranks that were bound otherwise are no partners, and are known from what is merely missing. */
static void test_bindings(void **state)
{
	struct assay_result a[] = {measured("m/one/ranks:2/binding:cores/threads:1", "time", 10),
				   measured("m/two/ranks:2/binding:cores/threads:1", "time", 10),
				   measured("m/three/threads:1", "time", 10)};
	struct assay_result b[] = {measured("m/one/ranks:2/binding:none/threads:1", "time", 20),
				   measured("m/two/ranks:4/binding:none/threads:1", "time", 5),
				   measured("m/four/threads:1", "time", 5)};
	struct assay_pairs pairs;
	struct assay_err err = {0};
	char of_a[16], of_b[16];
	(void)state;
	b[1] = measured("m/two/ranks:2/binding:sixteen-and-more/threads:1", "time", 5);
	assert_ok(assay_pairs_match(&a[1], 1, &b[1], 1, false, NULL, 0.02, &pairs, &err));
	assert_int_equal(assay_pairs_bound_apart(&pairs, of_a, of_b), 1);
	assert_string_equal(of_b, "sixteen-and-mor"); /* as much as there is room for */
	assay_pairs_done(&pairs);
	b[1] = measured("m/two/ranks:4/binding:none/threads:1", "time", 5);
	assert_ok(assay_pairs_match(a, 3, b, 3, false, NULL, 0.02, &pairs, &err));
	assert_int_equal(pairs.n_compared, 0);
	assert_int_equal(assay_pairs_bound_apart(&pairs, of_a, of_b), 1);
	assert_string_equal(of_a, "cores");
	assert_string_equal(of_b, "none");
	assay_pairs_done(&pairs);
	assert_ok(assay_pairs_match(a, 3, a, 3, false, NULL, 0.02, &pairs, &err));
	assert_int_equal(assay_pairs_bound_apart(&pairs, of_a, of_b), 0);
	assay_pairs_done(&pairs);
}

static void test_words_and_mean(void **state)
{
	struct assay_result a[] = {measured("one", "time", 10), measured("two", "time", 10)};
	struct assay_result b[] = {measured("one", "time", 20), measured("two", "time", 5)};
	struct assay_pairs pairs;
	struct assay_err err = {0};
	size_t n;
	(void)state;
	assert_ok(assay_pairs_match(a, 2, b, 2, true, NULL, 0.02, &pairs, &err));
	assert_close(assay_pairs_geomean(&pairs, 0, 2, &n), 1, 1e-12);
	assert_int_equal(n, 2);
	pairs.compared[0].comparison.verdict = ASSAY_SLOWER;
	assert_string_equal(assay_pair_word(&pairs, &pairs.compared[0]), "higher");
	pairs.hardware = false;
	assert_string_equal(assay_pair_word(&pairs, &pairs.compared[0]), "slower");
	a[0].metric.unit = "B";
	assert_string_equal(assay_pair_word(&pairs, &pairs.compared[0]), "worse");
	assay_pairs_done(&pairs);
}

static void grades_and_metrics(void **state)
{
	static const struct {
		char a, b;
		double allowance;
	} cases[] = {
		{'A', 'A', 0.01}, {'A', 'B', 0.02}, {'B', 'A', 0.02}, {'D', 'A', 0.08},
		{'A', 'D', 0.08}, {'C', 'A', 0.04}, {0, 'A', 0.04},   {'A', 0, 0.04},
		{'Z', 'A', 0.04}, {'A', 'E', 0.04}, {'D', 'Z', 0.08}, {'@', 'B', 0.04},
	};
	struct assay_pairs pairs;
	struct assay_err err = {0};
	(void)state;
	for (size_t i = 0; i < ASSAY_COUNT_OF(cases); i++) {
		struct assay_result a = measured("one", "time", 10), b = a;
		a.noise = cases[i].a;
		b.noise = cases[i].b;
		assert_ok(assay_pairs_match(&a, 1, &b, 1, false, NULL, 0.02, &pairs, &err));
		assert_close(pairs.compared[0].allowance, cases[i].allowance, 1e-12);
		assert_close(pairs.allowance, cases[i].allowance, 1e-12);
		assay_pairs_done(&pairs);
	}
}

/* Only what is asked for, of both sides; and what one side alone has stays in its order. */
static void one_metric_alone(void **state)
{
	struct assay_result a[] = {measured("one", "time", 10), measured("one", "share", 1),
				   measured("gone", "time", 3), measured("gone", "share", 1)};
	struct assay_result b[8];
	struct assay_pairs pairs;
	struct assay_err err = {0};
	static const char *const names[] = {"n0", "n1", "n2", "n3", "n4", "n5"};
	(void)state;
	b[0] = a[0];
	b[1] = a[1];
	for (size_t i = 0; i < 6; i++)
		b[i + 2] = measured(names[i], i % 2 ? "share" : "time", 1);
	assert_ok(assay_pairs_match(a, 4, b, 8, false, "time", 0.02, &pairs, &err));
	assert_int_equal(pairs.n_compared, 1);
	assert_ptr_equal(pairs.compared[0].a, &a[0]);
	assert_int_equal(pairs.n_lost, 1);
	assert_ptr_equal(pairs.lost[0].a, &a[2]);
	assert_int_equal(pairs.n_found, 3);
	for (size_t i = 0; i < 3; i++)
		assert_ptr_equal(pairs.found[i].b, &b[2 * i + 2]);
	assay_pairs_done(&pairs);
	assert_ok(assay_pairs_match(a, 4, b, 8, false, NULL, 0.02, &pairs, &err));
	assert_int_equal(pairs.n_found, 6);
	for (size_t i = 0; i < 6; i++)
		assert_ptr_equal(pairs.found[i].b, &b[i + 2]);
	assay_pairs_done(&pairs);
	/* there on both sides, measured on the second alone */
	a[0].status = ASSAY_STATUS_SKIPPED;
	assert_ok(assay_pairs_match(a, 1, b, 1, false, NULL, 0.02, &pairs, &err));
	assert_true(pairs.n_compared == 0 && pairs.n_lost == 0 && pairs.n_found == 1);
	assert_ptr_equal(pairs.found[0].a, &a[0]);
	assay_pairs_done(&pairs);
}

/* One table per metric: primary ones first, then by name, unit and direction, and within it as loaded. */
static void tables_stand_together(void **state)
{
	struct assay_result a[7];
	static const size_t order[] = {1, 4, 6, 3, 2, 0, 5};
	static const char *const metrics[] = {"b", "time", "b", "a", "time", "b", "time"};
	static const char *const units[] = {"us", "ns", "ns", "ns", "ns", "us", "ns"};
	static const char *const names[] = {"c0", "c1", "c2", "c3", "c4", "c5", "c6"};
	struct assay_pairs pairs;
	struct assay_err err = {0};
	(void)state;
	for (size_t i = 0; i < 7; i++) {
		a[i] = measured(names[i], metrics[i], 10);
		a[i].metric.unit = units[i];
		a[i].primary = i % 2 ? i == 1 : i == 4 || i == 6;
	}
	assert_ok(assay_pairs_match(a, 7, a, 7, false, NULL, 0.02, &pairs, &err));
	assert_int_equal(pairs.n_compared, 7);
	for (size_t i = 0; i < 7; i++)
		assert_ptr_equal(pairs.compared[i].a, &a[order[i]]);
	assay_pairs_done(&pairs);
}

static void words_of_each_verdict(void **state)
{
	struct assay_result a = measured("one", "time", 10);
	struct assay_pairs pairs;
	struct assay_err err = {0};
	(void)state;
	assert_ok(assay_pairs_match(&a, 1, &a, 1, true, NULL, 0.02, &pairs, &err));
	struct assay_pair *pair = &pairs.compared[0];
	pair->comparison.verdict = ASSAY_SAME;
	assert_string_equal(assay_pair_word(&pairs, pair), "same");
	pair->comparison.verdict = ASSAY_UNSURE;
	assert_string_equal(assay_pair_word(&pairs, pair), "unsure");
	pair->comparison.verdict = ASSAY_FASTER;
	pair->comparison.ratio = 0.5;
	assert_string_equal(assay_pair_word(&pairs, pair), "lower");
	pair->comparison.ratio = 1.25;
	assert_string_equal(assay_pair_word(&pairs, pair), "higher");
	pairs.hardware = false;
	assert_string_equal(assay_pair_word(&pairs, pair), "faster");
	a.metric.unit = "op/s";
	assert_string_equal(assay_pair_word(&pairs, pair), "faster");
	a.metric.unit = "B";
	assert_string_equal(assay_pair_word(&pairs, pair), "better");
	size_t n;
	pair->comparison.ratio = INFINITY;
	assert_true(isnan(assay_pairs_geomean(&pairs, 0, 1, &n)) && n == 0);
	pair->comparison.ratio = 0.25;
	assert_close(assay_pairs_geomean(&pairs, 0, 1, &n), 0.25, 1e-12);
	assay_pairs_done(&pairs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_matching),         cmocka_unit_test(test_neither),
		cmocka_unit_test(test_versions),         cmocka_unit_test(test_bindings),
		cmocka_unit_test(test_words_and_mean),   cmocka_unit_test(grades_and_metrics),
		cmocka_unit_test(one_metric_alone),      cmocka_unit_test(tables_stand_together),
		cmocka_unit_test(words_of_each_verdict),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
