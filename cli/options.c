/* SPDX-License-Identifier: MIT */
/* options: one static table per verb, given to getopt_long; errors name the nearest option. */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "harness/base/str.h"

const struct cli_option cli_globals[] = {
	{"db", 0, "FILE", "the result store (default: results.db here)"},
	{"json", 0, "[FILE]", "JSON to stdout and nothing else there, or to FILE"},
	{"quiet", 'q', NULL, "no progress and no hints"},
	{"verbose", 'v', NULL, "say more; twice: everything"},
	{"color", 0, "WHEN", "auto, always or never; NO_COLOR is honoured"},
	{"no-pager", 0, NULL, "long output stays on the terminal"},
	{"help", 'h', NULL, "show this page"},
	{"version", 0, NULL, "show version, compilers and features"},
	{0},
};

/* The value getopt_long answers with for option i: above every letter. */
enum { FIRST_LONG = 0x1000 };

/* Verb and global options side by side, in the forms getopt_long wants. */
struct grammar {
	const struct cli_option **options;
	struct option *longs;
	char *letters;
	size_t n;
};

static size_t count(const struct cli_option *options)
{
	size_t n = 0;
	while (options && options[n].name)
		n++;
	return n;
}

static void grammar_done(struct grammar *g)
{
	free(g->options);
	free(g->longs);
	free(g->letters);
}

static int argument_kind(const struct cli_option *option)
{
	if (!option->argument)
		return no_argument;
	return option->argument[0] == '[' ? optional_argument : required_argument;
}

static void grammar_add(struct grammar *g, const struct cli_option *option)
{
	int kind = argument_kind(option);
	g->options[g->n] = option;
	g->longs[g->n] = (struct option){
		.name = option->name,
		.has_arg = kind,
		.val = FIRST_LONG + (int)g->n,
	};
	g->n++;
	if (!option->letter)
		return;
	char *end = g->letters + strlen(g->letters);
	*end++ = option->letter;
	for (int i = 0; i < kind; i++)
		*end++ = ':';
	*end = '\0';
}

/* `order` is '-' (report words in their place) or '+' (stop at the first word). */
static enum assay_code grammar_init(struct grammar *g, const struct cli_option *own, char order,
				    struct assay_err *err)
{
	size_t n_own = count(own), n_globals = count(cli_globals), n = n_own + n_globals;
	*g = (struct grammar){
		.options = calloc(n, sizeof(*g->options)),
		.longs = calloc(n + 1, sizeof(*g->longs)),
		.letters = calloc(1, 3 * n + 3),
	};
	if (!g->options || !g->longs || !g->letters) {
		grammar_done(g);
		return assay_fail(err, ASSAY_ENOMEM, "out of memory while reading options");
	}
	g->letters[0] = order;
	g->letters[1] = ':';
	for (size_t i = 0; i < n_own; i++)
		grammar_add(g, &own[i]);
	for (size_t i = 0; i < n_globals; i++)
		grammar_add(g, &cli_globals[i]);
	return ASSAY_OK;
}

/* The option behind an answer of getopt_long, or behind optopt; NULL when there is none. */
static const struct cli_option *grammar_option(const struct grammar *g, int answer)
{
	if (answer >= FIRST_LONG && (size_t)(answer - FIRST_LONG) < g->n)
		return g->options[answer - FIRST_LONG];
	for (size_t i = 0; i < g->n; i++)
		if (answer && g->options[i]->letter == answer)
			return g->options[i];
	return NULL;
}

/* The long options that `name` abbreviates, as "--a, --b" in *list; returns how many. */
static size_t candidates(const struct grammar *g, const char *name, struct assay_str *list)
{
	size_t n = 0;
	for (size_t i = 0; i < g->n; i++) {
		if (strncmp(g->options[i]->name, name, strlen(name)) != 0)
			continue;
		assay_str_add(list, "%s--%s", n ? ", " : "", g->options[i]->name);
		n++;
	}
	return n;
}

static enum assay_code unknown_long(const struct grammar *g, const char *word,
				    const struct cli_verb *verb, struct assay_err *err)
{
	char name[64];
	assay_copy(name, sizeof(name), word + 2);
	name[strcspn(name, "=")] = '\0';
	ASSAY_AUTO(assay_str_done) struct assay_str list = {0};
	if (*name && candidates(g, name, &list) > 1)
		return assay_fail(err, ASSAY_EUSAGE, "option '--%s' could be %s", name,
				  assay_str_text(&list));
	const char *names[64];
	size_t n = 0;
	for (; n < g->n && n < ASSAY_COUNT_OF(names); n++)
		names[n] = g->options[n]->name;
	const char *nearest = assay_nearest(name, names, n);
	if (nearest)
		return assay_fail(err, ASSAY_EUSAGE, "unknown option '--%s'; did you mean '--%s'?",
				  name, nearest);
	return assay_fail(err, ASSAY_EUSAGE, "unknown option '--%s'; 'assay %s%s--help' lists them",
			  name, verb ? verb->name : "", verb ? " " : "");
}

/* Say what is wrong with the word getopt_long just refused with '?' or ':'. */
static enum assay_code refuse(const struct grammar *g, int answer, const char *word,
			      const struct cli_verb *verb, struct assay_err *err)
{
	const struct cli_option *option = grammar_option(g, optopt);
	bool is_long = word && strncmp(word, "--", 2) == 0;
	if (answer == ':' && option && is_long)
		return assay_fail(err, ASSAY_EUSAGE, "option '--%s' needs a value: --%s %s",
				  option->name, option->name, option->argument);
	if (answer == ':' && option)
		return assay_fail(err, ASSAY_EUSAGE, "option '-%c' needs a value: -%c %s", optopt,
				  option->letter, option->argument);
	if (is_long && option)
		return assay_fail(err, ASSAY_EUSAGE, "option '--%s' takes no value", option->name);
	if (is_long)
		return unknown_long(g, word, verb, err);
	return assay_fail(err, ASSAY_EUSAGE, "unknown option '-%c'; 'assay %s%s--help' lists them",
			  optopt, verb ? verb->name : "", verb ? " " : "");
}

/* words[0] is a placeholder, as getopt_long expects a program's name there. */
static enum assay_code scan(const struct grammar *g, const struct cli_verb *verb, int n_words,
			    struct cli_args *args, struct assay_err *err)
{
	optind = 0; /* glibc: start afresh, also inside a word */
	opterr = 0;
	for (;;) {
		int at = optind ? optind : 1;
		int answer = getopt_long(n_words, args->words, g->letters, g->longs, NULL);
		if (answer == -1) {
			args->dashes = at < n_words && strcmp(args->words[at], "--") == 0;
			break;
		}
		if (answer == 1) {
			args->positional[args->n_positional++] = optarg;
			continue;
		}
		const struct cli_option *option = grammar_option(g, answer);
		if (!option)
			return refuse(g, answer, at < n_words ? args->words[at] : NULL, verb, err);
		args->given[args->n_given++] =
			(struct cli_given){option, optarg, answer < FIRST_LONG};
	}
	return ASSAY_OK;
}

static enum assay_code args_init(struct cli_args *args, int argc, char **argv,
				 struct assay_err *err)
{
	size_t n = (size_t)argc + 2;
	size_t letters = 0; /* "-qqv" is three options in one word */
	for (int i = 0; i < argc; i++)
		letters += strlen(argv[i]);
	*args = (struct cli_args){
		.given = calloc(n + letters, sizeof(*args->given)),
		.words = calloc(n, sizeof(*args->words)),
		.positional = calloc(n, sizeof(*args->positional)),
	};
	if (!args->given || !args->words || !args->positional) {
		cli_args_done(args);
		return assay_fail(err, ASSAY_ENOMEM, "out of memory while reading options");
	}
	args->words[0] = (char *)"assay"; /* getopt_long never writes to the words */
	memcpy(args->words + 1, argv, (size_t)argc * sizeof(*argv));
	return ASSAY_OK;
}

void cli_args_done(struct cli_args *args)
{
	if (!args)
		return;
	free(args->given);
	free(args->words);
	free(args->positional);
	*args = (struct cli_args){0};
}

static enum assay_code parse(const struct cli_verb *verb, char order, int argc, char **argv,
			     struct cli_args *ret, struct assay_err *err)
{
	struct grammar g;
	enum assay_code code = grammar_init(&g, verb ? verb->options : NULL, order, err);
	if (code != ASSAY_OK)
		return code;
	code = args_init(ret, argc, argv, err);
	if (code == ASSAY_OK) {
		code = scan(&g, verb, argc + 1, ret, err);
		if (code != ASSAY_OK)
			cli_args_done(ret);
	}
	grammar_done(&g);
	return code;
}

enum assay_code cli_parse(const struct cli_verb *verb, int argc, char **argv, struct cli_args *ret,
			  struct assay_err *err)
{
	enum assay_code code = parse(verb, '-', argc, argv, ret, err);
	if (code != ASSAY_OK)
		return code;
	/* Every word was taken in its place, so whatever is left stood after a "--". */
	ret->n_before = ret->n_positional;
	for (int i = optind; i < argc + 1; i++)
		ret->positional[ret->n_positional++] = ret->words[i];
	return ASSAY_OK;
}

enum assay_code cli_parse_globals(int argc, char **argv, struct cli_args *ret, int *ret_used,
				  struct assay_err *err)
{
	enum assay_code code = parse(NULL, '+', argc, argv, ret, err);
	if (code == ASSAY_OK)
		*ret_used = optind - 1;
	return code;
}

const char *cli_value(const struct cli_args *args, const char *name)
{
	for (size_t i = args->n_given; i-- > 0;)
		if (strcmp(args->given[i].option->name, name) == 0)
			return args->given[i].value ? args->given[i].value : "";
	return NULL;
}

bool cli_flag(const struct cli_args *args, const char *name)
{
	return cli_value(args, name) != NULL;
}
