/* SPDX-License-Identifier: MIT */
/* test_axis: the value grammar, and case names there and back. */
#include "tests/t.h"

#include <stdlib.h>

#include "harness/engine/axis.h"
#include "harness/engine/case.h"
#include "tests/engine/toy.h"

static const struct assay_axis_name names[] = {
	{"ncores", 4},
	{"llc", 1 << 20},
	{"l2", 0},
};

static void expands_to(const char *text, const double *want, size_t n_want)
{
	struct assay_err err = {0};
	double *got;
	size_t n;
	assert_ok(assay_axis_expand(text, names, ASSAY_COUNT_OF(names), &got, &n, &err));
	assert_int_equal(n, n_want);
	for (size_t i = 0; i < n; i++)
		assert_close(got[i], want[i], 1e-12);
	free(got);
}
#define EXPANDS(text, ...)                              \
	expands_to(text, (const double[]){__VA_ARGS__}, \
		   ASSAY_COUNT_OF(((const double[]){__VA_ARGS__})))

static void lists_and_ranges(void **state)
{
	(void)state;
	EXPANDS("16,256,4Ki", 16, 256, 4096);
	EXPANDS("1..ncores", 1, 2, 3, 4);
	EXPANDS("4Ki..64Ki:x2", 4096, 8192, 16384, 32768, 65536);
	EXPANDS("1..9:+3", 1, 4, 7, 9);
	EXPANDS("1..10:x3", 1, 3, 9, 10);
	EXPANDS("4*llc", 4 << 20);
	EXPANDS("1,2,1,2", 1, 2);
	EXPANDS("0..2", 0, 1, 2);
	EXPANDS("8..8", 8);
	EXPANDS("0.99", 0.99);
	EXPANDS("0.6..1.2:+0.2", 0.6, 0.8, 1.0, 1.2);
	EXPANDS("1..2,1Ki..4Ki:x2", 1, 2, 1024, 2048, 4096);
}

static void malformed_values_are_named(void **state)
{
	(void)state;
	static const struct {
		const char *text, *says;
	} bad[] = {
		{"", "missing"},       {"1,", "missing"},
		{"1..", "missing"},    {"..3", "missing"},
		{"banana", "banana"},  {"4..1", "backwards"},
		{"0..8:x2", "factor"}, {"1..8:x1", "outside"},
		{"1..8:+0", "never"},  {"1..8:2", "starts with"},
		{"l2", "not known"},   {"99999*ncoresx", "ncoresx"},
		{"-3", "-3"},          {"0.", "0."},
		{".5", ".5"},          {"1..8:x", "whole number"},
		{"1..100000", "4096"},
	};
	for (size_t i = 0; i < ASSAY_COUNT_OF(bad); i++) {
		struct assay_err err = {0};
		double *got;
		size_t n;
		assert_fails(assay_axis_expand(bad[i].text, names, ASSAY_COUNT_OF(names), &got, &n,
					       &err),
			     ASSAY_EUSAGE, bad[i].says);
	}
}

static void names_go_there_and_back(void **state)
{
	(void)state;
	struct assay_err err = {0};
	struct assay_registry *registry;
	assert_ok(assay_registry_new(&toy_table, &registry, &err));
	static const char *const good[] = {
		"toy/empty/threads:1",
		"toy/sweep/size:4Ki/mode:slow/subject:plain/threads:2",
	};
	for (size_t i = 0; i < ASSAY_COUNT_OF(good); i++) {
		struct assay_case c;
		assert_ok(assay_case_parse(registry, good[i], &c, &err));
		free(c.name);
		assert_ok(assay_case_compose(&c, &err));
		assert_string_equal(c.name, good[i]);
		assay_case_done(&c);
	}
	assay_registry_free(registry);
}

static void words_have_positions(void **state)
{
	(void)state;
	struct assay_err err = {0};
	struct assay_registry *registry;
	struct assay_case c;
	assert_ok(assay_registry_new(&toy_table, &registry, &err));
	assert_ok(
		assay_case_parse(registry, "toy/sweep/size:16/mode:slow/subject:plain", &c, &err));
	assert_close(c.params[0].value, 16, 0);
	assert_close(c.params[1].value, 1, 0);
	assay_case_done(&c);
	assert_fails(assay_case_parse(registry, "toy/sweep/size:16/mode:slwo", &c, &err),
		     ASSAY_EUSAGE, "slow");
	assert_fails(assay_case_parse(registry, "toy/sweep/colour:red", &c, &err), ASSAY_EUSAGE,
		     "no axis 'colour'");
	assert_fails(assay_case_parse(registry, "toy/nothing", &c, &err), ASSAY_EUSAGE,
		     "no such benchmark");
	assay_registry_free(registry);
}

static void texts_are_escaped_in_names_only(void **state)
{
	(void)state;
	struct assay_err err = {0};
	struct assay_registry *registry;
	struct assay_case c;
	assert_ok(assay_registry_new(&toy_table, &registry, &err));
	const char *name = "toy/replay/file:..%2Fa%20b%25%2A.csv/threads:1";
	assert_ok(assay_case_parse(registry, name, &c, &err));
	assert_string_equal(c.params[0].text, "../a b%*.csv");
	assert_close(c.params[0].value, -1, 0);
	free(c.name);
	assert_ok(assay_case_compose(&c, &err));
	assert_string_equal(c.name, name);
	assay_case_done(&c);
	assert_ok(assay_case_parse(registry, "toy/replay/file:other", &c, &err));
	assert_close(c.params[0].value, 1, 0);
	assay_case_done(&c);
	assert_fails(assay_case_parse(registry, "toy/replay/file:a%2", &c, &err), ASSAY_EUSAGE,
		     "no text");
	assay_registry_free(registry);
	char **paths;
	size_t n;
	assert_ok(assay_axis_texts("a/b,c", &paths, &n, &err));
	assert_int_equal(n, 2);
	assert_string_equal(paths[0], "a/b");
	assay_words_free(paths, n);
	assert_fails(assay_axis_texts("a,,b", &paths, &n, &err), ASSAY_EUSAGE, "missing");
	assert_fails(assay_axis_texts("a\nb", &paths, &n, &err), ASSAY_EUSAGE, "printed");
}

static void names_are_completed_or_refused(void **state)
{
	(void)state;
	struct assay_err err = {0};
	struct assay_registry *registry;
	struct assay_case c;
	assert_ok(assay_registry_new(&toy_table, &registry, &err));
	static const char *const good[][2] = {
		{"toy/empty", "toy/empty/threads:1"},
		{"toy/empty/threads:3", "toy/empty/threads:3"},
		{"toy/pair", "toy/pair/threads:2"},
		{"toy/sweep/threads:2/subject:plain/mode:slow/size:4096",
		 "toy/sweep/size:4Ki/mode:slow/subject:plain/threads:2"},
	};
	for (size_t i = 0; i < ASSAY_COUNT_OF(good); i++) {
		assert_ok(assay_case_resolve(registry, good[i][0], &c, &err));
		assert_string_equal(c.name, good[i][1]);
		assay_case_done(&c);
	}
	static const char *const bad[][2] = {
		{"toy", "no such benchmark"},
		{"toy/sweep", "axis 'size' is missing; it is measured with 16,4Ki"},
		{"toy/sweep/size:16/mode:slow/threads:1",
		 "'subject' is missing; it takes plain, other"},
		{"toy/sweep/size:16/mode:slow/subject:plain", "'threads' is missing"},
		{"toy/sweep/size:16/siez:16", "did you mean 'size'?"},
		{"toy/sweep/size:16/size:32", "axis 'size' is named twice"},
		{"toy/sweep/size:16,32/mode:slow/subject:plain/threads:1", "is not one value"},
		{"toy/sweep/size:16/mode:slow/subject:plian/threads:1", "did you mean 'plain'?"},
		{"toy/empty/subject:plain", "toy/empty does not take subject 'plain'"},
		{"toy/pair/threads:3", "toy/pair has 2 threads, not 3"},
	};
	for (size_t i = 0; i < ASSAY_COUNT_OF(bad); i++)
		assert_fails(assay_case_resolve(registry, bad[i][0], &c, &err), ASSAY_EUSAGE,
			     bad[i][1]);
	assay_registry_free(registry);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists_and_ranges),
		cmocka_unit_test(malformed_values_are_named),
		cmocka_unit_test(names_go_there_and_back),
		cmocka_unit_test(words_have_positions),
		cmocka_unit_test(texts_are_escaped_in_names_only),
		cmocka_unit_test(names_are_completed_or_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
