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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_matching),
		cmocka_unit_test(test_versions),
		cmocka_unit_test(test_bindings),
		cmocka_unit_test(test_words_and_mean),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
