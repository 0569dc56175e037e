/* SPDX-License-Identifier: MIT */
/* test_escape: hostile text in every place where text may stand. */
#include <stdlib.h>

#include "reports/escape.h"
#include "tests/t.h"

typedef void escaper(struct assay_str *to, const char *text, size_t limit);

static void check(escaper *escape, const char *text, size_t limit, const char *want)
{
	struct assay_str got = {0};
	escape(&got, text, limit);
	assert_string_equal(assay_str_text(&got), want);
	assay_str_done(&got);
}

static void test_html(void **state)
{
	(void)state;
	check(assay_escape_html, "</script><img src=x onerror='a' \"b\">&amp;", 0,
	      "&lt;/script&gt;&lt;img src=x onerror=&#39;a&#39; &quot;b&quot;&gt;&amp;amp;");
	check(assay_escape_html, "µ 日本 🙂", 0, "µ 日本 🙂");
	check(assay_escape_html, "", 0, "");
}

static void test_markdown(void **state)
{
	(void)state;
	check(assay_escape_markdown, "a|b `c` @all <b> *d* [e](f) #1", 0,
	      "a&#124;b &#96;c&#96; @<!-- -->all &lt;b&gt; \\*d\\* \\[e\\]\\(f\\) \\#<!-- -->1");
	check(assay_escape_markdown, "two\nlines\r| | |", 0,
	      "two\xef\xbf\xbdlines\xef\xbf\xbd&#124; &#124; &#124;");
}

static void test_gnuplot(void **state)
{
	(void)state;
	check(assay_escape_gnuplot, "it's `id` \"$x\" @m\\n{/Bold b}", 0,
	      "'it’s `id` \"$x\" @m\\n{/Bold b}'");
	check(assay_escape_gnuplot, "x'\nset output '|id", 0, "'x’\xef\xbf\xbdset output ’|id'");
	check(assay_escape_gnuplot, "''", 0, "'’’'");
}

static void test_id(void **state)
{
	struct assay_str got = {0};
	(void)state;
	assay_escape_id(&got, "a b\"><'\xc3\xa9-");
	assert_string_equal(got.text, "a-20b-22-3e-3c-27-c3-a9-2d");
	assay_str_done(&got);
}

/* What hides or reorders its neighbours, and what is not UTF-8, shows as a replacement. */
static void test_unfit_characters(void **state)
{
	static const char *const unfit[] = {
		"\x01",
		"\x1b",
		"\x7f",
		"\xc2\x9b",
		"\xe2\x80\xae",
		"\xe2\x81\xa6",
		"\xe2\x80\x8f",
		"\xef\xbb\xbf",
		"\xef\xbf\xbe",
		"\xff",
		"\xf3\xa0\x81\x81",
	};
	static escaper *const all[] = {assay_escape_plain, assay_escape_html,
				       assay_escape_markdown};
	(void)state;
	for (size_t i = 0; i < sizeof(unfit) / sizeof(unfit[0]); i++)
		for (size_t k = 0; k < 3; k++)
			check(all[k], unfit[i], 0, "\xef\xbf\xbd");
}

static void test_malformed_utf8(void **state)
{
	(void)state;
	/* Cut short, overlong, a surrogate, beyond the last plane: one mark per byte. */
	check(assay_escape_plain, "a\xe2\x82", 0, "a\xef\xbf\xbd\xef\xbf\xbd");
	check(assay_escape_plain, "\xc0\xaf", 0, "\xef\xbf\xbd\xef\xbf\xbd");
	check(assay_escape_plain, "\xed\xa0\x80", 0, "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
	check(assay_escape_plain, "\xf4\x90\x80\x80", 0,
	      "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
	assert_int_equal(assay_characters("a\xe2\x82z"), 4);
	assert_int_equal(assay_characters("µ日🙂"), 3);
}

static void test_limits(void **state)
{
	(void)state;
	check(assay_escape_html, "abcdef", 6, "abcdef");
	check(assay_escape_html, "abcdefg", 6, "abcde…");
	check(assay_escape_html, "<<<<", 3, "&lt;&lt;…");
	check(assay_escape_gnuplot, "''''", 2, "'’…'");
	check(assay_escape_middle, "abcdefghij", 10, "abcdefghij");
	check(assay_escape_middle, "abcdefghij", 7, "abc…hij");
	check(assay_escape_middle, "äöüßæøå", 4, "ä…øå");
	check(assay_escape_middle, "a\x1b[31mb\xff\xff", 6, "a�…b��");
	check(assay_escape_middle, "abc", 1, "…");
	char *huge = malloc(65537);
	assert_non_null(huge);
	memset(huge, '"', 65536);
	huge[65536] = '\0';
	struct assay_str got = {0};
	assay_escape_html(&got, huge, 0);
	assert_int_equal(got.length, 65536 * strlen("&quot;"));
	assay_str_clear(&got);
	assay_escape_html(&got, huge, 100);
	assert_int_equal(assay_characters(got.text), 99 * strlen("&quot;") + 1);
	assay_str_done(&got);
	free(huge);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_html),
		cmocka_unit_test(test_markdown),
		cmocka_unit_test(test_gnuplot),
		cmocka_unit_test(test_id),
		cmocka_unit_test(test_unfit_characters),
		cmocka_unit_test(test_malformed_utf8),
		cmocka_unit_test(test_limits),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
