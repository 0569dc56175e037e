/* SPDX-License-Identifier: MIT */
/* options: what getopt_long makes of a verb's table, and what is said about the rest. */
#include "tests/t.h"

#include "cli/cli.h"

static const struct cli_option run_options[] = {
	{"samples", 'n', "N", "samples"},  {"subject", 's', "NAME", "subjects"},
	{"strict", 0, NULL, "strict"},     {"launches", 0, "N", "launches"},
	{"output", 'o', "FILE", "output"}, {0},
};
static const struct cli_verb run_verb = {.name = "run", .brief = "run", .options = run_options};
static const struct cli_verb worker_verb = {.name = "worker", .bare = true};
const struct cli_verb *const cli_verbs[] = {&run_verb, &worker_verb, NULL};

/* Parse the words after the verb, given as one NULL-terminated list. */
static enum assay_code parse(char **words, struct cli_args *args, struct assay_err *err)
{
	int n = 0;
	while (words[n])
		n++;
	return cli_parse(&run_verb, n, words, args, err);
}

/* getopt_long moves the words about but never writes into them. */
#define WORDS(...) ((char **)(const char *[]){__VA_ARGS__, NULL})

static void options_and_words_mix(void **state)
{
	struct assay_err err = {0};
	struct cli_args args;
	assert_ok(parse(WORDS("memory", "-n", "3", "cache", "--strict", "-s=x"), &args, &err));
	assert_int_equal(args.n_positional, 2);
	assert_int_equal(args.n_before, 2);
	assert_false(args.dashes);
	assert_string_equal(args.positional[0], "memory");
	assert_string_equal(args.positional[1], "cache");
	assert_string_equal(cli_value(&args, "samples"), "3");
	assert_string_equal(cli_value(&args, "subject"), "=x");
	assert_true(cli_flag(&args, "strict"));
	assert_null(cli_value(&args, "launches"));
	cli_args_done(&args);
}

static void the_last_value_counts_and_all_are_kept(void **state)
{
	struct assay_err err = {0};
	struct cli_args args;
	assert_ok(parse(WORDS("-n", "3", "--samples=4", "-n5"), &args, &err));
	assert_string_equal(cli_value(&args, "samples"), "5");
	assert_int_equal(args.n_given, 3);
	assert_string_equal(args.given[0].value, "3");
	assert_string_equal(args.given[1].value, "4");
	cli_args_done(&args);
}

static void dashes_end_the_options(void **state)
{
	struct assay_err err = {0};
	struct cli_args args;
	assert_ok(parse(WORDS("a", "-n", "3", "--", "ls", "-n", "--bogus", "--"), &args, &err));
	assert_true(args.dashes);
	assert_int_equal(args.n_before, 1);
	assert_int_equal(args.n_positional, 5);
	assert_string_equal(args.positional[1], "ls");
	assert_string_equal(args.positional[4], "--");
	assert_string_equal(cli_value(&args, "samples"), "3");
	cli_args_done(&args);

	assert_ok(parse(WORDS("-o", "--"), &args, &err)); /* here it is a value */
	assert_false(args.dashes);
	assert_string_equal(cli_value(&args, "output"), "--");
	cli_args_done(&args);

	assert_ok(parse(WORDS("--"), &args, &err));
	assert_true(args.dashes);
	assert_int_equal(args.n_positional, 0);
	cli_args_done(&args);
}

static void globals_are_known_to_every_verb(void **state)
{
	struct assay_err err = {0};
	struct cli_args args;
	assert_ok(parse(WORDS("--json", "x", "-qv", "-v", "--db", "a.db"), &args, &err));
	assert_string_equal(cli_value(&args, "json"), ""); /* the value of --json needs a '=' */
	assert_int_equal(args.n_positional, 1);
	assert_string_equal(cli_value(&args, "db"), "a.db");
	assert_true(cli_flag(&args, "quiet"));
	assert_int_equal(args.n_given, 5);
	cli_args_done(&args);
	assert_ok(parse(WORDS("--json=out.json"), &args, &err));
	assert_string_equal(cli_value(&args, "json"), "out.json");
	cli_args_done(&args);
}

static void globals_before_the_verb(void **state)
{
	struct assay_err err = {0};
	struct cli_args args;
	int used = -1;
	assert_ok(cli_parse_globals(4, WORDS("-q", "--db", "x", "run"), &args, &used, &err));
	assert_int_equal(used, 3);
	assert_string_equal(cli_value(&args, "db"), "x");
	cli_args_done(&args);
	assert_ok(cli_parse_globals(0, WORDS(NULL), &args, &used, &err));
	assert_int_equal(used, 0);
	cli_args_done(&args);
	assert_fails(cli_parse_globals(1, WORDS("--samples=3"), &args, &used, &err), ASSAY_EUSAGE,
		     "unknown option '--samples'");
}

static void abbreviations(void **state)
{
	struct assay_err err = {0};
	struct cli_args args;
	assert_ok(parse(WORDS("--samp", "3"), &args, &err));
	assert_string_equal(cli_value(&args, "samples"), "3");
	cli_args_done(&args);
	assert_fails(parse(WORDS("--s"), &args, &err), ASSAY_EUSAGE,
		     "could be --samples, --subject, --strict");
}

static void mistakes_are_named(void **state)
{
	struct assay_err err = {0};
	struct cli_args args;
	assert_fails(parse(WORDS("--sampels", "3"), &args, &err), ASSAY_EUSAGE,
		     "unknown option '--sampels'; did you mean '--samples'?");
	assert_fails(parse(WORDS("--lauches=3"), &args, &err), ASSAY_EUSAGE,
		     "did you mean '--launches'?");
	assert_fails(parse(WORDS("--frobnicate"), &args, &err), ASSAY_EUSAGE,
		     "'assay run --help' lists them");
	assert_fails(parse(WORDS("-qz"), &args, &err), ASSAY_EUSAGE, "unknown option '-z'");
	assert_fails(parse(WORDS("-n"), &args, &err), ASSAY_EUSAGE,
		     "option '-n' needs a value: -n N");
	assert_fails(parse(WORDS("--samples"), &args, &err), ASSAY_EUSAGE,
		     "option '--samples' needs a value: --samples N");
	assert_fails(parse(WORDS("--strict=yes"), &args, &err), ASSAY_EUSAGE,
		     "option '--strict' takes no value");
}

static void verbs_by_name(void **state)
{
	struct assay_err err = {0};
	const struct cli_verb *verb = NULL;
	assert_ok(cli_verb_find("run", &verb, &err));
	assert_ptr_equal(verb, &run_verb);
	assert_ok(cli_verb_find("worker", &verb, &err));
	assert_ptr_equal(verb, &worker_verb);
	assert_fails(cli_verb_find("rnu", &verb, &err), ASSAY_EUSAGE, "did you mean 'run'?");
	/* A hidden verb is not suggested. */
	assert_fails(cli_verb_find("worke", &verb, &err), ASSAY_EUSAGE,
		     "'assay --help' lists them");
}

static void codes_become_exit_codes(void **state)
{
	assert_int_equal(cli_exit_of(ASSAY_OK), 0);
	assert_int_equal(cli_exit_of(ASSAY_EUSAGE), 2);
	assert_int_equal(cli_exit_of(ASSAY_EPARSE), 2);
	assert_int_equal(cli_exit_of(ASSAY_ECHECK), 3);
	assert_int_equal(cli_exit_of(ASSAY_EIO), 3);
	assert_int_equal(cli_exit_of(ASSAY_ENOMEM), 3);
	assert_int_equal(cli_exit_of(ASSAY_EBUG), 3);
	assert_int_equal(cli_exit_of(ASSAY_SKIP), 6);
	assert_int_equal(cli_exit_of(ASSAY_EENV), 6);
	assert_int_equal(cli_exit_of(ASSAY_ESTORE), 7);
	assert_int_equal(cli_exit_of(ASSAY_EINTR), 130);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_and_words_mix),
		cmocka_unit_test(the_last_value_counts_and_all_are_kept),
		cmocka_unit_test(dashes_end_the_options),
		cmocka_unit_test(globals_are_known_to_every_verb),
		cmocka_unit_test(globals_before_the_verb),
		cmocka_unit_test(abbreviations),
		cmocka_unit_test(mistakes_are_named),
		cmocka_unit_test(verbs_by_name),
		cmocka_unit_test(codes_become_exit_codes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
