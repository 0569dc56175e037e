/* SPDX-License-Identifier: MIT */
/* err: messages survive long texts, prefixes and NULL, and errno is left alone. */
#include "tests/t.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

static void fail_sets_code_and_text(void **state)
{
	struct assay_err err = {0};
	errno = ENOSPC;
	assert_int_equal(assay_fail(&err, ASSAY_EIO, "open '%s'", "x"), ASSAY_EIO);
	assert_int_equal(err.code, ASSAY_EIO);
	assert_string_equal(err.text, "open 'x'");
	assert_int_equal(errno, ENOSPC);
}

static void fail_without_err(void **state)
{
	assert_int_equal(assay_fail(NULL, ASSAY_ESTORE, "x"), ASSAY_ESTORE);
	assert_int_equal(assay_context(NULL, ASSAY_ESTORE, "x"), ASSAY_ESTORE);
}

static void fail_cuts_long_text(void **state)
{
	struct assay_err err;
	memset(&err, 'z', sizeof(err));
	char text[1000];
	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	assay_fail(&err, ASSAY_EBUG, "%s", text);
	assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
}

static void fail_may_quote_its_own_text(void **state)
{
	struct assay_err err = {0};
	assay_fail(&err, ASSAY_EIO, "first");
	assay_fail(&err, ASSAY_EENV, "second after %s, %s", err.text, err.text);
	assert_string_equal(err.text, "second after first, first");
}

static void context_prefixes(void **state)
{
	struct assay_err err = {0};
	assay_fail(&err, ASSAY_EPARSE, "not a number");
	errno = EBADF;
	assert_int_equal(assay_context(&err, ASSAY_EUSAGE, "%s:%d", "a.yaml", 3), ASSAY_EUSAGE);
	assert_string_equal(err.text, "a.yaml:3: not a number");
	assert_int_equal(err.code, ASSAY_EUSAGE);
	assert_int_equal(errno, EBADF);
}

static void context_of_success_is_nothing(void **state)
{
	struct assay_err err = {0};
	assert_int_equal(assay_context(&err, ASSAY_OK, "never"), ASSAY_OK);
	assert_string_equal(err.text, "");
}

static void context_keeps_place_and_cause(void **state)
{
	struct assay_err err = {0};
	char text[1000];
	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	/* A long cause loses its end, visibly, rather than the place. */
	assay_fail(&err, ASSAY_EPARSE, "cause %s", text);
	assay_context(&err, ASSAY_EPARSE, "a.yaml:3");
	assert_int_equal(strncmp(err.text, "a.yaml:3: cause aaa", 19), 0);
	assert_string_equal(err.text + strlen(err.text) - 4, "a...");
	assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
	/* Without a place too. */
	assay_fail(&err, ASSAY_EPARSE, "%s", text);
	assert_string_equal(err.text + strlen(err.text) - 4, "a...");
	assay_fail(&err, ASSAY_EPARSE, "%.*s", (int)sizeof(err.text) - 1, text); /* just fits */
	assert_string_equal(err.text + strlen(err.text) - 4, "aaaa");
	/* A place so long that it would drown the cause is dropped. */
	assay_fail(&err, ASSAY_EPARSE, "cause");
	assay_context(&err, ASSAY_EPARSE, "%s", text);
	assert_string_equal(err.text, "cause");
}

static void codes_have_distinct_names(void **state)
{
	for (int a = ASSAY_OK; a <= ASSAY_EBUG; a++)
		for (int b = a + 1; b <= ASSAY_EBUG; b++)
			assert_string_not_equal(assay_code_name(a), assay_code_name(b));
	assert_string_equal(assay_code_name((enum assay_code)99), "unknown");
}

static void cleanup_keeps_errno(void **state)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	errno = EDOM;
	{
		ASSAY_AUTO_FREE char *text = strdup("x");
		ASSAY_AUTO_CLOSE int closing = fd;
		ASSAY_AUTO_CLOSE int none = -1;
		assert_non_null(text);
		assert_true(closing >= 0 && none < 0);
		errno = EDOM;
	}
	assert_int_equal(errno, EDOM);
	assert_int_equal(fcntl(fd, F_GETFD), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fail_sets_code_and_text),
		cmocka_unit_test(fail_without_err),
		cmocka_unit_test(fail_cuts_long_text),
		cmocka_unit_test(fail_may_quote_its_own_text),
		cmocka_unit_test(context_prefixes),
		cmocka_unit_test(context_of_success_is_nothing),
		cmocka_unit_test(context_keeps_place_and_cause),
		cmocka_unit_test(codes_have_distinct_names),
		cmocka_unit_test(cleanup_keeps_errno),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
