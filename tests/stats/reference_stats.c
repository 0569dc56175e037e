/* SPDX-License-Identifier: MIT */
/*
 * reference_stats: hold harness/stats against a file of cases computed elsewhere.
 *
 * usage: reference_stats FILE.json
 * The file is an object with an array `cases` of { fn, note, args{}, expect{}, tol, abs_tol }. A number
 * passes when |got - expect| <= max(tol |expect|, abs_tol); both are 0 where absent. Counts, ranks,
 * indices and flags must be equal; null means undefined. Exit: 0 all passed, 1 some failed, 2 the file
 * cannot be read or is malformed.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/stats/reference.h"

enum { MOST_FUNCTIONS = 64 };

/* Cases of one function. */
struct tally {
	const char *name;
	unsigned passed, failed;
};

struct tallies {
	struct tally of[MOST_FUNCTIONS];
	size_t n;
};

/* The case at hand. */
struct test_case {
	const char *fn, *note;
	const json_t *args, *expect;
	double tol, abs_tol;
};

static struct tally *tally_of(struct tallies *tallies, const char *name)
{
	for (size_t i = 0; i < tallies->n; i++)
		if (!strcmp(tallies->of[i].name, name))
			return &tallies->of[i];
	if (tallies->n == MOST_FUNCTIONS)
		return NULL;
	tallies->of[tallies->n] = (struct tally){.name = name};
	return &tallies->of[tallies->n++];
}

static bool is_close(const struct test_case *test, const struct field *field, double got,
		     double want)
{
	if (isnan(want) || isnan(got))
		return isnan(want) && isnan(got);
	if (field->integer || got == want)
		return got == want;
	return fabs(got - want) <= fmax(test->tol * fabs(want), test->abs_tol);
}

static void print_value(double value)
{
	if (isnan(value))
		fputs("undefined", stdout);
	else
		printf("%.17g", value);
}

/* `where` is the field, with its index where it is an array. */
static bool check_value(const struct test_case *test, const struct field *field, const char *where,
			double got, const json_t *expect)
{
	double want = json_is_number(expect) ? json_number_value(expect) : NAN;
	if (is_close(test, field, got, want))
		return true;
	printf("FAIL %s (%s): %s is ", test->fn, test->note, where);
	print_value(got);
	fputs(", expected ", stdout);
	print_value(want);
	if (field->integer || isnan(want))
		puts("");
	else
		printf(" within %g\n", fmax(test->tol * fabs(want), test->abs_tol));
	return false;
}

static bool check_array(const struct test_case *test, const struct field *field,
			const json_t *expect)
{
	if (!json_is_array(expect) || json_array_size(expect) != field->n) {
		printf("FAIL %s (%s): %s is an array of %zu\n", test->fn, test->note, field->name,
		       field->n);
		return false;
	}
	bool good = true;
	for (size_t i = 0; i < field->n && good; i++) {
		char where[80];
		snprintf(where, sizeof(where), "%s[%zu]", field->name, i);
		good = check_value(test, field, where, field->array[i], json_array_get(expect, i));
	}
	return good;
}

static bool check_outcome(const struct test_case *test, const struct outcome *outcome)
{
	bool good = true;
	const char *key;
	json_t *expect;
	json_object_foreach ((json_t *)test->expect, key, expect) {
		const struct field *field = NULL;
		for (size_t i = 0; i < outcome->n; i++)
			if (!strcmp(outcome->fields[i].name, key))
				field = &outcome->fields[i];
		if (!field) {
			printf("FAIL %s (%s): there is no result '%s'\n", test->fn, test->note,
			       key);
			good = false;
		} else if (field->is_array) {
			good &= check_array(test, field, expect);
		} else {
			good &= check_value(test, field, key, field->value, expect);
		}
	}
	return good;
}

/* Run one case; *ret_good says whether it passed. Fails where its arguments are malformed. */
static enum assay_code run_case(const struct test_case *test, bool *ret_good, struct assay_err *err)
{
	const struct reference *reference = references;
	while (reference->name && strcmp(reference->name, test->fn) != 0)
		reference++;
	*ret_good = false;
	if (!reference->name) {
		printf("FAIL %s (%s): there is no such function\n", test->fn, test->note);
		return ASSAY_OK;
	}
	struct arguments args = {.object = test->args};
	struct outcome outcome = {.n = 0};
	struct assay_err refused = {0};
	enum assay_code code = reference->run(&args, &outcome, &refused), ret = ASSAY_OK;
	if (args.err.code != ASSAY_OK)
		ret = assay_fail(err, ASSAY_EPARSE, "%s", args.err.text);
	else if (code == ASSAY_EPARSE)
		ret = assay_fail(err, ASSAY_EPARSE, "%s", refused.text);
	else if (code != ASSAY_OK)
		printf("FAIL %s (%s): %s\n", test->fn, test->note, refused.text);
	else
		*ret_good = check_outcome(test, &outcome);
	arguments_done(&args);
	outcome_done(&outcome);
	return ret;
}

/* A value of a case as it may be expected: number, null, or an array of these. */
static bool is_expectable(const json_t *value)
{
	size_t i;
	json_t *element;
	if (!json_is_array(value))
		return json_is_number(value) || json_is_null(value);
	json_array_foreach ((json_t *)value, i, element)
		if (!json_is_number(element) && !json_is_null(element))
			return false;
	return true;
}

static enum assay_code read_tolerance(const json_t *object, const char *name, double *ret,
				      struct assay_err *err)
{
	const json_t *value = json_object_get(object, name);
	*ret = json_number_value(value);
	if ((value && !json_is_number(value)) || !(*ret >= 0))
		return assay_fail(err, ASSAY_EPARSE, "'%s' is not a number from 0 up", name);
	return ASSAY_OK;
}

static enum assay_code read_case(const json_t *object, struct test_case *ret, struct assay_err *err)
{
	const char *key;
	json_t *value;
	ret->fn = json_string_value(json_object_get(object, "fn"));
	ret->note = json_string_value(json_object_get(object, "note"));
	ret->note = ret->note ? ret->note : "no note";
	ret->args = json_object_get(object, "args");
	ret->expect = json_object_get(object, "expect");
	if (!ret->fn || !json_is_object(ret->args))
		return assay_fail(err, ASSAY_EPARSE, "it needs a string 'fn' and an object 'args'");
	if (json_object_size(ret->expect) == 0)
		return assay_fail(err, ASSAY_EPARSE,
				  "'expect' is not an object with at least one value");
	json_object_foreach ((json_t *)ret->expect, key, value)
		if (!is_expectable(value))
			return assay_fail(err, ASSAY_EPARSE,
					  "expected '%s' is not a number, null or an array of "
					  "these",
					  key);
	enum assay_code code = read_tolerance(object, "tol", &ret->tol, err);
	return code == ASSAY_OK ? read_tolerance(object, "abs_tol", &ret->abs_tol, err) : code;
}

static enum assay_code run_cases(const json_t *cases, struct tallies *tallies,
				 struct assay_err *err)
{
	for (size_t i = 0; i < json_array_size(cases); i++) {
		struct test_case test;
		bool good = false;
		enum assay_code code = read_case(json_array_get(cases, i), &test, err);
		if (code == ASSAY_OK)
			code = run_case(&test, &good, err);
		if (code != ASSAY_OK)
			return assay_context(err, code, "case %zu", i + 1);
		struct tally *tally = tally_of(tallies, test.fn);
		if (!tally)
			return assay_fail(err, ASSAY_EPARSE,
					  "case %zu: more than %d different functions", i + 1,
					  MOST_FUNCTIONS);
		good ? tally->passed++ : tally->failed++;
	}
	return ASSAY_OK;
}

/* True when nothing failed. */
static bool print_tallies(const struct tallies *tallies)
{
	unsigned passed = 0, failed = 0;
	printf("%-24s %6s %6s\n", "function", "passed", "failed");
	for (size_t i = 0; i < tallies->n; i++) {
		const struct tally *tally = &tallies->of[i];
		printf("%-24s %6u %6u\n", tally->name, tally->passed, tally->failed);
		passed += tally->passed;
		failed += tally->failed;
	}
	printf("%-24s %6u %6u\n", "all", passed, failed);
	return failed == 0;
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		fputs("usage: reference_stats FILE.json\n", stderr);
		return 2;
	}
	json_error_t where;
	json_t *file = json_load_file(argv[1], JSON_REJECT_DUPLICATES, &where);
	if (!file) {
		if (where.line > 0)
			fprintf(stderr, "reference_stats: %s:%d: %s\n", argv[1], where.line,
				where.text);
		else
			fprintf(stderr, "reference_stats: %s\n", where.text);
		return 2;
	}
	const json_t *cases = json_object_get(file, "cases");
	struct tallies tallies = {.n = 0};
	struct assay_err err = {0};
	int rc = 2;
	if (json_array_size(cases) == 0)
		fprintf(stderr, "reference_stats: %s: no array 'cases' with at least one case\n",
			argv[1]);
	else if (run_cases(cases, &tallies, &err) != ASSAY_OK)
		fprintf(stderr, "reference_stats: %s: %s\n", argv[1], err.text);
	else
		rc = print_tallies(&tallies) ? 0 : 1;
	json_decref(file);
	return rc;
}
