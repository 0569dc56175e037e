/* SPDX-License-Identifier: MIT */
/* test_argv: words from text and back, parameters filled in, slugs. */
#include "tests/t.h"

#include <stdlib.h>

#include "harness/engine/argv.h"

static void splits_to(const char *text, const char *const *want, size_t n)
{
	struct assay_err err = {0};
	struct assay_argv argv;
	assert_ok(assay_argv_split(text, &argv, &err));
	assert_int_equal(argv.n, n);
	for (size_t i = 0; i < n; i++)
		assert_string_equal(argv.words[i], want[i]);
	assert_null(argv.words[n]);
	assay_argv_done(&argv);
}
#define SPLITS(text, ...)                                   \
	splits_to(text, (const char *const[]){__VA_ARGS__}, \
		  ASSAY_COUNT_OF(((const char *const[]){__VA_ARGS__})))

static void words_as_a_shell_reads_them(void **state)
{
	(void)state;
	SPLITS("sync", "sync");
	SPLITS("  rm \t-f\nx ", "rm", "-f", "x");
	SPLITS("a 'b c' d", "a", "b c", "d");
	SPLITS("a'b'\"c\"d", "abcd");
	SPLITS("''", "");
	SPLITS("a '' \"\"", "a", "", "");
	SPLITS("sh -c 'echo $x | wc > y'", "sh", "-c", "echo $x | wc > y");
	SPLITS("\"a \\\" \\\\ \\$ \\` \\n\"", "a \" \\ $ ` \\n");
	SPLITS("a\\ b \\'c \\\nd", "a b", "'c", "d");
	SPLITS("\"a\\\nb\"", "ab");
	SPLITS("a#b a~b", "a#b", "a~b");
	SPLITS("'#' \\~ \\*", "#", "~", "*");
	SPLITS("x={size}", "x={size}");
}

static void refused(const char *text, const char *says)
{
	struct assay_err err = {0};
	struct assay_argv argv = {0};
	assert_fails(assay_argv_split(text, &argv, &err), ASSAY_EUSAGE, says);
	assert_null(argv.words);
}

static void what_only_a_shell_could_do_is_refused(void **state)
{
	(void)state;
	refused("", "empty");
	refused(" \t\n", "empty");
	refused("a 'b", "' is not closed");
	refused("a \"b", "\" is not closed");
	refused("a \"b\\", "not closed");
	refused("a \\", "backslash");
	const char *const acts[] = {"a | b", "a; b",  "a && b", "a > b",   "a < b",
				    "a $b",  "a `b`", "rm *",   "rm [ab]", "rm ?",
				    "(a)",   "~/x",   "a #b",   "a \"$b\""};
	for (size_t i = 0; i < ASSAY_COUNT_OF(acts); i++)
		refused(acts[i], "sh -c");
}

static void quoted(const char *text, const char *want)
{
	struct assay_err err = {0};
	struct assay_argv argv;
	struct assay_str out = {0};
	assert_ok(assay_argv_split(text, &argv, &err));
	assay_argv_quote(&argv, &out);
	assert_string_equal(assay_str_text(&out), want);
	assay_str_done(&out);
	assay_argv_done(&argv);
}

static void quotes_only_where_needed(void **state)
{
	(void)state;
	quoted("sort -n ./a", "sort -n ./a");
	quoted("sh -c 'a b'", "sh -c 'a b'");
	quoted("a ''", "a ''");
	quoted("a \"it's\"", "a 'it'\\''s'");
	quoted("a '~' '#'", "a '~' '#'");
}

static const char *value_of(void *context, const char *name, size_t length)
{
	(void)context;
	if (length == 4 && strncmp(name, "size", 4) == 0)
		return "4096";
	if (length == 1 && *name == 'n')
		return "{size}";
	return NULL;
}

static void filled(const char *word, const char *want)
{
	struct assay_err err = {0};
	struct assay_argv argv = {0}, ret;
	assert_ok(assay_argv_add(&argv, word, &err));
	assert_ok(assay_argv_fill(&argv, value_of, NULL, &ret, &err));
	assert_int_equal(ret.n, 1);
	assert_string_equal(ret.words[0], want);
	assay_argv_done(&argv);
	assay_argv_done(&ret);
}

static void known_braces_are_filled_and_others_stay(void **state)
{
	(void)state;
	filled("{size}", "4096");
	filled("bs={size},{size}k", "bs=4096,4096k");
	filled("{n}", "{size}"); /* a value is not looked at again */
	filled("{other} {} {size", "{other} {} {size");
	filled("{print $1}", "{print $1}");
	filled("{{size}}", "{4096}");
	filled("", "");
	struct assay_argv argv = {
		.words = (char **)(uintptr_t)(const char *[]){"a", "-x{size}", NULL}, .n = 2};
	assert_true(assay_argv_mentions(&argv, "size"));
	assert_false(assay_argv_mentions(&argv, "siz"));
	assert_false(assay_argv_mentions(&argv, "x"));
}

static void slugged(const char *text, const char *want, const char *want_name)
{
	char slug[24], name[24];
	assay_slug(slug, sizeof(slug), text);
	assay_slug_name(name, sizeof(name), text, "nothing");
	assert_string_equal(slug, want);
	assert_string_equal(name, want_name);
	assert_true(assay_name_valid(name));
}

static void slugs_fit_into_names(void **state)
{
	(void)state;
	slugged("sleep", "sleep", "sleep");
	slugged("0.02", "0.02", "0_02");
	slugged("a.out", "a.out", "a_out");
	slugged("-n 10 /tmp/x", "n-10-tmp-x", "n_10_tmp_x");
	slugged("  ", "", "nothing");
	slugged("\xc3\xa4\xc3\xb6", "", "nothing");
	slugged("Python3.11", "Python3.11", "python3_11");
	slugged("$(rm -rf *)", "rm-rf", "rm_rf");
	slugged("abcdefghijklmnopqrstuvwxyz", "abcdefghijklmnopqrstuvw", "abcdefghijklmnopqrstuvw");
	char digest[ASSAY_DIGEST_SIZE];
	assay_digest("abc", 3, digest);
	assert_string_equal(digest, "ba7816bf"); /* FIPS 180-4, example of SHA-256 */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_as_a_shell_reads_them),
		cmocka_unit_test(what_only_a_shell_could_do_is_refused),
		cmocka_unit_test(quotes_only_where_needed),
		cmocka_unit_test(known_braces_are_filled_and_others_stay),
		cmocka_unit_test(slugs_fit_into_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
