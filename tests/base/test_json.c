/* SPDX-License-Identifier: MIT */
/* json: no NaN, no broken text, one line per event, and a full disk is an error. */
#include "tests/t.h"

#include <stdio.h>
#include <stdlib.h>

#include "harness/base/json.h"

static void reals(void **state)
{
	json_t *values[] = {assay_json_real(NAN), assay_json_real(INFINITY),
			    assay_json_real(-INFINITY), assay_json_real(0.1)};
	for (int i = 0; i < 3; i++)
		assert_true(json_is_null(values[i]));
	assert_true(json_real_value(values[3]) == 0.1);
	for (int i = 0; i < 4; i++)
		json_decref(values[i]);
}

static void assert_text(const char *from, const char *want)
{
	json_t *json = assay_json_text(from);
	assert_non_null(json);
	assert_string_equal(json_string_value(json), want);
	json_decref(json);
}

static void texts(void **state)
{
	assert_text("plain ä\n\t\"", "plain ä\n\t\"");
	assert_text(
		"a\xff"
		"b\n",
		"a?b\n"); /* what is valid stays, line end and all */
	assert_text("\xed\xa0\x80", "???");
	assert_text("", "");
	json_t *none = assay_json_text(NULL);
	assert_true(json_is_null(none));
	json_decref(none);
}

/* What `write` leaves in a file; freed by the caller. */
static char *written(enum assay_code (*write)(json_t *, FILE *, struct assay_err *), json_t *value)
{
	struct assay_err err = {0};
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	assert_non_null(out);
	assert_ok(write(value, out, &err));
	fclose(out);
	return text;
}

static void a_line_is_one_line(void **state)
{
	char *text = written(assay_json_line, json_pack("{s:s, s:[i,i]}", "b", "x\ny", "a", 1, 2));
	assert_string_equal(text, "{\"b\":\"x\\ny\",\"a\":[1,2]}\n");
	free(text);
}

static void numbers_survive(void **state)
{
	char *text = written(assay_json_line, json_real(1.0 / 3));
	assert_true(strtod(text, NULL) == 1.0 / 3);
	free(text);
}

static void a_document_ends_its_line(void **state)
{
	char *text = written(assay_json_document, json_pack("{s:i}", "a", 1));
	assert_string_equal(text, "{\n  \"a\": 1\n}\n");
	free(text);
}

static void failures_are_told(void **state)
{
	struct assay_err err = {0};
	assert_fails(assay_json_line(NULL, stdout, &err), ASSAY_ENOMEM, "out of memory");
	FILE *full = fopen("/dev/full", "w");
	assert_non_null(full);
	assert_fails(assay_json_line(json_integer(1), full, &err), ASSAY_EIO, "No space left");
	fclose(full);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reals),
		cmocka_unit_test(texts),
		cmocka_unit_test(a_line_is_one_line),
		cmocka_unit_test(numbers_survive),
		cmocka_unit_test(a_document_ends_its_line),
		cmocka_unit_test(failures_are_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
