/* SPDX-License-Identifier: MIT */
/* str: the buffer grows, the nearest name is near, and nothing reaches a terminal that acts on it. */
#include "tests/t.h"

#include "harness/base/str.h"

static void buffer_grows(void **state)
{
	ASSAY_AUTO(assay_str_done) struct assay_str s = {0};
	assert_string_equal(assay_str_text(&s), "");
	for (int i = 0; i < 1000; i++)
		assay_str_add(&s, "%03d,", i);
	assert_int_equal(s.length, 4000);
	assert_false(s.failed);
	assert_string_equal(s.text + 3996, "999,");
	assay_str_clear(&s);
	assert_string_equal(assay_str_text(&s), "");
	assay_str_put(&s, "a\0b", 3);
	assert_int_equal(s.length, 3);
	assert_memory_equal(s.text, "a\0b", 4);
}

static void buffer_done_twice(void **state)
{
	struct assay_str s = {0};
	assay_str_add(&s, "x");
	assay_str_done(&s);
	assay_str_done(&s);
	assay_str_done(NULL);
	assert_null(s.text);
	assert_int_equal(s.capacity, 0);
}

static void copy_says_what_fits(void **state)
{
	char to[4];
	assert_true(assay_copy(to, sizeof(to), "abc"));
	assert_string_equal(to, "abc");
	assert_false(assay_copy(to, sizeof(to), "abcd"));
	assert_string_equal(to, "abc");
	assert_true(assay_copy(to, sizeof(to), ""));
	assert_string_equal(to, "");
}

static const char *const verbs[] = {"run", "list", "compare", "history", "doctor", "db"};

static const char *near(const char *name)
{
	return assay_nearest(name, verbs, ASSAY_COUNT_OF(verbs));
}

static void nearest_finds_typing_errors(void **state)
{
	assert_string_equal(near("rnu"), "run");  /* swapped */
	assert_string_equal(near("lst"), "list"); /* left out */
	assert_string_equal(near("histoory"), "history");
	assert_string_equal(near("docter"), "doctor"); /* replaced */
	assert_string_equal(near("Compare"), "compare");
	assert_string_equal(near("run"), "run");
}

static void nearest_knows_when_nothing_is_near(void **state)
{
	assert_null(near("x"));
	assert_null(near("zz"));
	assert_null(near(""));
	assert_null(near("benchmark"));
	assert_null(assay_nearest("run", NULL, 0));
	char long_name[500];
	memset(long_name, 'q', sizeof(long_name) - 1);
	long_name[sizeof(long_name) - 1] = '\0';
	assert_null(near(long_name));
}

static void nearest_takes_the_closest(void **state)
{
	const char *const names[] = {"launch", "launches", "lunch"};
	assert_string_equal(assay_nearest("lauches", names, 3), "launches");
	assert_string_equal(assay_nearest("lunhc", names, 3), "lunch");
}

static void names(void **state)
{
	char name[65];
	memset(name, 'a', 64);
	name[64] = '\0';
	assert_false(assay_name_valid(name));
	name[63] = '\0';
	assert_true(assay_name_valid(name));
	assert_true(assay_name_valid("alloc_pair"));
	assert_true(assay_name_valid("2d"));
	const char *const bad[] = {"", "_a", "A", "a-b", "a/b", "a b", "ä", "a\n"};
	for (size_t i = 0; i < ASSAY_COUNT_OF(bad); i++)
		if (assay_name_valid(bad[i]))
			fail_msg("'%s' passes as a name", bad[i]);
}

static void utf8_lengths(void **state)
{
	assert_int_equal(assay_utf8_length("a"), 1);
	assert_int_equal(assay_utf8_length("ä"), 2);
	assert_int_equal(assay_utf8_length("漢"), 3);
	assert_int_equal(assay_utf8_length("😀"), 4);
	const char *const bad[] = {
		"\x80", "\xc0\xaf", "\xe0\x80\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80",
		"\xf5", "\xc3",     "\xe6\xbc",
	};
	for (size_t i = 0; i < ASSAY_COUNT_OF(bad); i++)
		if (assay_utf8_length(bad[i]))
			fail_msg("malformed sequence %zu is taken", i);
}

static void assert_sanitised(const char *from, const char *want)
{
	char to[64];
	assay_sanitise(to, sizeof(to), from);
	assert_string_equal(to, want);
}

static void sanitise_defuses(void **state)
{
	assert_sanitised("plain ä 漢 😀", "plain ä 漢 😀");
	assert_sanitised("\033[2Jgone", "?[2Jgone");
	assert_sanitised("a\nb\tc\rd\x7f", "a?b?c?d?");
	assert_sanitised(
		"\xc2\x9b"
		"31m",
		"?31m"); /* C1: an escape in one character */
	assert_sanitised("\xff\xc3", "??");
	assert_sanitised(
		"a\xe2\x80\xae"
		"b",
		"a?b"); /* right-to-left override */
	assert_sanitised(
		"a\xe2\x81\xa6"
		"b",
		"a?b"); /* isolate */
	assert_sanitised(
		"a\xe2\x80\xa8"
		"b",
		"a?b"); /* line separator */
	assert_sanitised("a…b", "a…b");
}

static void sanitise_cuts_between_characters(void **state)
{
	char to[4];
	assay_sanitise(to, sizeof(to), "ää");
	assert_string_equal(to, "ä");
	assay_sanitise(to, 1, "abc");
	assert_string_equal(to, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(buffer_grows),
		cmocka_unit_test(buffer_done_twice),
		cmocka_unit_test(copy_says_what_fits),
		cmocka_unit_test(nearest_finds_typing_errors),
		cmocka_unit_test(nearest_knows_when_nothing_is_near),
		cmocka_unit_test(nearest_takes_the_closest),
		cmocka_unit_test(names),
		cmocka_unit_test(utf8_lengths),
		cmocka_unit_test(sanitise_defuses),
		cmocka_unit_test(sanitise_cuts_between_characters),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
